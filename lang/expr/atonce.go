package expr

import (
	"github.com/google/cel-go/common/operators"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/types"
)

// atOnce types what pipelines are full of, names, fields, strings and comparisons, from our own tree, without
// one for CEL. It gives nil for anything else, and for anything that is not plainly right.
// A test holds it against the long way.
func atOnce(x ast.Expr, s *Scope, o Options) *types.Type {
	if wantsOptional(o.Want) || wantsOptional(elemOf(o.Want, types.List)) {
		return nil // a selection would be another one there
	}
	p := plain{scope: s, narrow: o.Narrow}
	t := p.typ(x)
	if t == nil || o.Want != nil && !types.Assignable(t, o.Want) {
		return nil
	}
	return t
}

func wantsOptional(want *types.Type) bool { return want != nil && want.Kind == types.Optional }

// plain types an expression that is plainly right.
type plain struct {
	scope  *Scope
	narrow map[string]bool
	depth  int
}

func (p *plain) typ(x ast.Expr) *types.Type {
	if p.depth++; p.depth > maxNesting {
		return nil
	}
	defer func() { p.depth-- }()
	switch x := x.(type) {
	case *ast.Paren:
		return p.typ(x.X)
	case *ast.Ident:
		return p.name(x.Name)
	case *ast.Select:
		return p.field(x)
	case *ast.StringLit:
		return types.LiteralsOf(x.Value)
	case *ast.IntLit:
		return types.IntType
	case *ast.FloatLit:
		return types.FloatType
	case *ast.BoolLit:
		return types.BoolType
	case *ast.DurationLit:
		return types.DurationType
	case *ast.SizeLit:
		return types.SizeType
	case *ast.Interpolation:
		return p.text(x.Parts)
	case *ast.Unary:
		return p.not(x)
	case *ast.Binary:
		return p.binary(x)
	case *ast.Conditional:
		return p.conditional(x)
	case *ast.ListLit:
		return p.list(x.Elems)
	case *ast.Call:
		return p.conversion(x)
	}
	return nil
}

// conversion is string(x) or int(x) of what nobody has labelled.
func (p *plain) conversion(x *ast.Call) *types.Type {
	if x.Target != nil || len(x.Args) != 1 || x.Name.Text != "string" && x.Name.Text != "int" {
		return nil
	}
	t := p.typ(x.Args[0])
	if t == nil || t.DeepLabels() != 0 {
		return nil
	}
	plainly := t.Kind == types.Int || t.Kind == types.Float || t.Kind == types.String || t.Kind == types.Literals
	switch {
	case plainly && x.Name.Text == "string":
		return types.StringType
	case plainly:
		return types.IntType
	}
	return nil
}

func (p *plain) name(name string) *types.Type {
	v, ok := p.scope.Lookup(name)
	if !ok || v.Broken || v.Type.Kind == types.Invalid {
		return nil
	}
	if v.Type.Kind == types.Optional && p.narrow[name] {
		return v.Type.Plain()
	}
	return v.Type
}

func (p *plain) field(x *ast.Select) *types.Type {
	if x.Optional || chain(x) > maxChain {
		return nil
	}
	in := p.typ(x.X)
	switch {
	case in == nil:
		return nil
	case in.Kind == types.Map && in.Elem != nil && isScalar(in.Elem) && in.DeepLabels()&types.Secret == 0:
		return in.Elem.WithLabels(in.Labels)
	case in.Kind != types.Record:
		return nil
	}
	f, ok := in.Field(x.Name.Text)
	if !ok || f.Type.Kind == types.Optional || f.Type.Kind == types.Invalid {
		return nil
	}
	return f.Type.WithLabels(in.Labels)
}

// text is a string with holes.
func (p *plain) text(parts []ast.Expr) *types.Type {
	var labels types.Label
	for _, part := range parts {
		if _, literal := part.(*ast.StringLit); literal {
			continue
		}
		t := p.typ(part)
		if t == nil || !isScalar(t) {
			return nil
		}
		labels |= t.Labels
	}
	return types.StringType.WithLabels(labels)
}

func (p *plain) not(x *ast.Unary) *types.Type {
	t := p.typ(x.X)
	if t == nil || x.Op != "!" {
		return nil
	}
	return quickOperator(operators.LogicalNot, []*types.Type{t})
}

func (p *plain) binary(x *ast.Binary) *types.Type {
	fn, known := binaryOperators[x.Op]
	outer := p.narrow
	left := p.typ(x.X)
	if left == nil {
		return nil
	}
	switch {
	case x.Op == "&&":
		fn = operators.LogicalAnd
		p.assume(Succeeded(x.X))
	case x.Op == "||":
		fn = operators.LogicalOr
		p.assume(refuted(x.X))
	case !known:
		return nil
	}
	right := p.typ(x.Y)
	p.narrow = outer
	if right == nil {
		return nil
	}
	return quickOperator(fn, []*types.Type{left, right})
}

func (p *plain) conditional(x *ast.Conditional) *types.Type {
	outer := p.narrow
	cond := p.typ(x.Cond)
	p.assume(Succeeded(x.Cond))
	then := p.typ(x.Then)
	p.narrow = outer
	p.assume(refuted(x.Cond))
	other := p.typ(x.Else)
	p.narrow = outer
	if cond == nil || then == nil || other == nil {
		return nil
	}
	return quickOperator(operators.Conditional, []*types.Type{cond, then, other})
}

func (p *plain) assume(names []string) { p.narrow = assuming(p.narrow, names) }

func (p *plain) list(elems []ast.ListElem) *types.Type {
	elem := types.InvalidType
	for _, e := range elems {
		if e.Optional {
			return nil
		}
		t := p.typ(e.Value)
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
