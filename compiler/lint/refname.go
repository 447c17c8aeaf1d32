package lint

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/format"
	"github.com/pipelang/pipe/lang/source"
)

// refNames are names of branches and tags, which git gives without refs/heads/ and refs/tags/.
var refNames = map[string]bool{
	"git.branch": true, "git.tag": true, "git.default_branch": true, "ci.pull_request.branch": true, "ci.pull_request.base": true,
}

// fullRef finds a comparison of a branch or a tag with a whole ref, as other systems give it.
func (p *pass) fullRef(f *source.File, x ast.Expr) (found bool) {
	ast.Inspect(x, func(n ast.Node) bool {
		var of ast.Expr
		var texts []ast.Expr
		switch n := n.(type) {
		case *ast.Binary:
			of, texts = n.X, []ast.Expr{n.Y}
			if l, ok := ast.Unparen(n.Y).(*ast.ListLit); ok && n.Op == "in" {
				texts = nil
				for _, e := range l.Elems {
					texts = append(texts, e.Value)
				}
			}
		case *ast.Call:
			if n.Name.Text == "startsWith" {
				of, texts = n.Target, n.Args
			}
		}
		name := refName(of)
		for _, t := range texts {
			if s, ok := ast.Unparen(t).(*ast.StringLit); ok && name != "" && prefixOf(s.Value) != "" {
				p.reportRef(f, name, s)
				found = true
			}
		}
		return true
	})
	return found
}

// refName is the name that an expression reads, "" when it is none of a branch or a tag.
func refName(x ast.Expr) string {
	if x == nil {
		return ""
	}
	text := format.Expr(x)
	if i := strings.Index(text, ".orValue("); i >= 0 {
		text = text[:i]
	}
	if text = strings.ReplaceAll(text, "?", ""); !refNames[text] {
		return ""
	}
	return text
}

// prefixOf is what stands before a name in a whole ref, or before that of a branch of the usual remote.
func prefixOf(text string) string {
	for _, prefix := range []string{"refs/", "origin/"} {
		if strings.HasPrefix(text, prefix) {
			return prefix
		}
	}
	return ""
}

func (p *pass) reportRef(f *source.File, name string, s *ast.StringLit) {
	d := finding{
		rule: diag.ConstantGuard, file: f, at: s.Range,
		message: fmt.Sprintf("%s never begins with %s: it is the name alone", name, prefixOf(s.Value)),
		help:    "compare with the name, such as \"main\" or \"v1.0.0\"",
	}
	for _, prefix := range []string{"refs/heads/", "refs/tags/", "origin/"} {
		if rest, ok := strings.CutPrefix(s.Value, prefix); ok && rest != "" {
			d.fixes = []diag.Fix{{
				Message: "compare with " + rest, Changes: "the condition may hold then",
				Edits: []diag.Edit{{File: f, Span: s.Range, Text: strconv.Quote(rest)}},
			}}
		}
	}
	p.report(d)
}
