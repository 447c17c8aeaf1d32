package expr

import (
	"strings"

	celast "github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	celtypes "github.com/google/cel-go/common/types"

	"github.com/pipelang/pipe/lang/types"
)

// quick types the expressions that pipelines are full of, names, fields, strings, comparisons,
// without CEL's checker, at a tenth of its cost. It gives nil for anything else, and for anything
// that is not plainly right: CEL and the refining walk then have the word. A test holds it against them.
func (c *checking) quick(e celast.Expr) *types.Type {
	switch e.Kind() {
	case celast.LiteralKind:
		return quickLiteral(e)
	case celast.IdentKind:
		return c.quickName(e.AsIdent())
	case celast.SelectKind:
		return c.quickField(e.AsSelect())
	case celast.ListKind:
		return c.quickList(e.AsList())
	case celast.CallKind:
		return c.quickCall(e)
	}
	return nil
}

func quickLiteral(e celast.Expr) *types.Type {
	switch v := e.AsLiteral().(type) {
	case celtypes.String:
		return types.LiteralsOf(string(v))
	case celtypes.Int:
		return types.IntType
	case celtypes.Double:
		return types.FloatType
	case celtypes.Bool:
		return types.BoolType
	}
	return nil
}

func (c *checking) quickName(name string) *types.Type {
	if strings.HasSuffix(name, statusMark) {
		return types.StringType
	}
	base, plain := strings.CutSuffix(name, plainMark)
	v, ok := c.scope.Lookup(base)
	if !ok || v.Broken || v.Type.Kind == types.Invalid {
		return nil
	}
	if plain {
		return v.Type.Plain()
	}
	return v.Type
}

func (c *checking) quickField(s celast.SelectExpr) *types.Type {
	if s.IsTestOnly() {
		return nil
	}
	in := c.quick(s.Operand())
	if in == nil || in.Kind != types.Record {
		return nil
	}
	f, ok := in.Field(s.FieldName())
	if !ok || f.Type.Kind == types.Optional || f.Type.Kind == types.Invalid {
		return nil
	}
	return f.Type.WithLabels(in.Labels)
}

func (c *checking) quickList(list celast.ListExpr) *types.Type {
	if len(list.OptionalIndices()) > 0 {
		return nil
	}
	elem := types.InvalidType
	for _, x := range list.Elements() {
		t := c.quick(x)
		if t == nil || !isScalar(t) {
			return nil
		}
		joined, ok := types.Join(elem, t)
		if !ok {
			return nil
		}
		elem = joined
	}
	return types.ListOf(elem)
}

// isScalar reports types without parts, which CEL's operators take as they are.
func isScalar(t *types.Type) bool {
	switch t.Kind {
	case types.Int, types.Float, types.Bool, types.Duration, types.Size, types.Timestamp:
		return true
	}
	return t.IsText()
}

// alike reports scalars that CEL has one type for.
func alike(a, b *types.Type) bool {
	return a.Kind == b.Kind && isScalar(a) || a.IsText() && b.IsText()
}

func (c *checking) quickCall(e celast.Expr) *types.Type {
	call := e.AsCall()
	fn := call.FunctionName()
	if call.IsMemberFunction() {
		return c.quickFallback(fn, call)
	}
	switch fn {
	case fnField:
		return c.quick(call.Args()[0])
	case fnDuration:
		return types.DurationType
	case fnSize:
		return types.SizeType
	case fnConcat:
		return c.quickText(call.Args()[0].AsList())
	case operators.OptSelect:
		return c.quickOptional(e, call.Args())
	}
	args := call.Args()
	ts := make([]*types.Type, len(args))
	for i, a := range args {
		if ts[i] = c.quick(a); ts[i] == nil {
			return nil
		}
	}
	return quickOperator(fn, ts)
}

func quickOperator(fn string, ts []*types.Type) *types.Type {
	var labels types.Label
	for _, t := range ts {
		labels |= t.DeepLabels()
	}
	switch fn {
	case operators.LogicalAnd, operators.LogicalOr, operators.LogicalNot:
		for _, t := range ts {
			if t.Kind != types.Bool {
				return nil
			}
		}
		return types.BoolType.WithLabels(labels & types.Secret)
	case operators.Equals, operators.NotEquals, operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals:
		if !alike(ts[0], ts[1]) || labels&types.Secret != 0 || disjoint(ts[0], ts[1]) && (fn == operators.Equals || fn == operators.NotEquals) {
			return nil
		}
		return types.BoolType
	case operators.Add:
		if ts[0].IsText() && ts[1].IsText() {
			return types.StringType.WithLabels(labels)
		}
		if ts[0].Kind == ts[1].Kind && (ts[0].Kind == types.Int || ts[0].Kind == types.Float) {
			return ts[0].WithoutLabels(types.Labels).WithLabels(labels)
		}
	case operators.Conditional:
		if ts[0].Kind == types.Bool && alike(ts[1], ts[2]) {
			t, ok := types.Join(ts[1], ts[2])
			if ok {
				return t.WithLabels(ts[0].Labels)
			}
		}
	}
	return nil
}

// disjoint reports closed sets that have nothing in common.
func disjoint(a, b *types.Type) bool {
	if a.Kind != types.Literals || b.Kind != types.Literals {
		return false
	}
	for _, s := range a.Literals {
		for _, t := range b.Literals {
			if s == t {
				return false
			}
		}
	}
	return true
}

// quickText is a string with holes.
func (c *checking) quickText(parts celast.ListExpr) *types.Type {
	var labels types.Label
	for _, p := range parts.Elements() {
		if p.Kind() == celast.CallKind && p.AsCall().FunctionName() == fnText {
			p = p.AsCall().Args()[0]
		}
		t := c.quick(p)
		if t == nil || !isScalar(t) {
			return nil
		}
		labels |= t.Labels
	}
	return types.StringType.WithLabels(labels)
}

// quickOptional is x.?f of a record, or of a step that may have been skipped.
func (c *checking) quickOptional(e celast.Expr, args []celast.Expr) *types.Type {
	in := c.quick(args[0])
	if in == nil || in.Plain().Kind != types.Record {
		return nil
	}
	name, _ := args[1].AsLiteral().Value().(string)
	if f, ok := in.Plain().Field(name); !ok || f.Type.Kind == types.Invalid {
		return nil
	}
	r := refiner{checking: c, quiet: true}
	return r.optSelect(e, args, in)
}

// quickFallback is x.?f.orValue(y).
func (c *checking) quickFallback(fn string, call celast.CallExpr) *types.Type {
	if fn != "orValue" || len(call.Args()) != 1 {
		return nil
	}
	x, y := c.quick(call.Target()), c.quick(call.Args()[0])
	if x == nil || y == nil || x.Kind != types.Optional || !alike(x.Elem, y) {
		return nil
	}
	t, ok := types.Join(x.Plain(), y)
	if !ok {
		return nil
	}
	return t
}
