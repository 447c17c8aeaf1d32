package expr

import (
	"slices"

	celast "github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	celtypes "github.com/google/cel-go/common/types"

	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/types"
)

// movers are the functions that may see a secret: they move it, and their result is as secret.
var movers = map[string]bool{
	operators.Add: true, operators.Conditional: true, operators.Index: true, operators.OptIndex: true, operators.OptSelect: true,
	operators.LogicalAnd: true, operators.LogicalOr: true, operators.LogicalNot: true, operators.NotStrictlyFalse: true,
	fnText: true, fnConcat: true, fnField: true, "optional.of": true, "orValue": true, "or": true, "value": true, "present": true,
	"cel.@mapInsert": true,
}

// presence are the functions that say only whether there is a value: their result has no label.
var presence = map[string]bool{"hasValue": true}

// keepers are the methods on lists whose result is a list of the same type.
var keepers = map[string]bool{
	"distinct": true, "sort": true, "slice": true, "reverse": true, "lists.@sortByAssociatedKeys": true, "@sortByAssociatedKeys": true,
}

// operands are the target, if there is one, and the arguments of a call.
func operands(call celast.CallExpr) []celast.Expr {
	if call.IsMemberFunction() {
		return append([]celast.Expr{call.Target()}, call.Args()...)
	}
	return call.Args()
}

func (r *refiner) call(e celast.Expr) *types.Type {
	call := e.AsCall()
	fn := call.FunctionName()
	nodes := operands(call)
	ts := make([]*types.Type, len(nodes))
	var labels types.Label
	broken := false
	for i, n := range nodes {
		ts[i] = r.typ(n)
		deep := ts[i].DeepLabels()
		if deep&types.Secret != 0 && !broken && !movers[fn] && !presence[fn] {
			ts[i] = r.fail(secretOperand(r.low.span(n.ID()), ts[i], fn))
		}
		if host, ok := hostFunctionOf(fn); ok && deep&types.Untrusted != 0 && !broken {
			ts[i] = r.fail(strangersPath(r.low.span(n.ID()), host))
		}
		labels |= deep
		broken = broken || ts[i].Kind == types.Invalid
	}
	if broken {
		return types.InvalidType
	}
	out := r.result(e, fn, nodes, ts)
	r.failsOn(e, fn, nodes, ts)
	switch {
	case out.Kind == types.Invalid:
		return out
	case presence[fn]:
		return out.WithLabels(presenceOf(ts[0]).Labels)
	case fn == fnTrusted:
		return out.WithLabels(labels &^ types.Untrusted)
	case structural(fn, ts):
		return out // labels are where they belong already
	case out.Kind == types.Bool && fn != operators.Conditional:
		return out.WithLabels(labels & types.Secret)
	}
	return out.WithLabels(labels)
}

// structural are the operations that give a part of an operand, or operands joined, with its own labels.
func structural(fn string, ts []*types.Type) bool {
	switch fn {
	case operators.Add:
		return ts[0].Kind == types.List && ts[1].Kind == types.List
	case operators.Index, operators.OptIndex, operators.OptSelect, operators.Conditional, "orValue", "or", "optional.of", "value", "present", fnField, "cel.@mapInsert":
		return true
	}
	return keepers[fn] && ts[0].Kind == types.List
}

func (r *refiner) result(e celast.Expr, fn string, nodes []celast.Expr, ts []*types.Type) *types.Type {
	span := r.low.span(e.ID())
	if host, ok := hostFunctionOf(fn); ok {
		return hostFunctions[host].labelled(r.scope.contentLabels(host))
	}
	switch fn {
	case operators.Equals, operators.NotEquals:
		return r.equality(e, nodes, ts)
	case operators.In:
		return r.membership(nodes, ts)
	case operators.Conditional:
		return r.joined(nodes[2], ts[1], ts[2], "the two values of a condition").WithLabels(governing(ts[0].Labels))
	case "orValue":
		return r.joined(nodes[1], ts[0].Plain(), ts[1], "the value and what stands in for it")
	case "or":
		return types.OptionalOf(r.joined(nodes[1], ts[0].Plain(), ts[1].Plain(), "the value and what stands in for it"))
	case "optional.of":
		return types.OptionalOf(ts[0])
	case fnField:
		return ts[0]
	case "value":
		return ts[0].Plain()
	case operators.OptSelect:
		return r.optSelect(e, nodes, ts[0])
	case operators.Index, operators.OptIndex:
		return r.index(e, fn, nodes, ts)
	case operators.Add:
		if ts[0].Kind == types.List && ts[1].Kind == types.List {
			return types.ListOf(r.joined(nodes[1], ts[0].Elem, ts[1].Elem, "the elements of a list")).WithLabels(ts[0].Labels | ts[1].Labels)
		}
	case "cel.@mapInsert":
		return r.mapInsert(nodes, ts)
	case "present":
		return types.ListOf(elemType(ts[0]).Plain()).WithLabels(ts[0].Labels | gap(elemType(ts[0])))
	case "first", "last":
		if ts[0].Kind == types.List {
			return types.OptionalOf(elemType(ts[0]))
		}
	case "matches", fnTrusted:
		if !r.pattern(nodes[1]) || fn == fnTrusted && !r.trustedPattern(nodes[1]) {
			return types.InvalidType
		}
	case fnText:
		if ts[0].Kind == types.Optional {
			return r.fail(r.absent(span, nodes[0], ts[0], ""))
		}
	}
	if keepers[fn] && ts[0].Kind == types.List {
		out := ts[0]
		for _, t := range ts[1:] { // what says which elements there are, and in which order
			out = out.WithLabels(t.DeepLabels())
		}
		if fn == "distinct" { // how many there are is a comparison of them
			out = out.WithLabels(out.DeepLabels())
		}
		return out
	}
	return r.celType(e)
}

// joined is the type of either of two values.
func (r *refiner) joined(at celast.Expr, a, b *types.Type, what string) *types.Type {
	t, ok := types.Join(a, b)
	if !ok {
		return r.fail(mixed(r.low.span(at.ID()), what, a, b))
	}
	return t
}

func (r *refiner) optSelect(e celast.Expr, nodes []celast.Expr, in *types.Type) *types.Type {
	name, _ := nodes[1].AsLiteral().Value().(string)
	out := r.field(e, in.Plain(), name)
	if out.Kind == types.Invalid {
		return out
	}
	if in.Kind != types.Optional && slices.Contains(r.low.asked, e.ID()) {
		return out
	}
	return types.OptionalOf(out.Plain()).WithLabels(in.Labels | out.Labels)
}

func (r *refiner) index(e celast.Expr, fn string, nodes []celast.Expr, ts []*types.Type) *types.Type {
	in := ts[0].Plain()
	var out *types.Type
	switch in.Kind {
	case types.List, types.Map:
		out = elemType(in)
	default:
		out = types.JSONType
	}
	out = out.WithLabels(governing(in.Labels | ts[1].Labels))
	if fn == operators.OptIndex {
		return types.OptionalOf(out.Plain())
	}
	if ts[0].Kind == types.Optional {
		if !viral(nodes[0]) {
			return r.fail(r.absent(r.low.span(e.ID()), nodes[0], ts[0], ""))
		}
		return types.OptionalOf(out.Plain())
	}
	return out
}

// mapInsert is a step of transformMap: the map with one more entry, or with those of another map.
func (r *refiner) mapInsert(nodes []celast.Expr, ts []*types.Type) *types.Type {
	elem := types.InvalidType
	if ts[0].Kind == types.Map {
		elem = ts[0].Elem
	}
	added := ts[len(ts)-1]
	if len(ts) == 2 && added.Kind == types.Map {
		added = added.Elem
	}
	labels := ts[0].Labels | governing(ts[1].Labels) // of the key, or of the other map
	return types.MapOf(r.joined(nodes[len(nodes)-1], elem, added, "the values of a map")).WithLabels(labels)
}

func (r *refiner) equality(e celast.Expr, nodes []celast.Expr, ts []*types.Type) *types.Type {
	for i, t := range ts {
		if t.Kind == types.Optional {
			return r.fail(r.absent(r.low.span(nodes[i].ID()), nodes[i], t, ""))
		}
	}
	if d, wrong := r.closed(nodes[0], nodes[1], ts[0], ts[1]); wrong {
		return r.fail(d)
	}
	if !comparable(ts[0], ts[1]) {
		return r.fail(neverEqual(r.low.span(e.ID()), ts[0], ts[1]))
	}
	return types.BoolType
}

// comparable reports whether two values could ever be equal.
func comparable(a, b *types.Type) bool {
	a, b = unlabelled(a), unlabelled(b)
	if a.IsText() && b.IsText() {
		return true
	}
	_, ok := types.Join(a, b)
	return ok
}

func (r *refiner) membership(nodes []celast.Expr, ts []*types.Type) *types.Type {
	if ts[0].Kind == types.Optional {
		return r.fail(r.absent(r.low.span(nodes[0].ID()), nodes[0], ts[0], ""))
	}
	if nodes[1].Kind() == celast.ListKind {
		for _, el := range nodes[1].AsList().Elements() {
			if d, wrong := r.closed(nodes[0], el, ts[0], r.typ(el)); wrong {
				return r.fail(d)
			}
		}
		return types.BoolType
	}
	if ts[1].Kind == types.List {
		if d, wrong := r.closed(nodes[0], nodes[1], ts[0], ts[1].Elem); wrong {
			return r.fail(d)
		}
		if !comparable(ts[0], ts[1].Elem) {
			return r.fail(neverEqual(r.low.span(nodes[0].ID()), ts[0], ts[1].Elem))
		}
	}
	return types.BoolType
}

// closed finds a comparison of a closed set with a string outside it.
func (r *refiner) closed(a, b celast.Expr, at, bt *types.Type) (diag.Diagnostic, bool) {
	if at.Kind != types.Literals || bt.Kind != types.Literals {
		return diag.Diagnostic{}, false
	}
	for _, s := range at.Literals {
		for _, t := range bt.Literals {
			if s == t {
				return diag.Diagnostic{}, false
			}
		}
	}
	if isString(a) && isString(b) {
		return neverSame(r.low.span(a.ID()), at, bt), true
	}
	set, lit, node := at, bt, b
	if isString(a) {
		set, lit, node = bt, at, a
	}
	return unknownLiteral(r.low.span(node.ID()), lit, set), true
}

func isString(e celast.Expr) bool {
	if e.Kind() != celast.LiteralKind {
		return false
	}
	_, ok := e.AsLiteral().(celtypes.String)
	return ok
}
