package expr

import (
	celast "github.com/google/cel-go/common/ast"
	celtypes "github.com/google/cel-go/common/types"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/types"
)

func (l *lowerer) recordLit(x *ast.RecordLit) celast.Expr {
	t, ok := l.records(x.Type.String())
	if !ok {
		for _, f := range x.Fields {
			l.expr(f.Value, nil)
		}
		return l.unknownRecord(x)
	}
	if t.Kind != types.Record {
		if t.Kind == types.Invalid {
			l.failed = true
			return l.nothing(x.Range)
		}
		return l.fail(diag.Diagnostic{Rule: diag.TypeMismatch, Span: x.Type.Range, Message: x.Type.String() + " is " + t.String() + ", not a record"})
	}
	return l.record(x.Range, x.Fields, t)
}

// recordBody lowers { field: value }. Without a record to expect, the fields say its type.
func (l *lowerer) recordBody(x *ast.RecordBody, want *types.Type) celast.Expr {
	if want != nil && want.Plain().Kind == types.Record {
		return l.record(x.Range, x.Fields, want.Plain())
	}
	fields := make([]types.Field, 0, len(x.Fields))
	for _, f := range x.Fields {
		fields = append(fields, types.Field{Name: f.Name.Text, Type: types.InvalidType})
	}
	t := types.RecordOf(fields...)
	l.bodies = append(l.bodies, t)
	return l.record(x.Range, x.Fields, t)
}

// record lowers the fields of a record: for the check an object, whose fields the refining walk
// types; for a run a map, which is then made to fit.
func (l *lowerer) record(at source.Span, given []ast.RecordField, t *types.Type) celast.Expr {
	l.complete(at, given, t)
	entries := make([]celast.EntryExpr, 0, len(given))
	for _, f := range given {
		var want *types.Type
		if field, ok := t.Field(f.Name.Text); ok && field.Type.Kind != types.Invalid {
			want = field.Type
		}
		if l.running() {
			entries = append(entries, l.runField(f, want))
			continue
		}
		value := l.call(f.Value.Span(), fnField, l.expr(f.Value, l.wantOf(f, want)))
		entries = append(entries, factory.NewStructField(l.id(f.Range), f.Name.Text, value, false))
	}
	if l.running() {
		holder := factory.NewLiteral(l.id(at), typeHolder{t, l.isBody(t)})
		id := l.id(at)
		l.builds(id)
		return l.call(at, fnRecord, holder, factory.NewMap(id, entries))
	}
	return factory.NewStruct(l.id(at), l.scope.registry.object(t).TypeName(), entries)
}

// wantOf is what a field's value should be: ?f: v takes a T?.
func (l *lowerer) wantOf(f ast.RecordField, want *types.Type) *types.Type {
	if f.Optional && want != nil {
		return types.OptionalOf(want)
	}
	return want
}

func (l *lowerer) runField(f ast.RecordField, want *types.Type) celast.EntryExpr {
	key := factory.NewLiteral(l.id(f.Name.Range), celtypes.String(f.Name.Text))
	value := l.expr(f.Value, l.wantOf(f, want))
	if f.Optional {
		value = l.call(f.Value.Span(), fnOptional, value)
	}
	return factory.NewMapEntry(l.id(f.Range), key, value, f.Optional)
}

func (l *lowerer) isBody(t *types.Type) bool {
	for _, b := range l.bodies {
		if b == t {
			return true
		}
	}
	return false
}

// complete reports fields that are unknown, given twice, or missing.
func (l *lowerer) complete(at source.Span, given []ast.RecordField, t *types.Type) {
	if l.running() {
		return
	}
	missing, ok := checkFields(given, t, l.report)
	if !ok {
		l.failed = true
	}
	if len(missing) > 0 {
		l.fail(missingFields(at, t, missing))
	}
}

// checkFields reports unknown and repeated fields, and gives those that are missing.
func checkFields(given []ast.RecordField, t *types.Type, report func(diag.Diagnostic)) (missing []types.Field, ok bool) {
	ok = true
	seen, meant := map[string]bool{}, map[string]bool{}
	for _, f := range given {
		name := f.Name.Text
		switch _, known := t.Field(name); {
		case !known:
			ok = false
			meant[diag.Suggest(name, t.FieldNames())] = true // which is not said to be missing besides
			report(unknownField(f.Name.Range, t, name))
		case seen[name]:
			ok = false
			report(diag.Diagnostic{Rule: diag.DuplicateName, Span: f.Name.Range, Message: "field " + name + " is given twice"})
		}
		seen[name] = true
	}
	for _, f := range t.Record.Fields {
		if !seen[f.Name] && !meant[f.Name] && !f.HasDefault && f.Type.Kind != types.Optional {
			missing = append(missing, f)
		}
	}
	return missing, ok
}
