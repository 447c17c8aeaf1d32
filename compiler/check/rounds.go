package check

import (
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

// rounds are what the variables of a step's loops are one after the other, where that stands in the text.
type rounds struct {
	node *node
	once sync.Once
	all  []round // nil where they are not known
}

// round is one of them, by the names of the variables.
type round = map[string]value.Value

// Most and fewest rounds of a step that are looked at, as a large text may hold thousands of expressions that read
// them; of loops that make more nothing is said.
const (
	maxRounds = 64
	minRounds = 16
)

// rounds is how many of a step are looked at.
func (k *evaluations) rounds() int { return min(maxRounds, max(minRounds, 4_000_000/max(k.size, 1))) }

// has says that a name is of a loop whose rounds are known.
func (r *rounds) has(name string) bool {
	return slices.ContainsFunc(r.node.step.Loops, func(l Loop) bool { return l.Var == name }) && r.known() != nil
}

func (r *rounds) known() []round {
	r.once.Do(func() { r.all = r.node.allRounds() })
	return r.all
}

// allRounds are those in which the step runs, as far as its loops decide that.
func (n *node) allRounds() []round {
	e := n.local
	e.loops = nil
	all := []round{{}}
	var conditions []ast.Expr
	for _, l := range n.step.Loops {
		if all = e.goneOver(l, all); all == nil {
			return nil
		}
		if l.Decl.Where != nil {
			conditions = append(conditions, l.Decl.Where)
		}
	}
	vars := n.loopVars()
	for _, it := range n.items {
		if w, ok := it.(*ast.When); ok && w.Cond != nil && mentions(w.Cond, vars) {
			conditions = append(conditions, w.Cond)
		}
	}
	for _, x := range conditions {
		if all = e.meeting(x, all); all == nil {
			return nil
		}
	}
	return all
}

// goneOver are rounds with another loop inside of them; nil where its list is not known, or they are too many.
func (e exprs) goneOver(l Loop, outer []round) []round {
	if l.Decl.List == nil || l.Type.Kind == types.Invalid {
		return nil
	}
	limit := e.file.evaluations.rounds()
	out := []round{}
	for _, given := range outer {
		v, _ := e.evaluated(l.Decl.List, nil, given)
		list, ok := v.(value.List)
		if !ok || len(out)+len(list) > limit {
			return nil
		}
		for _, elem := range list {
			inner := maps.Clone(given)
			inner[l.Var] = elem
			out = append(out, inner)
		}
	}
	return out
}

// meeting are the rounds in which a condition holds; nil where that is not known of one.
func (e exprs) meeting(x ast.Expr, all []round) []round {
	left := []round{}
	for _, given := range all {
		switch v, _ := e.evaluated(x, types.BoolType, given); v {
		case value.Bool(true):
			left = append(left, given)
		case value.Bool(false):
		default:
			return nil
		}
	}
	return left
}

// eachRound visits the rounds that differ for an expression, until visit has enough; a nil one where it reads no loop.
func (e exprs) eachRound(x ast.Expr, visit func(round) bool) {
	if e.loops == nil || !expr.AnyRef(x, func(r expr.Ref) bool { return e.loops.has(r.Name) }) {
		visit(nil)
		return
	}
	for _, given := range e.loops.known() {
		if !visit(given) {
			return
		}
	}
}

// inRound says in which round of its loops a step comes to something.
func inRound(given round) string {
	out := ""
	for i, name := range slices.Sorted(maps.Keys(given)) {
		word := " and "
		if i == 0 {
			word = ", where "
		}
		out += fmt.Sprintf("%s%s is %s", word, name, shown(given[name]))
	}
	return out
}

// inRoundOf is inRound where the value is not the loop's own.
func (e exprs) inRoundOf(v ast.Expr, given round) string {
	if _, own := ast.Unparen(v).(*ast.Ident); own {
		return ""
	}
	return inRound(given)
}

// shown is a value as messages have it.
func shown(v value.Value) string {
	raw, err := value.Marshal(v)
	if err != nil {
		return "what it is"
	}
	return oneLine(string(raw))
}
