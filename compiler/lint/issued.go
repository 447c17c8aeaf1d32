package lint

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// issued are credentials that their issuer makes recognisable.
var issued = []struct {
	what string
	// signs are texts of which one is in every match: looking for them is cheaper than matching.
	signs []string
	// pattern may have a group: what is told of a match, the rest of which says that it is one.
	pattern pattern
}{
	{privateKey, []string{"PRIVATE KEY"}, `(-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----)(?:\s|\\[nr])*(?:[A-Z][A-Za-z-]+: |[A-Za-z0-9+/=]{16,})`},
	{privateKey, []string{"PuTTY-User-Key-File-"}, `PuTTY-User-Key-File-[23]: `},
	{"an AWS access key", []string{"AKIA", "ASIA", "ABIA", "ACCA"}, `\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b`},
	{"a GitHub token", []string{"ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"}, `\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59})\b`},
	{"a GitLab token", []string{"glpat-", "gldt-", "glrt-", "glptt-", "glcbt-", "glsoat-", "glft-", "glimt-", "glagent-", "gloas-", "GR1348941"}, `\b(?:gl(?:pat|dt|rt|ptt|cbt|soat|ft|imt|agent|oas)-|GR1348941)[A-Za-z0-9_-]{20,}`},
	{"a Bitbucket token", []string{"ATBB", "ATCTT3"}, `\b(?:ATBB[A-Za-z0-9]{32}\b|ATCTT3[A-Za-z0-9_=-]{180,})`},
	{"an Atlassian token", []string{"ATATT3"}, `\bATATT3[A-Za-z0-9_=-]{180,}`},
	{"a Slack token", []string{"xox", "xapp-"}, `\b(?:xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-[0-9]-[A-Z0-9]+-[0-9]+-[a-f0-9]{64})`},
	{"a Discord webhook", []string{"/api/webhooks/"}, `discord(?:app)?\.com/api/webhooks/[0-9]{17,20}/[A-Za-z0-9_-]{60,}`},
	{"a Telegram token", []string{":AA"}, `\b[0-9]{8,10}:AA[A-Za-z0-9_-]{33}\b`},
	{"a Slack webhook", []string{"hooks.slack.com"}, `hooks\.slack\.com/services/T[A-Z0-9]{6,}/B[A-Z0-9]{6,}/[A-Za-z0-9]{20,}`},
	{"a Stripe key", []string{"k_live_"}, `\b[rs]k_live_[A-Za-z0-9]{16,}`},
	{"a Stripe webhook secret", []string{"whsec_"}, `\bwhsec_[A-Za-z0-9+/]{32,}`},
	{"a Shopify token", []string{"shpat_", "shpss_", "shpca_", "shppa_"}, `\bshp(?:at|ss|ca|pa)_[a-fA-F0-9]{32}\b`},
	{"a Google API key", []string{"AIza"}, `\bAIza[A-Za-z0-9_-]{35}`},
	{"a Google client secret", []string{"GOCSPX-"}, `\bGOCSPX-[A-Za-z0-9_-]{28}`},
	{"a Google access token", []string{"ya29."}, `\bya29\.[A-Za-z0-9_-]{30,}`},
	{"an npm token", []string{"npm_"}, `\bnpm_[A-Za-z0-9]{36}\b`},
	{"a PyPI token", []string{"pypi-AgE"}, `\bpypi-AgE[A-Za-z0-9_-]{50,}`},
	{"a RubyGems key", []string{"rubygems_"}, `\brubygems_[a-f0-9]{48}\b`},
	{"a crates.io token", []string{"cio"}, `\bcio[A-Za-z0-9]{32}\b`},
	{"a NuGet key", []string{"oy2"}, `\boy2[a-z0-9]{43}\b`},
	{"an Artifactory key", []string{"AKCp"}, `\bAKCp[A-Za-z0-9]{69}\b`},
	{"a Docker token", []string{"dckr_pat_", "dckr_oat_"}, `\bdckr_[po]at_[A-Za-z0-9_-]{20,}`},
	{"a Buildkite token", []string{"bkua_"}, `\bbkua_[a-f0-9]{40}\b`},
	{"a CircleCI token", []string{"CCIPAT_"}, `\bCCIPAT_[A-Za-z0-9]{22}_[a-f0-9]{40}\b`},
	{"a SonarQube token", []string{"sqp_", "squ_", "sqa_"}, `\bsq[pua]_[a-f0-9]{40}\b`},
	{"a Sentry token", []string{"sntrys_", "sntryu_"}, `\b(?:sntrys_eyJ[A-Za-z0-9+/=_-]{50,}|sntryu_[a-f0-9]{64}\b)`},
	{"a Grafana token", []string{"glsa_", "glc_eyJ"}, `\b(?:glsa_[A-Za-z0-9]{32}_[a-fA-F0-9]{8}\b|glc_eyJ[A-Za-z0-9+/=]{32,})`},
	{"a New Relic key", []string{"NRAK-"}, `\bNRAK-[A-Z0-9]{27}\b`},
	{"a Dynatrace token", []string{"dt0c01."}, `\bdt0c01\.[A-Z0-9]{24}\.[A-Z0-9]{64}\b`},
	{"a Postman key", []string{"PMAK-"}, `\bPMAK-[a-f0-9]{24}-[a-f0-9]{34}\b`},
	{"a Linear key", []string{"lin_api_"}, `\blin_api_[A-Za-z0-9]{40}\b`},
	{"a Notion token", []string{"ntn_"}, `\bntn_[A-Za-z0-9]{46}\b`},
	{"a SendGrid key", []string{"SG."}, `\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}`},
	{"a Hugging Face token", []string{"hf_"}, `\bhf_[A-Za-z0-9]{34}\b`},
	{"a JSON web token", []string{"eyJ"}, `\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}`},
	{"a Vault token", []string{"hvs.", "hvb.", "hvr."}, `\bhv[sbr]\.[A-Za-z0-9_-]{24,}`},
	{"an OpenAI key", []string{"T3BlbkFJ"}, `\bsk-[A-Za-z0-9_-]{20,}T3BlbkFJ[A-Za-z0-9_-]{20,}`},
	{"an Anthropic key", []string{"sk-ant-"}, `\bsk-ant-[a-z]+[0-9]{2}-[A-Za-z0-9_-]{80,}`},
	{"a Groq key", []string{"gsk_"}, `\bgsk_[A-Za-z0-9]{52}\b`},
	{"an xAI key", []string{"xai-"}, `\bxai-[A-Za-z0-9]{80}\b`},
	{"a Replicate token", []string{"r8_"}, `\br8_[A-Za-z0-9]{37}\b`},
	{"a Perplexity key", []string{"pplx-"}, `\bpplx-[A-Za-z0-9]{48}\b`},
	{"a Databricks token", []string{"dapi"}, `\bdapi[a-f0-9]{32}\b`},
	{"a Doppler token", []string{"dp."}, `\bdp\.(?:pt|st|sa|ct|scim|audit)\.(?:[a-z0-9_-]+\.)?[A-Za-z0-9]{40,}`},
	{"a Pulumi token", []string{"pul-"}, `\bpul-[a-f0-9]{40}\b`},
	{"a Terraform Cloud token", []string{".atlasv1."}, `\b[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{60,}`},
	{"a Tailscale key", []string{"tskey-"}, `\btskey-[a-z]+-[A-Za-z0-9]{8,}-[A-Za-z0-9]{20,}`},
	{"a Fly token", []string{"fm1_", "fm2_", "fo1_"}, `\b(?:fm[12]_[A-Za-z0-9+/=]{100,}|fo1_[A-Za-z0-9_-]{43})`},
	{"a Netlify token", []string{"nfp_"}, `\bnfp_[A-Za-z0-9]{36}\b`},
	{"a PlanetScale password", []string{"pscale_"}, `\bpscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.-]{32,}`},
	{"a Supabase token", []string{"sbp_"}, `\bsbp_[a-f0-9]{40}\b`},
	{"a DigitalOcean token", []string{"dop_v1_", "doo_v1_", "dor_v1_"}, `\bdo[opr]_v1_[a-f0-9]{64}\b`},
	{"a key of age", []string{"AGE-SECRET-KEY-1"}, `AGE-SECRET-KEY-1[0-9A-Z]{58}`},
	{"a key of Azure Storage", []string{"AccountKey="}, `AccountKey=([A-Za-z0-9+/]{86}==)`},
	{"a key of Azure Service Bus", []string{"SharedAccessKey="}, `SharedAccessKey=([A-Za-z0-9+/]{43}=)`},
	{"a secret of Azure", []string{"8Q~"}, `\b[A-Za-z0-9_~.-]{3}8Q~[A-Za-z0-9_~.-]{31,34}`},
	{"a password in a URL", []string{"://"}, `\b[a-z][a-z0-9+.-]*://[^\s/:@"'$<>{}]*:([^\s/@"'$<>{}*]{6,})@`},
}

// privateKey is what a key in a text of several lines is called.
const privateKey = "a private key"

// runs says that a text has a row of letters and digits that is as long as in what an issuer makes, or a URL with a
// user: it is worth a closer look then.
func runs(s string) bool {
	n := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c|0x20 >= 'a' && c|0x20 <= 'z', c >= '0' && c <= '9', c == '_', c == '-':
			if n++; n == shortestRun {
				return true
			}
			continue
		case c == '@' && strings.Contains(s[:i], "://"):
			return true
		}
		n = 0
	}
	return false
}

// shortestRun is that of the shortest credential that an issuer makes, a Slack token's.
const shortestRun = 15

func containsAny(s string, signs []string) bool {
	return slices.ContainsFunc(signs, func(sign string) bool { return strings.Contains(s, sign) })
}

// published are texts of credentials that manuals and examples are full of, in lower case: the words and rows
// that made-up ones hold, the subject of the usual JSON web token, and the key of Azure's emulator.
var published = []string{"example", "fake", "xxxx", "12345678", "abcdefgh", "00000000", "ixmjm0nty3odkwi", "eby8vdm02xnocqflquwjpllmetlcdxj1ouzft50usrz6ifsufq2uver"}

// knownToAll says that a match is one that is published, or a URL whose password is that of every test service:
// its user's name, a word that they all have, or any that this machine alone takes.
func knownToAll(match, behind string) bool {
	_, rest, isURL := strings.Cut(match, "://")
	if !isURL {
		return containsAny(strings.ToLower(match), published) || placeholder(match) || worded().MatchString(match)
	}
	user, password, _ := strings.Cut(strings.TrimSuffix(rest, "@"), ":")
	return user == password || companions[password] || placeholder(password) || easy(password) || isLocal(behind)
}

// companions are the passwords that stand beside a token which is the user.
var companions = map[string]bool{"x-oauth-basic": true, "x-access-token": true, "x-token-auth": true}

// lazily compiles a pattern when it is first asked for: a process that lives for milliseconds needs few of them.
func lazily(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}

// pattern is a regular expression in a table, which needs nothing made for it as long as nothing is matched by it.
type pattern string

// compiled holds the patterns that something was matched by.
var compiled sync.Map

func (p pattern) regexp() *regexp.Regexp {
	re, known := compiled.Load(p)
	if !known {
		re, _ = compiled.LoadOrStore(p, regexp.MustCompile(string(p)))
	}
	return re.(*regexp.Regexp)
}
