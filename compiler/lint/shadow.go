package lint

import (
	"fmt"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
)

// shadowedNames finds names that hide a let of the file, and variables of comprehensions that
// hide a parameter, a let or a step.
var shadowedNames = rule{
	op: func(p *pass, o *check.Op) {
		if o.Decl == nil {
			return
		}
		outer := lets(o.Module)
		for _, f := range o.Params {
			p.hides(o.File.Source, ast.Name{Text: f.Name, At: f.Decl.Name.At}, "parameter", outer)
		}
		p.comprehensions(o.File.Source, o.Decl.Items, func() map[string]hidden {
			inner := map[string]hidden{}
			for _, f := range o.Params {
				inner[f.Name] = hidden{o.File.Source, f.Decl.Name.Range, "parameter"}
			}
			return inner
		}, outer)
	},
	pipeline: func(p *pass, l *check.Pipeline) {
		outer, binding := lets(l.Module), bindingItems(l)
		if len(outer)+len(binding) == 0 {
			return
		}
		if len(outer) > 0 {
			eachNamed(l, func(n ast.Name, what string) { p.hides(l.File.Source, n, what, outer) })
			for s := range steps(l) {
				for _, loop := range s.Loops {
					p.hides(l.File.Source, loop.Decl.Var, "loop variable", outer)
				}
			}
		}
		p.comprehensions(l.File.Source, binding, func() map[string]hidden {
			inner := map[string]hidden{}
			eachNamed(l, func(n ast.Name, what string) { inner[n.Text] = hidden{l.File.Source, n.Range, what} })
			return inner
		}, outer)
	},
}

// eachNamed visits the names that a pipeline declares.
func eachNamed(l *check.Pipeline, visit func(n ast.Name, what string)) {
	for _, f := range l.Params {
		visit(f.Decl.Name, "parameter")
	}
	for _, d := range l.Lets {
		visit(d.Decl.Name, "let")
	}
	for s := range steps(l) {
		visit(s.Decl.Name, "step")
	}
}

// bindingItems are those of a pipeline's items that may bind names: check remembers no step that does.
func bindingItems(l *check.Pipeline) (out []ast.Item) {
	i := 0
	for _, it := range l.Decl.Items {
		if d, ok := it.(*ast.Step); ok && i < len(l.Steps) && l.Steps[i].Decl == d {
			i++
			if l.Steps[i-1].Since > 0 {
				continue
			}
		}
		out = append(out, it)
	}
	return out
}

// hidden is what a name would mean without another one before it.
type hidden struct {
	file *source.File
	at   source.Span
	what string
}

// lets are a module's own, by name.
func lets(m *check.Module) map[string]hidden {
	if len(m.Lets) == 0 {
		return nil
	}
	out := map[string]hidden{}
	for _, d := range m.Lets {
		out[d.Name] = hidden{d.File.Source, d.Decl.Name.Range, "let"}
	}
	return out
}

func (p *pass) hides(f *source.File, n ast.Name, what string, outer map[string]hidden) {
	other, ok := outer[n.Text]
	if !ok || n.Text == "" {
		return
	}
	p.report(finding{
		rule: diag.ShadowedName, file: f, at: n.Range, message: fmt.Sprintf("%s %q hides the %s of that name", what, n.Text, other.what),
		help:    "give one of them another name",
		related: []diag.Related{{File: other.file, Span: other.at, Message: "this one cannot be read there"}},
	})
}

// binding are the macros whose first arguments are names.
var binding = map[string]bool{
	"all": true, "exists": true, "exists_one": true, "existsOne": true, "map": true, "filter": true, "sortBy": true,
	"transformList": true, "transformMap": true, "transformMapEntry": true,
}

// comprehensions looks at the variables of macros: they may hide names of around them, which few ask for, or of the file.
func (p *pass) comprehensions(f *source.File, items []ast.Item, around func() map[string]hidden, outer map[string]hidden) {
	var inner map[string]hidden
	for _, it := range items {
		ast.Inspect(it, func(n ast.Node) bool {
			c, ok := n.(*ast.Call)
			if !ok || c.Target == nil || !binding[c.Name.Text] || len(c.Args) < 2 {
				return true
			}
			for _, arg := range c.Args[:len(c.Args)-1] {
				id, ok := arg.(*ast.Ident)
				if !ok {
					break
				}
				if inner == nil {
					inner = around()
				}
				p.hides(f, ast.Name{Text: id.Name, At: id.At}, "variable", inner)
				p.hides(f, ast.Name{Text: id.Name, At: id.At}, "variable", outer)
			}
			return true
		})
	}
}
