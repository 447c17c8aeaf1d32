package lint

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	shell "github.com/pipelang/pipe/lang/script"
	"github.com/pipelang/pipe/lang/source"
)

// credentials finds passwords and keys that are written out: known prefixes, private keys,
// defaults of secrets, and what looks random beside a name that says what it is. No message
// holds any part of one.
var credentials = rule{file: func(p *pass, m *check.Module, f *ast.File) {
	c := credentialSearch{pass: p, file: f.Source}
	p.inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Use, *ast.LiteralType:
			return false
		case *ast.Field:
			c.field(p, n)
		case *ast.Assign:
			c.assigned(n.Name.Text, n.Value)
		case *ast.Arg:
			c.assigned(n.Name.Text, n.Value)
		case *ast.Let:
			c.assigned(n.Name.Text, n.Value)
		case *ast.StringLit:
			c.text(n.Value, func(int, int) source.Span { return n.Range })
		case *ast.Script:
			c.text(n.Text, n.Within)
			c.assignments(n)
		}
		return true
	})
}}

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
	{"a password in a URL", []string{"://"}, lazily(`\b[a-z][a-z0-9+.-]*://[^\s/:@"'$<>{}]+:[^\s/@"'$<>{}*]{6,}@`)},
}

// telling are words in a name that say that its value is a credential.
var telling = lazily(`(?i)(?:^|[_-])(?:(?:pg|db|mysql|redis|ssh|smtp|root|admin|auth)?(?:password|passwd)|pwd|secret|(?:auth)?token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?)(?:$|[_-]|[0-9])`)

// tellingSigns are texts of which one is in every name that tells, in lower case.
var tellingSigns = []string{"passw", "pwd", "secret", "token", "key", "credential"}

// scriptSigns are those of scripts, whose headers tell, too.
var scriptSigns = append([]string{"authorization"}, tellingSigns...)

// tells says whether a name says that its value is a credential.
func tells(name string) bool {
	return containsAny(strings.ToLower(name), tellingSigns) && telling().MatchString(name)
}

func containsAny(s string, signs []string) bool {
	return slices.ContainsFunc(signs, func(sign string) bool { return strings.Contains(s, sign) })
}

// shortest is a length below which nothing is a credential that its issuer made, nor a URL with a password.
const shortest = 12

// scripted is NAME=value in a script, the value without an expansion.
var scripted = lazily("(?m)(?:^|[\\s;&|(]|-var=[\"']?|-var [\"']?)([A-Za-z_][A-Za-z0-9_]*)=(?:\"([^\"$`\\n]+)\"|'([^'\\n]+)'|([^\\s\"'$`;&|()<>]+))")

// credentialSearch looks through one file.
type credentialSearch struct {
	*pass
	file *source.File
}

func (c *credentialSearch) text(s string, place func(start, end int) source.Span) {
	if len(s) < shortest {
		return
	}
	for _, k := range issued {
		if !containsAny(s, k.signs) {
			continue
		}
		for _, at := range k.pattern().FindAllStringIndex(s, -1) {
			if knownToAll(s[at[0]:at[1]]) {
				continue
			}
			c.tell(place(at[0], at[1]), k.what+" is written out here")
		}
	}
}

// knownToAll says that a match is a URL whose password is that of every test service: its user's name.
func knownToAll(match string) bool {
	_, rest, isURL := strings.Cut(match, "://")
	user, password, _ := strings.Cut(strings.TrimSuffix(rest, "@"), ":")
	return isURL && user == password
}

// field is a setting, a parameter or a field; a secret's default is a credential if it is anything.
func (c *credentialSearch) field(p *pass, d *ast.Field) {
	if d.Default == nil {
		return
	}
	s, ok := ast.Unparen(d.Default).(*ast.StringLit)
	if _, labelled := d.Type.(*ast.LabelType); ok && labelled && s.Value != "" && c.secretType(d) && !placeholder(s.Value) {
		c.tell(s.Range, fmt.Sprintf("the secret %q has a default that everybody can read", d.Name.Text))
		return
	}
	c.assigned(d.Name.Text, d.Default)
}

func (c *credentialSearch) secretType(d *ast.Field) bool {
	l, ok := d.Type.(*ast.LabelType)
	return ok && l.Label.Text == "secret"
}

// assigned is a value with a name.
func (c *credentialSearch) assigned(name string, x ast.Expr) {
	if x == nil || !tells(name) {
		return
	}
	if s, ok := ast.Unparen(x).(*ast.StringLit); ok && random(s.Value) {
		c.tell(s.Range, fmt.Sprintf("the value of %s looks like a credential", name))
	}
}

func (c *credentialSearch) assignments(s *ast.Script) {
	if !containsAny(strings.ToLower(s.Text), scriptSigns) {
		return
	}
	for _, m := range scripted().FindAllStringSubmatchIndex(s.Text, -1) {
		name := s.Text[m[2]:m[3]]
		for g := 4; g < len(m); g += 2 {
			if m[g] >= 0 && tells(name) && random(s.Text[m[g]:m[g+1]]) {
				c.tell(s.Within(m[g], m[g+1]), fmt.Sprintf("the value of %s looks like a credential", name))
			}
		}
	}
	for _, m := range header().FindAllStringSubmatchIndex(s.Text, -1) {
		if name := s.Text[m[2]:m[3]]; (tells(name) || strings.EqualFold(name, "authorization")) && random(s.Text[m[4]:m[5]]) {
			c.tell(s.Within(m[4], m[5]), fmt.Sprintf("the value of the header %s looks like a credential", name))
		}
	}
}

// header is a field of HTTP in quotes, as curl takes it: "X-Api-Key: value", the value without an expansion.
var header = lazily(`["']([A-Za-z][A-Za-z0-9-]*): *(?:(?:Bearer|Basic|token|Token) +)?([A-Za-z0-9+/=_.-]+)["']`)

// commandLine are options that take a password, of commands by name and first word; an option that ends
// with : takes user:password.
var commandLine = map[string][]string{
	"docker login": {"-p", "--password"}, "podman login": {"-p", "--password"}, "nerdctl login": {"-p", "--password"}, "oras login": {"-p", "--password"},
	"crane auth": {"-p", "--password"}, "skopeo login": {"-p", "--password"}, "helm registry": {"-p", "--password"}, "helm repo": {"--password"},
	"curl": {"-u:", "--user:"}, "wget": {"--password", "--http-password"}, "sshpass": {"-p"}, "az login": {"-p", "--password"},
	"mysql": {"--password"}, "mysqldump": {"--password"}, "twine upload": {"-p", "--password"},
}

// passwordWords finds passwords in the words of commands.
var passwordWords = rule{alone: true, script: func(p *pass, o *check.Op, s *script) {
	c := credentialSearch{pass: p, file: s.file}
	for _, cmd := range s.read.Commands {
		sub, _, _ := strings.Cut(leading(cmd), " ")
		options, ok := commandLine[cmd.Name+" "+sub]
		if !ok {
			options = commandLine[cmd.Name]
		}
		for i, a := range cmd.Args {
			for _, option := range options {
				c.password(s, cmd, i, a, strings.TrimSuffix(option, ":"), strings.HasSuffix(option, ":"))
			}
		}
	}
}}

// password looks at one word: the option itself, with its value behind it or in it.
func (c *credentialSearch) password(s *script, cmd shell.Command, i int, a shell.Arg, option string, withUser bool) {
	value := a
	switch {
	case a.Text == option && i+1 < len(cmd.Args):
		value = cmd.Args[i+1]
	case strings.HasPrefix(option, "--") && strings.HasPrefix(a.Text, option+"="):
		value.Text = strings.TrimPrefix(a.Text, option+"=")
	default:
		return
	}
	text := value.Text
	if withUser {
		_, text, _ = strings.Cut(text, ":")
	}
	if value.Static && len(text) >= 6 && !placeholder(text) {
		c.tell(s.span(value.At), fmt.Sprintf("the password of %s is written out here", cmd.Name))
	}
}

func (c *credentialSearch) tell(at source.Span, message string) {
	place := spot{c.file.Name, at}
	if c.told[place] {
		return
	}
	c.told[place] = true
	help := "make it a setting (name: secret string), revoke the one that was written here, and give the new one from outside"
	if strings.Contains(message, "has a default") {
		help = "leave the default out, revoke what was written here, and give the new one from outside"
	}
	c.report(finding{rule: diag.WrittenSecret, file: c.file, at: at, message: message, hide: true, help: help})
}

// placeholder is a text that stands for a credential and is none.
func placeholder(s string) bool {
	l := strings.ToLower(s)
	for _, w := range []string{"example", "changeme", "change-me", "change_me", "placeholder", "dummy", "xxxx", "your", "todo", "test", "***", "<", "${"} {
		if strings.Contains(l, w) {
			return true
		}
	}
	return false
}

// random says that a text is long, mixed, and has more information in a character than words have.
func random(s string) bool {
	if len(s) < 12 || placeholder(s) || strings.ContainsAny(s, " /\t\n") && !strings.ContainsAny(s, "+=") {
		return false
	}
	var digit, letter bool
	counts := map[rune]float64{}
	for _, r := range s {
		counts[r]++
		digit = digit || r >= '0' && r <= '9'
		letter = letter || r|0x20 >= 'a' && r|0x20 <= 'z'
	}
	if !digit || !letter {
		return false
	}
	bits, n := 0.0, float64(len(s))
	for _, k := range counts {
		bits -= k / n * math.Log2(k/n)
	}
	return bits >= 3.2
}

// lazily compiles a pattern when it is first asked for: a process that lives for milliseconds needs few of them.
func lazily(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}
