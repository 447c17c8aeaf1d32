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
	signs   []string
	pattern func() *regexp.Regexp
}{
	{"a private key", []string{"PRIVATE KEY"}, lazily(`-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----`)},
	{"an AWS access key", []string{"AKIA", "ASIA", "ABIA", "ACCA"}, lazily(`\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b`)},
	{"a GitHub token", []string{"ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"}, lazily(`\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59})\b`)},
	{"a GitLab token", []string{"glpat-", "gldt-", "glrt-", "glptt-", "glcbt-", "glsoat-"}, lazily(`\bgl(?:pat|dt|rt|ptt|cbt|soat)-[A-Za-z0-9_-]{20,}`)},
	{"a Slack token", []string{"xox"}, lazily(`\bxox[abeoprs]-[A-Za-z0-9-]{10,}`)},
	{"a Slack webhook", []string{"hooks.slack.com"}, lazily(`hooks\.slack\.com/services/T[A-Z0-9]{6,}/B[A-Z0-9]{6,}/[A-Za-z0-9]{20,}`)},
	{"a Stripe key", []string{"k_live_"}, lazily(`\b[rs]k_live_[A-Za-z0-9]{16,}`)},
	{"a Google API key", []string{"AIza"}, lazily(`\bAIza[A-Za-z0-9_-]{35}`)},
	{"an npm token", []string{"npm_"}, lazily(`\bnpm_[A-Za-z0-9]{36}\b`)},
	{"a PyPI token", []string{"pypi-AgE"}, lazily(`\bpypi-AgE[A-Za-z0-9_-]{50,}`)},
	{"a Docker token", []string{"dckr_pat_"}, lazily(`\bdckr_pat_[A-Za-z0-9_-]{20,}`)},
	{"a SendGrid key", []string{"SG."}, lazily(`\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}`)},
	{"a Hugging Face token", []string{"hf_"}, lazily(`\bhf_[A-Za-z0-9]{34}\b`)},
	{"a JSON web token", []string{"eyJ"}, lazily(`\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}`)},
	{"a Vault token", []string{"hvs.", "hvb.", "hvr."}, lazily(`\bhv[sbr]\.[A-Za-z0-9_-]{24,}`)},
	{"an OpenAI key", []string{"T3BlbkFJ"}, lazily(`\bsk-[A-Za-z0-9_-]{20,}T3BlbkFJ[A-Za-z0-9_-]{20,}`)},
	{"an Anthropic key", []string{"sk-ant-"}, lazily(`\bsk-ant-[a-z]+[0-9]{2}-[A-Za-z0-9_-]{80,}`)},
	{"a DigitalOcean token", []string{"dop_v1_", "doo_v1_", "dor_v1_"}, lazily(`\bdo[opr]_v1_[a-f0-9]{64}\b`)},
	{"a key of age", []string{"AGE-SECRET-KEY-1"}, lazily(`AGE-SECRET-KEY-1[0-9A-Z]{58}`)},
	{"a key of Azure Storage", []string{"AccountKey="}, lazily(`AccountKey=[A-Za-z0-9+/]{86}==`)},
	{"a password in a URL", []string{"://"}, lazily(`\b[a-z][a-z0-9+.-]*://[^\s/:@"'$<>{}]+:[^\s/@"'$<>{}*]{6,}@`)},
}

func containsAny(s string, signs []string) bool {
	return slices.ContainsFunc(signs, func(sign string) bool { return strings.Contains(s, sign) })
}

// published are texts of credentials that manuals and examples are full of, in lower case: the words and rows
// that made-up ones hold, the subject of the usual JSON web token, and the key of Azure's emulator.
var published = []string{"example", "xxxx", "12345678", "abcdefgh", "00000000", "ixmjm0nty3odkwi", "eby8vdm02xnocqflquwjpllmetlcdxj1ouzft50usrz6ifsufq2uver"}

// knownToAll says that a match is one that is published, or a URL whose password is that of every test service:
// its user's name, a word that they all have, or any that this machine alone takes.
func knownToAll(match, behind string) bool {
	_, rest, isURL := strings.Cut(match, "://")
	if !isURL {
		return containsAny(strings.ToLower(match), published)
	}
	user, password, _ := strings.Cut(strings.TrimSuffix(rest, "@"), ":")
	return user == password || placeholder(password) || easy(password) || isLocal(behind)
}

// lazily compiles a pattern when it is first asked for: a process that lives for milliseconds needs few of them.
func lazily(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}
