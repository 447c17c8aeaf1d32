package check

import (
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/types"
)

// letDecl is a named value of a module.
type letDecl struct {
	file *file
	decl *ast.Let
}

func (f *file) collectLet(d *ast.Let) {
	f.reservedName(d.Name, "let", nil)
	if f.declare(f.names.of("let"), d.Name, "let") {
		f.lets[d.Name.Text] = &letDecl{file: f, decl: d}
	}
}

// checkLets types the values of a module after those that they read.
func (m *module) checkLets() {
	for name := range m.broken {
		if m.lets[name] == nil {
			m.declareLet(name, expr.Var{Type: types.InvalidType, Broken: true})
		}
	}
	g := newGraph(len(m.lets))
	for _, name := range m.letNames() {
		g.add(name)
		for _, r := range expr.Refs(m.lets[name].decl.Value) {
			if m.lets[r.Name] != nil {
				g.edge(name, r.Name)
			}
		}
	}
	order, cycles := g.sort()
	broken := map[string]bool{}
	for _, c := range cycles {
		d := m.lets[c[0]]
		d.file.reportCycle(d.decl.Name, "lets", c)
		for _, name := range c {
			broken[name] = true
		}
	}
	for _, name := range order {
		m.checkLet(m.lets[name], g.edges[name], broken[name])
	}
}

// letNames in the order of the text, file by file.
func (m *module) letNames() []string {
	var out []string
	for _, f := range m.files {
		for _, d := range f.ast.Decls {
			if l, ok := d.(*ast.Let); ok && m.lets[l.Name.Text] != nil && m.lets[l.Name.Text].decl == l {
				out = append(out, l.Name.Text)
			}
		}
	}
	return out
}

func (m *module) checkLet(d *letDecl, uses []string, broken bool) {
	t := types.InvalidType
	if !broken {
		t = d.file.letType(d.file.in(d.file.scope), d.decl)
	}
	name := d.decl.Name.Text
	m.out.Lets = append(m.out.Lets, &Let{Name: name, File: d.file.ast, Decl: d.decl, Type: t, Uses: uses})
	m.declareLet(name, expr.Var{Type: t, Broken: t.Kind == types.Invalid, Value: d.decl.Value, In: d.file.scope})
}

// declareLet makes a value known in every file of the module.
func (m *module) declareLet(name string, v expr.Var) {
	for _, f := range m.files {
		f.scope.Declare(name, v)
	}
}

// letType types a value; one that is nothing cannot be named.
func (f *file) letType(e exprs, d *ast.Let) *types.Type {
	t := e.want(d.Value, nil, "let "+d.Name.Text)
	if t.Plain().Kind == types.None {
		f.report(finding{
			rule: diag.TypeMismatch, at: d.Value.Span(),
			message: "let " + d.Name.Text + " names nothing: what it reads gives no result",
		})
		return types.InvalidType
	}
	return t
}
