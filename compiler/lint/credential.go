package lint

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
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

func containsAny(s string, signs []string) bool {
	return slices.ContainsFunc(signs, func(sign string) bool { return strings.Contains(s, sign) })
}

// shortest is a length below which nothing is a credential that its issuer made, nor a URL with a password.
const shortest = 12

// credentialSearch looks through one file.
type credentialSearch struct {
	*pass
	file  *source.File
	found []source.Span
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
			if knownToAll(s[at[0]:at[1]], s[at[1]:]) {
				continue
			}
			c.tell(place(at[0], at[1]), k.what+" is written out here")
		}
	}
}

// knownToAll says that a match is a URL whose password is that of every test service: its user's name, a word
// that they all have, or any that this machine alone takes.
func knownToAll(match, behind string) bool {
	_, rest, isURL := strings.Cut(match, "://")
	if !isURL {
		return false
	}
	user, password, _ := strings.Cut(strings.TrimSuffix(rest, "@"), ":")
	return user == password || placeholder(password) || easy(password) || isLocal(behind)
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
	if s, ok := ast.Unparen(x).(*ast.StringLit); ok && credible(name, s.Value) {
		c.tell(s.Range, fmt.Sprintf("the value of %s looks like a credential", name))
	}
}

func (c *credentialSearch) tell(at source.Span, message string) {
	place := spot{c.file.Name, at}
	if c.told[place] || slices.ContainsFunc(c.found, func(s source.Span) bool { return s.Start < at.End && at.Start < s.End }) {
		return
	}
	c.told[place], c.found = true, append(c.found, at)
	help := "make it a setting (name: secret string), revoke the one that was written here, and give the new one from outside"
	if strings.Contains(message, "has a default") {
		help = "leave the default out, revoke what was written here, and give the new one from outside"
	}
	c.report(finding{rule: diag.WrittenSecret, file: c.file, at: at, message: message, hide: true, help: help})
}

// lazily compiles a pattern when it is first asked for: a process that lives for milliseconds needs few of them.
func lazily(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}
