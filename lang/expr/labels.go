package expr

import (
	celast "github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"

	"github.com/pipelang/pipe/lang/types"
)

// governing are the labels of a value that another value of labels l had a say in: which of two
// it is, how many there are, whether there is one at all.
func governing(l types.Label) types.Label {
	if l&types.Secret != 0 {
		l |= types.Concealed
	}
	return l
}

// presenceOf is the type of a test whether there is a value.
func presenceOf(t *types.Type) *types.Type {
	if t.Concealed() {
		return types.BoolType.WithLabels(types.Secret)
	}
	return types.BoolType
}

// gap are the labels that a list or a map gets from a ?value that it may lack.
func gap(t *types.Type) types.Label {
	if t.Concealed() {
		return governing(types.Secret)
	}
	return 0
}

// mayFail are the operations that a secret may be given and that its content may make fail.
var mayFail = map[string]bool{
	operators.Add: true, operators.Index: true, fnConcat: true, "cel.@mapInsert": true,
}

// chooses are the operations that evaluate one operand or not as another has it.
var chooses = map[string]bool{operators.Conditional: true, operators.LogicalAnd: true, operators.LogicalOr: true}

// fails notes that whether the expression fails depends on what is secret in t.
func (r *refiner) fails(e celast.Expr, t *types.Type) {
	if r.fallible == nil && t.DeepLabels()&types.Secret != 0 {
		r.fallible = e
	}
}

// failsOn is fails for the operands of a call.
func (r *refiner) failsOn(e celast.Expr, fn string, nodes []celast.Expr, ts []*types.Type) {
	for i, t := range ts {
		r.failsOnData(nodes[i], t)
		switch {
		case fn == fnConcat:
			r.fails(e, t)
		case (fn == "orValue" || fn == "or") && t.Concealed():
			r.fails(e, t)
		case chooses[fn] && (i == 0 || fn != operators.Conditional) && t.Plain().Labels&types.Secret != 0: // what is chosen may fail
			r.fails(e, t)
		case mayFail[fn] && t.Plain().Labels&types.Secret != 0: // what is inside is only moved
			r.fails(e, t)
		}
	}
}

// failsOnData is fails for an operation that only data of a shape that the run knows can make fail.
func (r *refiner) failsOnData(e celast.Expr, t *types.Type) {
	if t.Kind == types.JSON {
		r.fails(e, t)
	}
}

// telling reports an expression that is no secret, but fails or does not as a secret has it.
func (r *refiner) telling(t *types.Type) *types.Type {
	if r.fallible == nil || r.broken || t.Kind == types.Invalid || t.DeepLabels()&types.Secret != 0 {
		return t
	}
	return r.fail(tellingFailure(r.low.span(r.fallible.ID())))
}

// unlabelled is a type without any labels, inside too.
func unlabelled(t *types.Type) *types.Type {
	if t.DeepLabels() == 0 {
		return t
	}
	return stripped(t, map[*types.RecordInfo]*types.Type{})
}

func stripped(t *types.Type, seen map[*types.RecordInfo]*types.Type) *types.Type {
	u := *t
	u.Labels = 0
	if t.Elem != nil {
		u.Elem = stripped(t.Elem, seen)
	}
	if t.Kind != types.Record {
		return &u
	}
	if done := seen[t.Record]; done != nil {
		return done
	}
	u.Record = &types.RecordInfo{Name: t.Record.Name}
	seen[t.Record] = &u
	for _, f := range t.Record.Fields {
		f.Type = stripped(f.Type, seen)
		u.Record.Fields = append(u.Record.Fields, f)
	}
	return &u
}

// lostLabels are the labels that keep got from standing where want is expected: 0 when it is
// something else that does.
func lostLabels(got, want *types.Type) types.Label {
	lost := got.DeepLabels() &^ want.Labels
	if lost == 0 || !types.Assignable(unlabelled(got), want) {
		return 0
	}
	if l := got.DeepLabels() &^ want.DeepLabels(); l != 0 {
		return l
	}
	return lost
}
