package check

import (
	"slices"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/types"
)

// modifier checks one modifier of a step, or of a pipeline's head. when has what is plain in
// a guard, which is less than elsewhere; ended has what a failure left behind, too.
func (e exprs) modifier(it ast.Item, when, ended exprs) {
	switch it := it.(type) {
	case *ast.When:
		when.want(it.Cond, types.BoolType, "when")
	case *ast.Require:
		e.want(it.Cond, types.BoolType, "require")
		e.want(it.Else, types.StringType, "the message of require")
	case *ast.Approve:
		e.want(it.Message, types.StringType, "the message of approve")
		e.want(it.When, types.BoolType, "approve when")
	case *ast.Lock:
		e.unquoted(it.Key, "lock", func(e exprs) *types.Type { return e.want(it.Key, types.StringType, "lock") })
		if p := it.Policy; p.Text != "" && p.Text != "latest" && p.Text != "reject" {
			e.file.unknown(diag.UnknownKeyword, p, "lock policy", []string{"latest", "reject"})
		}
	case *ast.AllowFailure:
		ended.want(it.When, types.BoolType, "allow_failure when")
	case *ast.Retry:
		e.retry(it, ended)
	case *ast.Attr:
		opBody{file: e.file, in: e, ret: e, where: "a step"}.attr(it)
	}
}

// details checks what no type depends on: arguments, modifiers, and the attributes of inline ops.
func (n *node) details(f *file) {
	e := n.local
	e.file, e.diags = f, f.diags
	n.arguments(e)
	if n.was != nil {
		return
	}
	when, ended := e, e
	when.narrow = n.needed()
	if slices.ContainsFunc(n.items, asksHowItEnded) {
		ended.scope = n.endedScope()
	}
	inline := n.step.Op != nil && n.step.Op.Inline != nil
	for _, it := range n.items {
		if inline && roles[keyword(it)]&attribute != 0 {
			continue // checked with the op's attributes
		}
		n.placed(f, it)
		e.modifier(it, when, ended)
	}
	if inline {
		n.inlineBody(f, e)
	}
}

// asksHowItEnded says that an item may have a condition about a failure.
func asksHowItEnded(it ast.Item) bool {
	switch it.(type) {
	case *ast.AllowFailure, *ast.Retry:
		return true
	}
	return false
}

// endedScope is what conditions about a failure read: what the attempt of an op left behind, the
// exit code alone of a called pipeline.
func (n *node) endedScope() *expr.Scope {
	if n.step.Pipeline == nil {
		return attemptScope(n.local.scope, 0) // only conditions read it
	}
	s := n.local.scope.Child(0)
	s.Declare("exit_code", expr.Var{Type: types.IntType})
	return s
}

// placed refuses modifiers that are legal on other steps.
func (n *node) placed(f *file, it ast.Item) {
	switch it := it.(type) {
	case *ast.Approve:
		if n.stage.tail {
			f.report(finding{
				rule: diag.Misplaced, at: headOf(it), message: "approve cannot stand in on failure or finally: perhaps nobody is there to answer",
				help: "ask in a step of the pipeline itself",
			})
		}
	case *ast.Attr:
		if n.step.Pipeline != nil && it.Key.Text == "pool" {
			f.report(finding{
				rule: diag.Misplaced, at: headOf(it), message: "pool cannot stand on a pipeline: a slot is held while an op runs",
				help: "let the pipeline's own steps or ops name the pool; lock is for the whole",
			})
		}
	case *ast.Retry:
		if n.step.Pipeline != nil {
			f.report(finding{
				rule: diag.Misplaced, at: headOf(it), message: "retry cannot stand on a pipeline: a step that succeeded runs once",
				help: "let the pipeline's own steps retry",
			})
		}
	}
}

// details of all steps of a stage.
func (s *stage) details() {
	s.independent(len(s.list), s.file.diags, func(i int, diags *diag.List) {
		n, said := s.list[i], diags.Len()
		if n.was != nil && n.step.Decl.Inline {
			return // nothing of it is anybody's but the step's
		}
		n.details(s.file.reportingTo(diags))
		n.said = n.said || diags.Len() > said
	})
	if !s.tail {
		s.remember()
	}
}
