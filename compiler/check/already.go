package check

import (
	"slices"
	"strings"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
)

// already finds misspelt names whose near one stands beside them, where none may stand twice: the fix would be one
// more mistake. They say so instead of asking for it.
func (c *checker) already() {
	var found []*diag.Diagnostic
	c.diags.Each(func(d *diag.Diagnostic) {
		if onlyOnce[d.Rule] && d.File != nil && meantName(d) != "" {
			found = append(found, d)
		}
	})
	if len(found) == 0 {
		return
	}
	for _, m := range c.modules {
		for _, f := range m.files {
			if !slices.ContainsFunc(found, func(d *diag.Diagnostic) bool { return d.File == f.src }) {
				continue
			}
			ast.Inspect(f.ast, func(n ast.Node) bool {
				standing(f.src, namesIn(n), found)
				if s, ok := n.(*ast.Step); ok {
					standing(f.src, argumentsOf(s), found)
				}
				return true
			})
		}
	}
}

// onlyOnce are the rules about names that may stand only once in their place.
var onlyOnce = map[string]bool{
	diag.UnknownKeyword: true, diag.UnknownField: true, diag.UnknownArgument: true, diag.UnknownSetting: true, diag.UnknownName: true,
}

// meantName is the name that a finding asks for; "" when it asks for none.
func meantName(d *diag.Diagnostic) string {
	name, asks := strings.CutPrefix(d.Help, `did you mean "`)
	name, alone := strings.CutSuffix(name, `"?`)
	if !asks || !alone {
		return ""
	}
	return name
}

// standing looks for findings at one of some names that ask for another of them.
func standing(f *source.File, group []ast.Name, found []*diag.Diagnostic) {
	asked := map[string]bool{} // by those before: two that mean one name cannot both have it
	for _, d := range found {
		if d.File != f || !slices.ContainsFunc(group, func(n ast.Name) bool { return n.Range.Start == d.Span.Start }) {
			continue
		}
		meant := meantName(d)
		switch stands := slices.ContainsFunc(group, func(n ast.Name) bool { return n.Text == meant && n.Range.Start != d.Span.Start }); {
		case meant == "":
		case stands:
			d.Help = `"` + meant + `" stands here already: keep one of them, or write what else is meant`
		case asked[meant] && !repeatable[meant]:
			d.Help = `"` + meant + `" is meant above already: keep one of them, or write what else is meant`
		}
		asked[meant] = true
	}
}

// namesIn are the names in a node of which none may stand twice.
func namesIn(n ast.Node) (out []ast.Name) {
	switch n := n.(type) {
	case *ast.Profile:
		for _, a := range n.Entries {
			out = append(out, a.Name)
		}
	case *ast.RecordLit:
		return fieldsIn(n.Fields)
	case *ast.RecordBody:
		return fieldsIn(n.Fields)
	case *ast.Needs:
		for _, i := range n.Items {
			out = append(out, i.Name)
		}
	case *ast.After:
		return n.Steps
	case *ast.Defaults:
		return keywordsIn(n.Items)
	case *ast.Op:
		return keywordsIn(n.Items)
	case *ast.Pipeline:
		return keywordsIn(n.Items)
	case *ast.Target:
		return keywordsIn(n.Items)
	case *ast.Service:
		return keywordsIn(n.Items)
	case *ast.Step:
		return keywordsIn(n.Items)
	}
	return out
}

func argumentsOf(s *ast.Step) (out []ast.Name) {
	for _, a := range s.Args {
		out = append(out, a.Name)
	}
	return out
}

func fieldsIn(fields []ast.RecordField) (out []ast.Name) {
	for _, f := range fields {
		out = append(out, f.Name)
	}
	return out
}

// keywordsIn are the first words of items, but for those that may stand again.
func keywordsIn(items []ast.Item) (out []ast.Name) {
	for _, it := range items {
		if word := keyword(it); !repeatable[word] {
			out = append(out, ast.Name{Text: word, At: ast.At{Range: headOf(it)}})
		}
	}
	return out
}
