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
	if p.options.Matches(escapeGlob(at)) || p.treeChanges() || p.asksFor(m, at) {
		return
	}
	p.report(finding{
		rule: diag.MissingPath, file: f.Source, at: lit.Range,
		message: fmt.Sprintf("%s: there is no %q in the repository", word, lit.Value), help: startOf(m.Load.Folder),
	})
}

// asksFor says that a module asks somewhere by a glob whether a path from the root is there.
func (p *pass) asksFor(m *check.Module, at string) bool {
	globs, known := p.asked[m]
	if !known {
		globs = globsOf(m)
		if p.asked == nil {
			p.asked = map[*check.Module][]string{}
		}
		p.asked[m] = globs
	}
	return slices.ContainsFunc(globs, func(glob string) bool {
		ok, err := doublestar.Match(glob, at)
		return ok && err == nil
	})
}

// globsOf are those from the root that the expressions of a module call glob with, as far as they are written out.
func globsOf(m *check.Module) (globs []string) {
	for _, f := range m.Load.Files {
		ast.Inspect(f, func(n ast.Node) bool {
			if c, ok := n.(*ast.Call); ok && c.Target == nil && c.Name.Text == "glob" {
				for _, a := range c.Args {
					globs = append(globs, writtenGlobs(a, m.Load.Folder)...)
				}
			}
			return true
		})
	}
	return globs
}

// writtenGlobs are the globs from the root that an argument is, or lists.
func writtenGlobs(x ast.Expr, folder string) (globs []string) {
	switch x := ast.Unparen(x).(type) {
	case *ast.StringLit:
		return []string{rooted(folder, x.Value)}
	case *ast.ListLit:
		for _, e := range x.Elems {
			globs = append(globs, writtenGlobs(e.Value, folder)...)
		}
	}
	return globs
}
