package lower

import (
	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/ast"
)

// declaredTarget finds the declaration that an expression names; nil for the places that need none.
func (s spot) declaredTarget(x ast.Expr) (*ast.Target, *check.Module) {
	switch x := ast.Unparen(x).(type) {
	case *ast.Ident:
		return s.module.Targets[x.Name], s.module
	case *ast.Select:
		ns, ok := ast.Unparen(x.X).(*ast.Ident)
		if !ok {
			return nil, nil
		}
		if imp := s.module.Load.Uses[s.file][ns.Name]; imp != nil {
			if m := s.draft.program.Modules[imp.Module]; m != nil {
				return m.Targets[x.Name.Text], m
			}
		}
	}
	return nil, nil
}

// describe puts a declared place into the plan, once.
func (s spot) describe(name string, decl *ast.Target, m *check.Module) {
	if _, done := s.plan.Targets[name]; done {
		return
	}
	if s.plan.Targets == nil {
		s.plan.Targets = map[string]plan.Target{}
	}
	file := fileOf(m, decl)
	in := s.within(m, file, nil)
	out := plan.Target{Kind: decl.Kind.Text, At: place(file.Source, decl.Name.Span())}
	for _, it := range decl.Items {
		if a, ok := it.(*ast.Attr); ok && a.Value != nil {
			x, _ := in.fold(a.Value, nil)
			out.Attrs = append(out.Attrs, plan.NamedExpr{Name: a.Key.Text, Value: x})
		}
	}
	s.plan.Targets[name] = out
}

// fileOf is the file of a module that holds a declaration.
func fileOf(m *check.Module, decl ast.Decl) *ast.File {
	for _, f := range m.Load.Files {
		for _, d := range f.Decls {
			if d == decl {
				return f
			}
		}
	}
	return nil
}

// Targets are all places that the program's modules declare, by the names that a plan has for them,
// used or not.
func (d *Draft) Targets(v Values) map[string]plan.Target {
	b := newBinder(d, v)
	b.bind()
	for _, l := range d.program.Load.Modules {
		m := d.program.Modules[l]
		if m == nil || l.Std {
			continue
		}
		for _, decl := range m.Targets {
			name := decl.Name.Text
			if m != d.program.Entry {
				name = l.ID + "." + name
			}
			spot{binder: b, module: m}.describe(name, decl, m)
		}
	}
	return b.plan.Targets
}
