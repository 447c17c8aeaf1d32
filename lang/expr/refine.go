package expr

import (
	"regexp"
	"slices"
	"strings"

	celast "github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	celtypes "github.com/google/cel-go/common/types"

	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/types"
)

// refiner walks a tree that CEL's checker has typed, bottom-up, and gives each node the type
// that CEL cannot say: closed sets, labels, optional fields. It reports what CEL lets through.
type refiner struct {
	*checking
	quiet   bool
	settled bool // a record body's field got a type
	// fallible is a node that a secret may make fail.
	fallible celast.Expr
	locals   []local
}

// local is a variable of a macro.
type local struct {
	name string
	typ  *types.Type
}

// fail reports, and gives the type that silences what follows.
func (r *refiner) fail(d diag.Diagnostic) *types.Type {
	if !r.quiet {
		r.report(d)
	}
	return types.InvalidType
}

func (r *refiner) typ(e celast.Expr) *types.Type {
	switch e.Kind() {
	case celast.LiteralKind:
		if s, ok := e.AsLiteral().(celtypes.String); ok {
			return types.LiteralsOf(string(s))
		}
		return r.celType(e)
	case celast.IdentKind:
		return r.ident(e)
	case celast.SelectKind:
		return r.selection(e)
	case celast.ListKind:
		return r.list(e)
	case celast.MapKind:
		return r.mapping(e)
	case celast.StructKind:
		return r.record(e)
	case celast.ComprehensionKind:
		return r.comprehension(e)
	case celast.CallKind:
		return r.call(e)
	}
	return types.InvalidType
}

func (r *refiner) ident(e celast.Expr) *types.Type {
	name := strings.TrimPrefix(e.AsIdent(), ".")
	for _, l := range slices.Backward(r.locals) {
		if l.name == name {
			return l.typ
		}
	}
	if base, ok := strings.CutSuffix(name, plainMark); ok {
		v, _ := r.scope.Lookup(base)
		return v.Type.Plain()
	}
	if v, ok := r.scope.Lookup(name); ok {
		return v.Type
	}
	return r.celType(e)
}

func (r *refiner) selection(e celast.Expr) *types.Type {
	s := e.AsSelect()
	in := r.typ(s.Operand())
	if s.IsTestOnly() {
		return r.presenceTest(e, in, s.FieldName())
	}
	if in.Kind == types.Optional && !viral(s.Operand()) {
		return r.fail(r.absent(r.low.span(e.ID()), s.Operand(), in, s.FieldName()))
	}
	out := r.field(e, in.Plain(), s.FieldName())
	if in.Kind == types.Optional {
		return types.OptionalOf(out.Plain()).WithLabels(in.Labels)
	}
	if out.Kind == types.Optional {
		return r.fail(r.ofWhole(e, maybeMissing(r.low.span(e.ID()), in, s.FieldName(), r.text(s.Operand()))))
	}
	return out
}

// presenceTest is has(x.f): plain for a field of a record that no secret had a say in, and as
// secret as x for a key.
func (r *refiner) presenceTest(e celast.Expr, in *types.Type, name string) *types.Type {
	r.failsOnData(e, in.Plain())
	if in.Concealed() || in.Plain().Labels&types.Concealed != 0 {
		return types.BoolType.WithLabels(types.Secret)
	}
	switch in := in.Plain(); in.Kind {
	case types.Map, types.JSON:
		return types.BoolType.WithLabels(in.Labels & types.Secret)
	case types.Record:
		if f, ok := in.Field(name); ok {
			return presenceOf(f.Type)
		}
	}
	return types.BoolType
}

// viral reports whether an optional came from .? or [?], after which CEL lets . and [ follow.
func viral(e celast.Expr) bool {
	switch e.Kind() {
	case celast.SelectKind:
		return viral(e.AsSelect().Operand())
	case celast.CallKind:
		switch c := e.AsCall(); c.FunctionName() {
		case operators.OptSelect, operators.OptIndex:
			return true
		case operators.Index:
			return viral(c.Args()[0])
		}
	}
	return false
}

// field is the type of a field, with the labels of what holds it.
func (r *refiner) field(e celast.Expr, in *types.Type, name string) *types.Type {
	switch in.Kind {
	case types.Map:
		r.fails(e, types.BoolType.WithLabels(in.Labels))
		return elemType(in).WithLabels(governing(in.Labels))
	case types.JSON:
		r.fails(e, in)
		return types.JSONType.WithLabels(governing(in.Labels))
	case types.Invalid:
		return types.InvalidType
	}
	if record := fieldsOf(in); record != nil {
		if f, ok := record.Field(name); ok {
			return f.Type.WithLabels(in.Labels)
		}
	}
	return r.fail(unknownField(r.low.fieldSpan(e), in, name))
}

// elemType is the type of what is taken out of a list or a map. Out of an empty one comes data:
// a type that silences what follows would lose the labels of what stands in for it.
func elemType(t *types.Type) *types.Type {
	switch {
	case t.Elem == nil: // of data
		return types.JSONType.WithLabels(t.Labels)
	case t.Elem.Kind == types.Invalid:
		return types.JSONType.WithLabels(t.Elem.Labels)
	}
	return t.Elem
}

func (r *refiner) list(e celast.Expr) *types.Type {
	list := e.AsList()
	elem := types.InvalidType
	var labels types.Label
	for i, x := range list.Elements() {
		t := r.typ(x)
		if list.IsOptional(int32(i)) {
			labels |= gap(t)
			t = t.Plain()
		}
		if t.Kind == types.Optional && elem.Kind != types.Optional && elem.Kind != types.Invalid || elem.Kind == types.Optional && t.Kind != types.Optional && t.Kind != types.Invalid {
			return r.fail(r.mismatch(r.low.span(x.ID()), "the list", elem.Plain(), t, x))
		}
		joined, ok := types.Join(elem, t)
		if !ok {
			return r.fail(mixed(r.low.span(x.ID()), "the elements of a list", elem, t))
		}
		elem = joined
	}
	return types.ListOf(elem).WithLabels(labels)
}

func (r *refiner) mapping(e celast.Expr) *types.Type {
	elem := types.InvalidType
	var labels types.Label
	for _, entry := range e.AsMap().Entries() {
		m := entry.AsMapEntry()
		key := r.typ(m.Key())
		if !key.IsText() && key.Kind != types.Invalid && key.Kind != types.JSON {
			return r.fail(r.mismatch(r.low.span(m.Key().ID()), "a map's key", types.StringType, key, m.Key()))
		}
		labels |= governing(key.Labels)
		r.failsOnData(e, key)
		t := r.typ(m.Value())
		if m.IsOptional() {
			labels |= gap(t)
			t = t.Plain()
		} else if t.Kind == types.Optional {
			return r.fail(r.mismatch(r.low.span(m.Value().ID()), "a map's value", t.Plain(), t, m.Value()))
		}
		joined, ok := types.Join(elem, t)
		if !ok {
			return r.fail(mixed(r.low.span(m.Value().ID()), "the values of a map", elem, t))
		}
		elem = joined
	}
	return types.MapOf(elem).WithLabels(labels)
}

func (r *refiner) record(e celast.Expr) *types.Type {
	t := r.scope.registry.find(e.AsStruct().TypeName())
	if t == nil {
		return types.InvalidType
	}
	body := r.low.isBody(t)
	for _, entry := range e.AsStruct().Fields() {
		f := entry.AsStructField()
		value := f.Value().AsCall().Args()[0] // the lowering wraps every field
		got := r.typ(value)
		if !isScalar(got.Plain()) {
			r.fails(value, got) // data in it is made to fit while it runs
		}
		if body {
			r.settle(t, f.Name(), got)
			continue
		}
		if want, ok := t.Field(f.Name()); ok && !types.Assignable(got, want.Type) {
			r.fail(r.mismatch(r.low.span(value.ID()), "field "+f.Name(), want.Type, got, value))
		}
	}
	return t
}

// settle gives a record body's field the type that its value turned out to have.
func (r *refiner) settle(body *types.Type, name string, got *types.Type) {
	for i := range body.Record.Fields {
		f := &body.Record.Fields[i]
		if f.Name == name && f.Type.Kind == types.Invalid && got.Kind != types.Invalid {
			f.Type, r.settled = got, true
		}
	}
}

func (r *refiner) comprehension(e celast.Expr) *types.Type {
	k := e.AsComprehension()
	over := r.typ(k.IterRange())
	if over.Kind == types.Optional {
		return r.fail(r.mismatch(r.low.span(k.IterRange().ID()), "", over.Plain(), over, k.IterRange()))
	}
	outer := len(r.locals)
	r.locals = append(r.locals, local{k.AccuVar(), r.typ(k.AccuInit())})
	inner := len(r.locals)
	r.bind(k, over)
	r.typ(k.LoopCondition())
	step := r.typ(k.LoopStep())
	r.locals = r.locals[:inner]
	r.locals[inner-1].typ = step // a list starts empty: what is added to it says more
	out := r.typ(k.Result())
	r.locals = r.locals[:outer]
	if over.Labels&types.Secret != 0 {
		r.fails(e, over) // data may be no list, and a list too long for what is done with it
	}
	if out.Kind == types.Bool {
		return out.WithLabels(over.Labels & types.Secret)
	}
	return out.WithLabels(governing(over.Labels))
}

// bind declares the variables of a macro.
func (r *refiner) bind(k celast.ComprehensionExpr, over *types.Type) {
	first, second := types.JSONType, types.JSONType
	labels := governing(over.Labels)
	switch over.Kind {
	case types.List:
		elem := elemType(over).WithLabels(labels)
		first, second = elem, elem
		if k.HasIterVar2() {
			first = types.IntType.WithLabels(labels)
		}
	case types.Map:
		first, second = types.StringType.WithLabels(labels), elemType(over).WithLabels(labels)
	case types.Invalid:
		first, second = types.InvalidType, types.InvalidType
	default:
		first, second = first.WithLabels(labels), second.WithLabels(labels)
	}
	r.locals = append(r.locals, local{k.IterVar(), first})
	if k.HasIterVar2() {
		r.locals = append(r.locals, local{k.IterVar2(), second})
	}
}

// pattern reports a literal regular expression that is none.
func (r *refiner) pattern(e celast.Expr) bool {
	if e.Kind() != celast.LiteralKind {
		return true
	}
	s, ok := e.AsLiteral().(celtypes.String)
	if !ok {
		return true
	}
	if _, err := regexp.Compile(string(s)); err != nil {
		r.fail(badPattern(r.low.span(e.ID()), err))
		return false
	}
	return true
}
