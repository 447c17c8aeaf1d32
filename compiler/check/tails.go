package check

import (
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/types"
)

// tail collects the steps of `on failure` or `finally`.
func (b *body) tail(items []ast.Item, where string) *stage {
	s := b.newStage(nil, true, len(items))
	b.tails = append(b.tails, s)
	for _, it := range items {
		switch it := it.(type) {
		case *ast.Step:
			s.collect(it)
		case *ast.BadItem:
			s.bad[it.Name.Text] = true
		default:
			b.errorf(diag.Misplaced, headOf(it), "%s does not belong to %s: expected a step", keyword(it), where)
		}
	}
	return s
}

// checkTail checks a stage after the pipeline's own: every step of that may have no result.
func (b *body) checkTail(s *stage) []*Step {
	if s == nil {
		return nil
	}
	s.scope = b.scope.Child(0)
	s.scope.Declare("run", expr.Var{Type: tailRunType})
	for _, n := range b.main.list {
		v, _ := b.scope.Lookup(n.step.Name)
		if v.Type != nil && v.Type.Kind != types.Invalid && v.Type.Kind != types.Optional {
			v.Type = types.OptionalOf(v.Type)
			v.Why = &expr.Why{File: b.src, Span: n.step.Decl.Name.Range, Text: "the run may fail before it"}
			s.scope.Declare(n.step.Name, v)
		}
	}
	for name := range s.bad {
		if name != "" {
			s.scope.Declare(name, expr.Var{Type: types.InvalidType, Broken: true, Step: true})
		}
	}
	s.order()
	s.details()
	return s.steps()
}
