package check

import (
	"context"
	"slices"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

// fieldDefaults gives the fields of records the defaults that fill them in where a value
// leaves them out. One that only a run can know, or that is wrong, stays unknown.
func (m *module) fieldDefaults() {
	for _, d := range sorted(m.types) {
		for _, x := range d.decl.Fields {
			i := slices.IndexFunc(d.typ.Record.Fields, func(f types.Field) bool { return f.Name == x.Name.Text })
			if x.Default == nil || i < 0 || x.Bad {
				continue
			}
			field := &d.typ.Record.Fields[i]
			if v := d.file.constant(x.Default, field.Type); v != nil {
				if raw, err := value.Marshal(v); err == nil {
					field.Default = string(raw)
				}
			}
		}
	}
}

// constant is the value of an expression that reads nothing; nil when it has none.
func (f *file) constant(x ast.Expr, t *types.Type) value.Value {
	if t.Kind == types.Invalid {
		return nil
	}
	records := map[string]*types.Type{}
	for name, d := range f.types {
		records[name] = d.typ
	}
	for ns, imp := range f.uses {
		for name, imported := range f.importedTypes(imp.Module) {
			records[ns+"."+name] = qualified(imported, ns)
		}
	}
	p, err := expr.Compile(x, expr.CompileOptions{Want: t, Records: records})
	if err != nil {
		return nil
	}
	v, err := p.Eval(context.Background(), expr.Input{Var: func(string) (value.Value, bool) { return nil, false }})
	if err != nil {
		return nil
	}
	return v
}
