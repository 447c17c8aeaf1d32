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
	found := map[*source.File]misspelt{}
	c.diags.Each(func(d *diag.Diagnostic) {
		if !onlyOnce[d.Rule] || d.File == nil || meantName(d) == "" {
			return
		}
		if found[d.File] == nil {
			found[d.File] = misspelt{}
		}
		found[d.File][d.Span.Start] = append(found[d.File][d.Span.Start], d)
	})
	for _, m := range c.out.Load.Modules {
		for _, f := range m.Files {
			if len(found[f.Source]) > 0 {
				found[f.Source].file(f)
			}
		}
	}
}

// misspelt are findings that ask for another name, by where the name stands in a file.
type misspelt map[int32][]*diag.Diagnostic

func (m misspelt) file(f *ast.File) {
	ast.Inspect(f, func(n ast.Node) bool {
		m.standing(namesIn(n))
		if s, ok := n.(*ast.Step); ok {
			m.standing(argumentsOf(s))
		}
		return true
	})
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
func (m misspelt) standing(group []ast.Name) {
	if !slices.ContainsFunc(group, func(n ast.Name) bool { return len(m[n.Range.Start]) > 0 }) {
		return
	}
	stands, asked := map[string]bool{}, map[string]bool{} // asked: by those before, since two that mean one name cannot both have it
	for _, n := range group {
		stands[n.Text] = true
	}
	for _, n := range group {
		for _, d := range m[n.Range.Start] {
			meant := meantName(d)
			switch {
			case meant == "":
			case stands[meant]:
				d.Help = `"` + meant + `" stands here already: keep one of them, or write what else is meant`
			case asked[meant] && !repeatable[meant]:
				d.Help = `"` + meant + `" is meant above already: keep one of them, or write what else is meant`
			}
			asked[meant] = true
		}
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
