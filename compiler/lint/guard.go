package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/format"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/types"
)

// constantGuards finds conditions that are the same whatever happens.
var constantGuards = rule{
	alone: true,
	op: func(p *pass, o *check.Op) {
		for _, it := range o.Items {
			switch it := it.(type) {
			case *ast.Run:
				p.constantGuard(o.File.Source, o.Scope, it.When, "when", it)
			case *ast.Retry:
				p.constantGuard(o.File.Source, o.ReturnScope, it.When, "retry when", it)
			}
		}
	},
	pipeline: func(p *pass, l *check.Pipeline) {
		for _, it := range l.Head {
			p.guardOf(l.File.Source, l.Scope, it)
		}
	},
	step: func(p *pass, l *check.Pipeline, s *check.Step) {
		p.implied(l, s)
		guard := p.plainGuard(l, s)
		if slices.Contains(l.OnFailure, s) {
			guard = unlike // run.status is known there
		}
		if guard.written() && p.open.has(guard, guard) {
			return // as in the steps before
		}
		before := p.diags.Len()
		for _, it := range s.Modifiers {
			p.guardOf(l.File.Source, s.Scope, it)
		}
		if p.diags.Len() == before {
			p.excluded(l, s)
		}
		if guard.written() && p.diags.Len() == before {
			p.open.add(guard, guard)
		}
	},
}

func (p *pass) guardOf(f *source.File, scope *expr.Scope, it ast.Item) {
	switch it := it.(type) {
	case *ast.When:
		p.constantGuard(f, scope, it.Cond, "when", it)
	case *ast.Require:
		p.constantGuard(f, scope, it.Cond, "require", it)
	case *ast.For:
		p.constantGuard(f, scope, it.Where, "where", it)
	case *ast.Approve:
		p.constantGuard(f, scope, it.When, "approve when", it)
	case *ast.AllowFailure:
		if it.When != nil {
			p.constantGuard(f, ofAttempt(scope), it.When, "allow_failure when", it)
		}
	case *ast.Retry:
		if it.When != nil {
			p.constantGuard(f, ofAttempt(scope), it.When, "retry when", it)
		}
	}
}

// ofAttempt is a scope that knows the last attempt's exit code, too.
func ofAttempt(scope *expr.Scope) *expr.Scope {
	s := scope.Child(expr.Attempt)
	s.Declare("exit_code", expr.Var{Type: types.IntType})
	return s
}

// constantGuard says what a condition comes to when nothing can make it anything else.
func (p *pass) constantGuard(f *source.File, scope *expr.Scope, x ast.Expr, what string, it ast.Item) {
	if x == nil || broken(x) {
		return
	}
	if p.fullRef(f, x) {
		return
	}
	s := p.newScene().at(scope, nil)
	condition := s.read(x)
	d := finding{rule: diag.ConstantGuard, file: f, at: x.Span()}
	background := both(condition, p.facts(s))
	switch {
	case !s.possible(background):
		d.message = what + " is always false" + p.because(s, x)
		d.help = consequence(it, false)
	case !s.possible(both(not(condition), p.facts(s))):
		d.message = what + " is always true" + ofConstants(x)
		d.help, d.fixes = consequence(it, true), withoutCondition(f, it)
	default:
		return
	}
	if !p.refused(f, d.at) {
		p.report(d)
	}
}

// refused says that check has found an error in a place.
func (p *pass) refused(f *source.File, at source.Span) (found bool) {
	p.diags.Each(func(d *diag.Diagnostic) {
		found = found || d.Severity == diag.Error && d.File == f && at.Start <= d.Span.Start && d.Span.End <= at.End
	})
	return found
}

// facts are what the conditions of settings say of what has been asked so far.
func (p *pass) facts(s *scene) *formula {
	all := always
	for _, f := range p.program.Settings {
		if s.vars["settings."+f.Name] != nil {
			all = both(all, s.fact(f))
		}
	}
	return all
}

// unreachableSteps finds steps whose guard contradicts that of a step which must have succeeded.
var unreachableSteps = rule{pipeline: func(p *pass, l *check.Pipeline) {
	for s := range steps(l) {
		p.unreachable(l, s)
	}
}}

func (p *pass) unreachable(l *check.Pipeline, s *check.Step) {
	p.clashing(l, s)
	p.overNothing(l, s)
	guard := p.plainGuard(l, s)
	if guard == none || guard == unlike && len(whens(s)) == 0 {
		return
	}
	if p.allOpen(l, guard, s) {
		return
	}
	own := whens(s)
	if len(s.Needs) > 0 && p.otherwise(l, s, own) {
		return
	}
	before := behind(s, p.byName(l))
	numbers := since(before)
	if p.reachable(s, numbers) || p.contradicted(l, s, own, guard, before) {
		return
	}
	p.reached(s, numbers)
}

// maxBehind is how many of the steps behind a step are looked at, and maxGuarded with how many guards of theirs its
// own are compared, the nearest ones: a chain of thousands would take time by the square.
const (
	maxBehind  = 256
	maxGuarded = 24
)

// contradicted tells of the first step before whose guard excludes those of a step, and says whether there is one, or
// none of its own can hold.
func (p *pass) contradicted(l *check.Pipeline, s *check.Step, own []*ast.When, guard guardID, before []*check.Step) bool {
	guarded, sound := 0, false
	for _, needed := range before {
		other := p.plainGuard(l, needed)
		if other == none {
			continue
		}
		if guarded++; guarded > maxGuarded {
			break
		}
		known := guard.written() && other.written()
		if known && (guard == other || p.open.has(guard, other)) {
			continue // of one that excludes itself constant-guard tells
		}
		for _, w := range whens(needed) {
			if ofInstances(needed, w) {
				continue
			}
			scene := p.newScene() // of these two alone: what else was asked before must not matter
			mine := guards(scene, s, own)
			if sound = sound || scene.possible(mine); !sound {
				return true // constant-guard has said so
			}
			theirs := guards(scene, needed, []*ast.When{w})
			if !scene.possible(theirs) || scene.possible(mine, theirs, p.facts(scene)) {
				continue
			}
			at := s.Decl.Name.Range
			if len(own) > 0 {
				at = own[0].Cond.Span()
			}
			p.report(finding{
				rule: diag.UnreachableStep, file: l.File.Source, at: at,
				message: fmt.Sprintf("step %q never runs: it needs %q, whose guard excludes its own", s.Name, needed.Name),
				help:    "make the two guards agree",
				related: []diag.Related{{File: l.File.Source, Span: w.Range, Message: fmt.Sprintf("%q runs only %s", needed.Name, oneLine(l.File.Source.Slice(w.Range)))}},
			})
			return true
		}
		if known {
			p.open.add(guard, other)
		}
	}
	return false
}

// guards is what must hold for a step to run; names of its own are told from the pipeline's.
func guards(s *scene, step *check.Step, list []*ast.When) *formula {
	inner := s.at(step.Scope, ownNames(step))
	all := always
	for _, w := range list {
		all = both(all, inner.read(w.Cond))
	}
	return all
}

// ownNames tells names of a step's own from the pipeline's.
func ownNames(step *check.Step) func(string) string {
	own := map[string]bool{}
	for _, b := range step.Bindings {
		own[b.Name] = true
	}
	for _, l := range step.Loops {
		own[l.Var] = true
	}
	return func(name string) string {
		if own[name] {
			return step.Name
		}
		return name
	}
}

// ofInstances says that a guard is asked for each instance of a loop: the step may succeed though it
// never holds, with no instance or with gaps.
func ofInstances(s *check.Step, w *ast.When) bool {
	return slices.ContainsFunc(expr.Refs(w.Cond), func(r expr.Ref) bool {
		return slices.ContainsFunc(s.Loops, func(l check.Loop) bool { return l.Var == r.Name })
	})
}

func whens(s *check.Step) (out []*ast.When) {
	for _, it := range s.Modifiers {
		if w, ok := it.(*ast.When); ok && !broken(w.Cond) {
			out = append(out, w)
		}
	}
	return out
}

// behind are the nearest of the steps that must have succeeded before a step, in that order.
func behind(s *check.Step, graph map[string]*check.Step) (out []*check.Step) {
	if len(s.Needs)+len(s.Narrow) == 0 {
		return nil
	}
	seen := map[string]bool{s.Name: true}
	for next := []*check.Step{s}; len(next) > 0 && len(out) < maxBehind; next = next[1:] {
		for _, name := range slices.Concat(next[0].Needs, next[0].Narrow) {
			if needed := graph[name]; needed != nil && !seen[name] {
				seen[name] = true
				out, next = append(out, needed), append(next, needed)
			}
		}
	}
	return out
}

// conjuncts are the parts of a && b && c.
func conjuncts(x ast.Expr) []ast.Expr {
	if b, ok := ast.Unparen(x).(*ast.Binary); ok && b.Op == "&&" {
		return append(conjuncts(b.X), conjuncts(b.Y)...)
	}
	return []ast.Expr{ast.Unparen(x)}
}

// broken says that a part of an expression could not be read.
func broken(x ast.Expr) bool {
	found := x == nil
	if !found {
		ast.Inspect(x, func(n ast.Node) bool {
			_, bad := n.(*ast.BadExpr)
			found = found || bad
			return !found
		})
	}
	return found
}

func short(x ast.Expr) string { return oneLine(format.Expr(x)) }

func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > 60 {
		return string(r[:59]) + "…"
	}
	return s
}

// line is a span with the white space before it, and the line break and the comment behind it
// where it has a line of its own.
func line(f *source.File, at source.Span) source.Span {
	start := at.Start
	for start > 0 && (f.Text[start-1] == ' ' || f.Text[start-1] == '\t') {
		start--
	}
	if int(at.End) < len(f.Text) && f.Text[at.End] == ';' {
		return source.Span{Start: at.Start, End: at.End + 1}
	}
	if start > 0 && f.Text[start-1] != '\n' {
		return source.Span{Start: start, End: at.End}
	}
	rest, _, broken := strings.Cut(f.Text[at.End:], "\n")
	if left := strings.TrimLeft(rest, " \t\r"); left != "" && !strings.HasPrefix(left, "//") {
		return source.Span{Start: start, End: at.End}
	}
	end := at.End + int32(len(rest))
	if broken {
		end++
	}
	return source.Span{Start: start, End: end}
}
