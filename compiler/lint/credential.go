package lint

import (
	"fmt"
	"slices"
	"strings"

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
	var exec source.Span
	p.inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Use, *ast.LiteralType:
			return false
		case *ast.Attr:
			if n.Key.Text == "exec" {
				exec = n.Range // whose words passwordWords reads
			}
		case *ast.Field:
			c.field(p, n)
		case *ast.Assign:
			c.assigned(n.Name.Text, n.Value)
		case *ast.Arg:
			c.assigned(n.Name.Text, n.Value)
		case *ast.Let:
			c.assigned(n.Name.Text, n.Value)
		case *ast.StringLit:
			assigns := strings.Contains(n.Value, "=") && n.Range.End > exec.End
			if !assigns && len(n.Value) < shortest {
				return true
			}
			place := c.inside(n.Range, n.Value)
			c.text(n.Value, place)
			if assigns {
				c.assignments(n.Value, place)
			}
		case *ast.Script:
			c.text(n.Text, n.Within)
			c.assignments(n.Text, n.Within)
			c.piped(n.Text, n.Within)
		}
		return true
	})
}}

// shortest is a length below which nothing is a credential that its issuer made, nor a URL with a password.
const shortest = 12

// credentialSearch looks through one file.
type credentialSearch struct {
	*pass
	file  *source.File
	found []source.Span
}

// inside gives the places of parts of a string, whose text may stand in the file in another way: all of the string
// where a part cannot be told, or where it is a key in several lines.
func (c *credentialSearch) inside(at source.Span, text string) func(start, end int) source.Span {
	return func(start, end int) source.Span {
		if strings.Contains(text, "PRIVATE KEY") {
			return at
		}
		return partOf(c.file.Slice(at), at, text[start:end])
	}
}

// partOf is the place of a part of what stands at another; that one where the part does not stand there once.
func partOf(raw string, at source.Span, part string) source.Span {
	i := strings.Index(raw, part)
	if i < 0 || part == "" || strings.Contains(raw[i+1:], part) {
		return at
	}
	return source.Span{Start: at.Start + int32(i), End: at.Start + int32(i+len(part))}
}

func (c *credentialSearch) text(s string, place func(start, end int) source.Span) {
	if len(s) < shortest {
		return
	}
	if runs(s) || strings.Contains(s, "PRIVATE KEY") {
		c.issued(s, place)
	}
	c.placed(s, place)
}

func (c *credentialSearch) issued(s string, place func(start, end int) source.Span) {
	for _, k := range issued {
		if !containsAny(s, k.signs) {
			continue
		}
		for _, at := range k.pattern.regexp().FindAllStringSubmatchIndex(s, -1) {
			if knownToAll(s[at[0]:at[1]], s[at[1]:]) {
				continue
			}
			told := at[len(at)-2:]
			end := told[1]
			if k.what == privateKey {
				end += len(oneLineOf(s[end:])) // the key itself, where it stands in the same line
			}
			c.tell(place(told[0], end), k.what+" is written out here")
		}
	}
}

// oneLineOf is a text up to the end of its line, or of the quotes around it.
func oneLineOf(s string) string {
	if i := strings.IndexAny(s, "\n\"'"); i >= 0 {
		s = s[:i]
	}
	return strings.TrimRight(s, " \t\r")
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
	if slices.ContainsFunc(c.found, func(s source.Span) bool { return s.Start < at.End && at.Start < s.End }) {
		return
	}
	c.found = append(c.found, at)
	place := spot{c.file.Name, at}
	if c.told[place] {
		return // by another search, or in another module that has the file
	}
	c.told[place] = true
	help := "make it a setting (name: secret string), revoke the one that was written here, and give the new one from outside"
	if strings.Contains(message, "has a default") {
		help = "leave the default out, revoke what was written here, and give the new one from outside"
	}
	c.report(finding{rule: diag.WrittenSecret, file: c.file, at: at, message: message, hide: true, help: help})
}
