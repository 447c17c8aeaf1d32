package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
)

// premise is what holds wherever a later condition of a step is asked.
type premise struct {
	cond    ast.Expr
	from    *scene      // that the condition is read in; nil for the step's own
	formula *formula    // once it is asked for
	says    string      // as the end of a message
	at      source.Span // where it is written; empty when nowhere
}

// inner is a condition of a step that is asked where its guards hold.
type inner struct {
	item ast.Item
	word string
	cond ast.Expr
	// attempt says that it is asked of an attempt, whose exit code and output it may read.
	attempt bool
}

// implied finds conditions of a step that could be either way, and cannot where they are asked: its guards, and what it
// asks before, decide them.
func (p *pass) implied(l *check.Pipeline, s *check.Step) {
	if !asksMore(s) {
		return
	}
	q := &question{pass: p, pipeline: l, step: s, scene: p.newScene(), rename: ownNames(s)}
	q.around()
	var ofEach []*ast.When
	for _, w := range whens(s) {
		if ofInstances(s, w) {
			ofEach = append(ofEach, w)
		} else {
			q.hold(nil, w.Cond, "the step runs only when", w.Range)
		}
	}
	for _, loop := range s.Loops {
		if where := loop.Decl.Where; where != nil && !broken(where) {
			q.ask(inner{item: loop.Decl, word: "where", cond: where})
			q.hold(nil, where, "for takes only where", where.Span())
		}
	}
	for _, w := range ofEach {
		q.ask(inner{item: w, word: "when", cond: w.Cond})
	}
	for _, w := range ofEach {
		q.hold(nil, w.Cond, "the step runs only when", w.Range)
	}
	for _, it := range s.Modifiers {
		if r, ok := it.(*ast.Require); ok && !broken(r.Cond) {
			q.ask(inner{item: r, word: "require", cond: r.Cond})
			q.hold(nil, r.Cond, "the step requires", r.Range)
		}
	}
	q.last()
}

// asksMore says that a step has conditions beside its guards, or guards that are asked late.
func asksMore(s *check.Step) bool {
	for _, it := range s.Modifiers {
		switch it := it.(type) {
		case *ast.Require:
			return true
		case *ast.For:
			if it.Where != nil {
				return true
			}
		case *ast.Approve:
			if it.When != nil {
				return true
			}
		case *ast.AllowFailure:
			if it.When != nil {
				return true
			}
		case *ast.Retry:
			if it.When != nil {
				return true
			}
		}
	}
	return inlineOp(s) && slices.ContainsFunc(s.Op.Items, func(it ast.Item) bool {
		switch it := it.(type) {
		case *ast.Run:
			return it.When != nil
		case *ast.Retry:
			return it.When != nil
		}
		return false
	})
}

func inlineOp(s *check.Step) bool { return s.Op != nil && s.Op.Inline == s.Decl }

// question goes through the conditions of a step in the order in which they are asked.
type question struct {
	*pass
	pipeline *check.Pipeline
	step     *check.Step
	scene    *scene
	rename   func(string) string // ownNames of the step
	holds    []premise           // 2*maxPremises at most
	asked    int
}

// maxPremises is how many needs of a step are looked at, and as many conditions: each is left out once for a message.
const maxPremises = 32

// maxAsked is how many conditions of a step are asked.
const maxAsked = 128

// around takes in what holds around all guards of the step.
func (q *question) around() {
	for _, it := range q.pipeline.Head {
		if w, ok := it.(*ast.When); ok && !broken(w.Cond) {
			q.hold(q.scene.at(q.pipeline.Scope, nil), w.Cond, "the pipeline runs only when", w.Range)
		}
	}
	if slices.Contains(q.pipeline.OnFailure, q.step) {
		f := q.scene.at(q.step.Scope, nil).read(failedRun())
		q.holds = append(q.holds, premise{formula: f, says: `run.status is "failed" in on failure`})
	}
	var asked map[string]bool // any other is only more to try
	if len(q.step.Needs) > 0 {
		asked = asks(q.pipeline, q.step)
	}
	for _, it := range q.step.Modifiers {
		n, ok := it.(*ast.Needs)
		for i := 0; ok && i < len(n.Items) && len(q.holds) < maxPremises; i++ {
			if need := n.Items[i]; need.Value == nil && asked[need.Name.Text] && slices.Contains(q.step.Needs, need.Name.Text) {
				ended := q.scene.ended(need.Name.Text, "succeeded")
				q.holds = append(q.holds, premise{formula: ended, says: "the step needs " + need.Name.Text, at: need.Range})
			}
		}
	}
}

// last asks what is asked when all guards have held, in no order of each other.
func (q *question) last() {
	for _, it := range q.step.Modifiers {
		switch it := it.(type) {
		case *ast.Approve:
			q.ask(inner{item: it, word: "approve when", cond: it.When})
		case *ast.AllowFailure:
			q.ask(inner{item: it, word: "allow_failure when", cond: it.When, attempt: true})
		case *ast.Retry:
			q.ask(inner{item: it, word: "retry when", cond: it.When, attempt: true})
		}
	}
	if !inlineOp(q.step) {
		return
	}
	for _, it := range q.step.Op.Items {
		switch it := it.(type) {
		case *ast.Run:
			q.ask(inner{item: it, word: "when", cond: it.When})
		case *ast.Retry:
			q.ask(inner{item: it, word: "retry when", cond: it.When, attempt: true})
		}
	}
}

// own is the scene from the step's point of view.
func (q *question) own() *scene { return q.scene.at(q.step.Scope, q.rename) }

func (q *question) hold(from *scene, x ast.Expr, says string, at source.Span) {
	if len(q.holds) >= 2*maxPremises {
		return
	}
	q.holds = append(q.holds, premise{cond: x, from: from, says: says, at: at})
}

// reason is a premise as the end of a message.
func (h premise) reason() string {
	if h.cond == nil {
		return h.says
	}
	return h.says + " " + short(h.cond)
}

// ask says so where what holds decides a condition that could be either way by itself.
func (q *question) ask(c inner) {
	if c.cond == nil || broken(c.cond) || len(q.holds) == 0 || q.asked >= maxAsked {
		return
	}
	q.asked++
	file := q.pipeline.File.Source
	from := q.own()
	if c.attempt {
		from = q.scene.at(ofAttempt(q.step.Scope), func(name string) string {
			if ofAnAttempt(name) {
				return "the attempt"
			}
			return q.rename(name)
		})
	}
	condition := from.read(c.cond)
	if q.scene.possible(condition) == q.scene.possible(not(condition)) && q.possible(q.holds) {
		for _, value := range []bool{false, true} {
			if reasons := q.against(condition, value); reasons != nil {
				q.reportImplied(file, c, value, reasons)
				return
			}
		}
	}
}

// possible says that premises can hold together.
func (q *question) possible(premises []premise, more ...*formula) bool {
	for i := range premises {
		h := &premises[i]
		if h.formula == nil && h.from == nil {
			h.from = q.own()
		}
		if h.formula == nil {
			h.formula = h.from.read(h.cond)
		}
		more = append(more, h.formula)
	}
	return q.scene.possible(append(more, q.facts(q.scene))...)
}

// against are the fewest premises that give a condition its value; nil when all together do not, or none are needed.
func (q *question) against(condition *formula, value bool) []premise {
	other := condition
	if value {
		other = not(condition)
	}
	if q.possible(q.holds, other) || !q.possible(nil, other) {
		return nil
	}
	left := slices.Clone(q.holds)
	for i := len(left) - 1; i >= 0; i-- {
		if fewer := slices.Delete(slices.Clone(left), i, i+1); !q.possible(fewer, other) {
			left = fewer
		}
	}
	return left
}

func (q *question) reportImplied(file *source.File, c inner, value bool, reasons []premise) {
	var says []string
	var related []diag.Related
	for _, r := range reasons {
		says = append(says, r.reason())
		if r.at.End > r.at.Start {
			related = append(related, diag.Related{File: file, Span: r.at, Message: "this holds there"})
		}
	}
	f := finding{
		rule: diag.ConstantGuard, file: file, at: c.cond.Span(), related: related,
		message: fmt.Sprintf("%s is always %t: %s", c.word, value, strings.Join(says, ", and ")), help: consequence(c.item, value),
	}
	if value {
		f.fixes = withoutCondition(file, c.item)
	}
	if !q.refused(file, f.at) {
		q.report(f)
	}
}

func ofAnAttempt(name string) bool {
	return name == "exit_code" || name == "stdout" || name == "stderr" || name == "outputs"
}
