package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
)

// contents are the functions that read a file of the repository, where no attempt is looked at.
var contents = []string{"text", "json", "yaml"}

// missingTexts finds files that text(), json() and yaml() read of the repository, and that it lacks.
var missingTexts = rule{around: true, file: func(p *pass, m *check.Module, f *ast.File) {
	if p.options.Matches == nil || !p.mayLack(m, f) {
		return
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Return, *ast.Retry, *ast.AllowFailure:
			return false // which read what an attempt left
		case *ast.Call:
			p.missingText(m, f, n)
		}
		return true
	})
}}

// mayLack says that a file names another one, as a content that it reads, that is not there. A line that begins with
// return reads what an attempt left.
func (p *pass) mayLack(m *check.Module, f *ast.File) bool {
	if !strings.Contains(f.Source.Text, `("`) {
		return false
	}
	for _, word := range contents {
		for at, text := 0, f.Source.Text; ; {
			i := strings.Index(text[at:], word+`("`)
			if i < 0 {
				break
			}
			start := at + i
			at = start + len(word) + 2
			name, _, ends := strings.Cut(text[at:], `"`)
			line := strings.TrimSpace(text[strings.LastIndexByte(text[:start], '\n')+1 : start])
			if ends && !strings.HasPrefix(line, "return") && !p.options.Matches(escapeGlob(rooted(m.Load.Folder, name))) {
				return true
			}
		}
	}
	return false
}

func (p *pass) missingText(m *check.Module, f *ast.File, c *ast.Call) {
	word := c.Name.Text
	if c.Target != nil || len(c.Args) != 1 || word != "text" && word != "json" && word != "yaml" {
		return
	}
	lit, ok := ast.Unparen(c.Args[0]).(*ast.StringLit)
	if !ok || !usable(lit.Value) {
		return
	}
	at := rooted(m.Load.Folder, lit.Value)
	if p.options.Matches(escapeGlob(at)) || p.treeChanges() || asksFor(m, lit.Value) {
		return
	}
	p.report(finding{
		rule: diag.MissingPath, file: f.Source, at: lit.Range,
		message: fmt.Sprintf("%s: there is no %q in the repository", word, lit.Value), help: startOf(m.Load.Folder),
	})
}

// asksFor says that a module asks somewhere by a glob whether a file is there.
func asksFor(m *check.Module, name string) (asks bool) {
	for _, f := range m.Load.Files {
		ast.Inspect(f, func(n ast.Node) bool {
			if c, ok := n.(*ast.Call); ok && c.Target == nil && c.Name.Text == "glob" {
				for _, a := range c.Args {
					asks = asks || finds(a, rooted(m.Load.Folder, name), m.Load.Folder)
				}
			}
			return !asks
		})
	}
	return asks
}

// finds says that globs which are written out choose a path from the root.
func finds(x ast.Expr, at, folder string) bool {
	switch x := ast.Unparen(x).(type) {
	case *ast.StringLit:
		ok, err := doublestar.Match(rooted(folder, x.Value), at)
		return ok && err == nil
	case *ast.ListLit:
		return slices.ContainsFunc(x.Elems, func(e ast.ListElem) bool { return finds(e.Value, at, folder) })
	}
	return false
}
