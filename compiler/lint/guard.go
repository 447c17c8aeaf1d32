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
		text := p.plainGuard(l, s)
		if slices.Contains(l.OnFailure, s) {
			text = "" // run.status is known there
		}
		if text != "" && p.open[pairOf(l, text, text)] {
			return // as in the steps before
		}
		before := p.diags.Len()
		for _, it := range s.Modifiers {
			p.guardOf(l.File.Source, s.Scope, it)
		}
		if p.diags.Len() == before {
			p.excluded(l, s)
		}
		if text != "" && p.diags.Len() == before {
			p.open[pairOf(l, text, text)] = true
		}
	},
}

// guardPair is two guards of a pipeline, as they are written.
type guardPair struct{ file, in, first, other string }

func pairOf(l *check.Pipeline, first, other string) guardPair {
	return guardPair{l.File.Source.Name, l.Name, first, other}
}

// plainGuard is the text of a step's conditions when they mean the same wherever in the pipeline
// they stand: they name no step and nothing of the step's own. It is "" for others.
func (p *pass) plainGuard(l *check.Pipeline, s *check.Step) string {
	if len(s.Bindings) > 0 || len(s.Loops) > 0 {
		return ""
	}
	if text, known := p.plain[s]; known {
		return text
	}
	text := ""
	for _, it := range s.Modifiers {
		w, ok := it.(*ast.When)
		if !ok && conditional(it) || ok && p.namesStep(l, w.Cond) {
			text = ""
			break
		}
		if ok {
			text += l.File.Source.Slice(w.Range) + "\n"
		}
	}
	p.plain[s] = text
	return text
}

// conditional says that an item may have a condition of another kind than `when`.
func conditional(it ast.Item) bool {
	switch it.(type) {
	case *ast.Require, *ast.For, *ast.Approve, *ast.AllowFailure, *ast.Retry:
		return true
	}
	return false
}

func (p *pass) namesStep(l *check.Pipeline, x ast.Expr) bool {
	if broken(x) {
		return true
	}
	names := p.stepNames[l]
	if names == nil {
		names = map[string]bool{}
		for s := range steps(l) {
			names[s.Name] = true
		}
		p.stepNames[l] = names
	}
	return expr.AnyRef(x, func(r expr.Ref) bool { return names[r.Name] })
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
		d.message = what + " is always true"
		d.help = consequence(it, true)
		if w, ok := it.(*ast.When); ok {
			d.fixes = []diag.Fix{{Message: "remove it", Edits: []diag.Edit{{File: f, Span: line(f, w.Range)}}}}
		}
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

// because names the first two parts of a condition that exclude each other.
func (p *pass) because(s *scene, x ast.Expr) string {
	parts := conjuncts(x)
	for i, a := range parts {
		for _, b := range parts[:i] {
			if !s.possible(s.read(a), s.read(b)) {
				return fmt.Sprintf(": %s and %s exclude each other", short(b), short(a))
			}
		}
	}
	for _, a := range parts {
		if len(parts) > 1 && !s.possible(both(s.read(a), p.facts(s))) {
			return ": " + short(a) + " never holds"
		}
	}
	return ""
}

func consequence(it ast.Item, value bool) string {
	switch it.(type) {
	case *ast.When:
		if value {
			return "remove it, or ask for what is meant"
		}
		return "the step never runs: remove it, or ask for what is meant"
	case *ast.Require:
		if value {
			return "it never stops anything: remove it, or ask for what is meant"
		}
		return "it always fails: ask for what is meant"
	}
	if value {
		return "remove the condition, or ask for what is meant"
	}
	return "it never applies: remove it, or ask for what is meant"
}

// unreachableSteps finds steps whose guard contradicts that of a step which must have succeeded.
var unreachableSteps = rule{pipeline: func(p *pass, l *check.Pipeline) {
	graph := map[string]*check.Step{}
	for s := range steps(l) {
		graph[s.Name] = s
	}
	for s := range steps(l) {
		p.unreachable(l, s, graph)
	}
}}

func (p *pass) unreachable(l *check.Pipeline, s *check.Step, graph map[string]*check.Step) {
	own := whens(s)
	if len(own) == 0 && len(s.Needs) == 0 {
		return
	}
	text := p.plainGuard(l, s)
	if len(own) == 0 {
		text = "always"
	}
	if p.allOpen(l, text, s, graph) {
		return
	}
	before := behind(s, graph)
	numbers := since(before)
	if p.reachable(s, numbers) || p.contradicted(l, s, own, text, before) {
		return
	}
	p.reached(s, numbers)
}

// contradicted tells of the first step before whose guard excludes those of a step, and says whether there is one, or
// none of its own can hold.
func (p *pass) contradicted(l *check.Pipeline, s *check.Step, own []*ast.When, text string, before []*check.Step) bool {
	scene := p.newScene()
	var mine *formula
	for _, needed := range before {
		pair := pairOf(l, text, p.plainGuard(l, needed))
		known := pair.first != "" && pair.other != ""
		if known && p.open[pair] {
			continue
		}
		for _, w := range whens(needed) {
			if ofInstances(needed, w) {
				continue
			}
			if mine == nil {
				if mine = guards(scene, s, own); !scene.possible(mine) {
					return true // constant-guard has said so
				}
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
			p.open[pair] = true
		}
	}
	return false
}

// allOpen says that each guard of the steps that must have succeeded before a step has been found to go with its own.
func (p *pass) allOpen(l *check.Pipeline, text string, s *check.Step, graph map[string]*check.Step) bool {
	before := p.guardsBefore(l, s, graph)
	return text != "" && before.plain && !slices.ContainsFunc(before.texts, func(other string) bool {
		return !p.open[pairOf(l, text, other)]
	})
}

// guardSet is the texts of some steps' guards, each once.
type guardSet struct {
	texts []string
	plain bool // all of them are plain
}

// guardsBefore are those of the steps that must have succeeded before a step.
func (p *pass) guardsBefore(l *check.Pipeline, s *check.Step, graph map[string]*check.Step) guardSet {
	if known, ok := p.before[s]; ok {
		return known
	}
	p.before[s] = guardSet{} // not plain, on a cycle
	all := guardSet{plain: true}
	for _, names := range [][]string{s.Needs, s.Narrow} {
		for _, name := range names {
			needed := graph[name]
			if needed == nil || needed == s {
				continue
			}
			further := p.guardsBefore(l, needed, graph)
			all.plain = all.plain && further.plain
			for _, text := range append(further.texts[:len(further.texts):len(further.texts)], p.plainGuard(l, needed)) {
				all.plain = all.plain && text != ""
				if !slices.Contains(all.texts, text) {
					all.texts = append(all.texts, text)
				}
			}
		}
	}
	p.before[s] = all
	return all
}

// guards is what must hold for a step to run; names of its own are told from the pipeline's.
func guards(s *scene, step *check.Step, list []*ast.When) *formula {
	own := map[string]bool{}
	for _, b := range step.Bindings {
		own[b.Name] = true
	}
	for _, l := range step.Loops {
		own[l.Var] = true
	}
	inner := s.at(step.Scope, func(name string) string {
		if own[name] {
			return step.Name
		}
		return name
	})
	all := always
	for _, w := range list {
		all = both(all, inner.read(w.Cond))
	}
	return all
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

// behind are the steps that must have succeeded before a step, nearest first.
func behind(s *check.Step, graph map[string]*check.Step) (out []*check.Step) {
	if len(s.Needs)+len(s.Narrow) == 0 {
		return nil
	}
	seen := map[string]bool{s.Name: true}
	for next := []*check.Step{s}; len(next) > 0; next = next[1:] {
		for _, name := range append(next[0].Needs, next[0].Narrow...) {
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
