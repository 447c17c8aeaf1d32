package check

import (
	"fmt"
	"strings"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/format"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

// holds refuses a value that stands in the text and breaks the condition of the field that it is for; owner is the
// file where the field stands. Every other value is held to the condition where it becomes known.
func (e exprs) holds(v ast.Expr, x *ast.Field, t *types.Type, owner *file, what string) {
	if x.Where == nil || v == nil || t.Kind == types.Invalid || !writtenOut(v) && !e.constant(v) {
		return
	}
	e.eachRound(v, func(given round) bool {
		self, _ := e.evaluated(v, t, given)
		if self == nil || self == (value.None{}) {
			return true
		}
		said := owner.in(owner.scope).broken(x, t, self)
		if said == "" {
			return true
		}
		secret := t.DeepLabels()&types.Secret != 0
		message := what + ": " + said
		if !secret {
			message += e.found(v, self, said) + e.inRoundOf(v, given)
		}
		e.decided([]ast.Expr{v, x.Where}, finding{
			rule: diag.InvalidValue, at: v.Span(), message: message, hide: secret,
			related: []diag.Related{{File: owner.src, Span: x.Where.Span(), Message: "this is asked of it"}},
		})
		return false
	})
}

// found is the end of a message about a value, which may have it already.
func (e exprs) found(v ast.Expr, self value.Value, said string) string {
	text := e.brief(v)
	if !writtenOut(v) {
		text = shown(self)
	}
	out := ", found " + text
	if strings.HasSuffix(said, "found "+text) {
		out = ""
	}
	if !writtenOut(v) {
		out += " in " + e.brief(v)
	}
	return out
}

func (e exprs) brief(v ast.Expr) string { return e.file.brief(v.Span()) }

// broken says what a value breaks of the condition of a field, which stands in the file of e; "" where it does not, or
// where nobody knows.
func (e exprs) broken(x *ast.Field, t *types.Type, self value.Value) string {
	given := map[string]value.Value{"self": self}
	secret := t.DeepLabels()&types.Secret != 0
	ok, err := e.evaluated(x.Where, types.BoolType, given)
	switch {
	case err != nil && secret:
		return "its condition fails"
	case err != nil:
		return "its condition fails, " + err.Message
	case ok != value.Bool(false):
		return ""
	}
	if _, plain := ast.Unparen(x.Else).(*ast.StringLit); plain || x.Else != nil && !secret {
		v, _ := e.evaluated(x.Else, types.StringType, given)
		if text, ok := v.(value.String); ok {
			return strings.Join(strings.Fields(string(text)), " ")
		}
	}
	return fmt.Sprintf("expected a value for which %s holds", format.Expr(x.Where))
}

// fieldsHold holds the fields of records that an expression makes to what their types ask; t is what is wanted of the
// expression, and may be nil.
func (e exprs) fieldsHold(x ast.Expr, t *types.Type) {
	if t != nil {
		t = t.Plain()
	}
	switch x := ast.Unparen(x).(type) {
	case *ast.ListLit:
		for i := range x.Elems {
			e.fieldsHold(x.Elems[i].Value, elemOrNil(t))
		}
	case *ast.MapLit:
		for i := range x.Entries {
			e.fieldsHold(x.Entries[i].Value, elemOrNil(t))
		}
	case *ast.RecordLit:
		e.recordHolds(x.Fields, e.file.recordNamed(x.Type))
	case *ast.RecordBody:
		e.recordHolds(x.Fields, t)
	}
}

func elemOrNil(t *types.Type) *types.Type {
	if t == nil {
		return nil
	}
	return t.Elem
}

func (e exprs) recordHolds(fields []ast.RecordField, t *types.Type) {
	if t == nil || t.Record == nil {
		return
	}
	d := e.file.checker.declared(t)
	for i := range fields {
		x := &fields[i]
		f, ok := t.Field(x.Name.Text)
		if !ok {
			continue
		}
		e.fieldsHold(x.Value, f.Type)
		if asked := d.field(x.Name.Text); asked != nil {
			e.holds(x.Value, asked, f.Type, d.file, "field "+x.Name.Text)
		}
	}
}

// declared is where a named record stands; nil for one without a name, and for those of the language.
func (c *checker) declared(t *types.Type) *typeDecl {
	i := strings.LastIndexByte(t.Record.ID, '.')
	if i < 0 {
		return nil
	}
	for _, m := range c.modules {
		if m.load.ID == t.Record.ID[:i] {
			return m.types[t.Record.ID[i+1:]]
		}
	}
	return nil
}

// field is the declaration of a field; nil where there is none.
func (d *typeDecl) field(name string) *ast.Field {
	if d == nil {
		return nil
	}
	for _, x := range d.decl.Fields {
		if x.Name.Text == name {
			return x
		}
	}
	return nil
}

// writtenOut says that a value stands in the text as it is.
func writtenOut(x ast.Expr) bool {
	switch x := ast.Unparen(x).(type) {
	case *ast.StringLit, *ast.BoolLit:
		return true
	case *ast.ListLit:
		for _, e := range x.Elems {
			if !writtenOut(e.Value) {
				return false
			}
		}
		return true
	}
	_, ok := number(x)
	return ok
}
