package lint

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/source"
)

// looseEdges are waits through which no failing test comes, for each step the places of those that it waits for like
// this: one that it is only `after`, and asks nothing of; a test that reports its failures instead of failing, and whose
// report the step does not read. It is nil where all waits are others.
func (p *pass) looseEdges(l *check.Pipeline, g *graph) (loose [][]int) {
	ends := p.program.Load.Config.Run.FailFast // a failure ends the run, whatever waits
	for i, s := range g.steps {
		after := afters(s)
		var asked map[string]bool
		for _, j := range g.before[i] {
			name := g.steps[j].Name
			if _, is := after[name]; (ends || !is) && !(g.kind[j].test && reports(g.steps[j])) {
				continue
			}
			if asked == nil {
				asked = asks(l, s)
			}
			if asked[name] {
				continue
			}
			if loose == nil {
				loose = make([][]int, len(g.steps))
			}
			loose[i] = append(loose[i], j)
		}
		if loose != nil {
			slices.Sort(loose[i])
		}
	}
	return loose
}

// afters are the names in a step's `after`, with their places.
func afters(s *check.Step) (names map[string]source.Span) {
	for _, it := range s.Modifiers {
		if a, ok := it.(*ast.After); ok {
			if names == nil {
				names = make(map[string]source.Span, len(a.Steps))
			}
			for _, n := range a.Steps {
				names[n.Text] = n.Range
			}
		}
	}
	return names
}

// reports says that a step tests and succeeds whatever the tests said, which only its report tells.
func reports(s *check.Step) bool {
	switch {
	case s.Op == nil:
		return false
	case s.Op.Module != nil && strings.HasPrefix(s.Op.Module.Load.ID, "std/test"):
		return true
	}
	codes := attr(s.Op.Items, "success_codes")
	if codes == nil || !readsReport(s.Op) {
		return false
	}
	list, ok := ast.Unparen(codes.Value).(*ast.ListLit)
	return ok && slices.ContainsFunc(list.Elems, func(e ast.ListElem) bool {
		code, ok := ast.Unparen(e.Value).(*ast.IntLit)
		return ok && code.Value != 0
	})
}

// asks are the names that the expressions of a step read, directly or through lets.
func asks(l *check.Pipeline, s *check.Step) map[string]bool {
	names := map[string]bool{}
	ast.Inspect(s.Decl, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			names[id.Name] = true
		}
		return true
	})
	for _, let := range slices.Backward(l.Lets) { // each stands after what it depends on
		if names[let.Name] && let.Decl.Value != nil {
			for _, r := range expr.Refs(let.Decl.Value) {
				names[r.Name] = true
			}
		}
	}
	return names
}

// looseEffects finds effects that run though the tests failed which they wait for. It gives the steps of these tests.
func (p *pass) looseEffects(l *check.Pipeline, g *graph) (tests []*check.Step) {
	loose := p.looseEdges(l, g)
	if loose == nil {
		return nil
	}
	firm := func(from, to int) bool { return !isIn(from, loose[to]) }
	failing := g.reached(func(i int) bool { return g.kind[i].mayTest() }, firm)
	tested := g.reached(g.fails, func(int, int) bool { return true })
	comesFrom := func(i int) bool { return tested[i] >= 0 }
	slack := g.reached(func(i int) bool { return slices.ContainsFunc(loose[i], comesFrom) }, func(from, to int) bool {
		return firm(from, to) && !g.guarded(from) // of which it is told already
	})
	for i := range g.steps {
		if at := slack[i]; at >= 0 && g.guarded(i) && failing[i] < 0 {
			from := loose[at][slices.IndexFunc(loose[at], comesFrom)]
			p.reportLoose(l, g, looseWay{effect: i, at: at, from: from, test: tested[from]})
			tests = append(tests, g.steps[tested[from]])
		}
	}
	return tests
}

func isIn(i int, sorted []int) bool {
	_, found := slices.BinarySearch(sorted, i)
	return found
}

// guarded says that a step has an effect that tests should be able to stop.
func (g *graph) guarded(i int) bool {
	k, s := g.kind[i], g.steps[i]
	return k.effect != "" && !k.test && !takesAway(k.effect) && !meantAnyway(s.Name) && !meantAnyway(callee(s)) && !isPreview(s)
}

// isPreview says that a step shows what is there to those who judge it, as its name or that of its op says.
func isPreview(s *check.Step) bool {
	return hasPart(s.Name, previews) || hasPart(callee(s), previews)
}

var previews = []string{"preview", "previews", "review", "ephemeral", "sandbox"}

// hasPart says that one of the words of a name, of which each begins behind a sign, is one of some.
func hasPart(name string, some []string) bool {
	for w := range strings.FieldsFuncSeq(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if slices.Contains(some, strings.ToLower(w)) {
			return true
		}
	}
	return false
}

// callee is the name of what a step calls; "" where it is written in place.
func callee(s *check.Step) string {
	switch {
	case s.Pipeline != nil:
		return s.Pipeline.Name
	case s.Op != nil && !inlineOp(s):
		return s.Op.Name
	}
	return ""
}

// fails says that a step tests, and that nobody has said that it may fail.
func (g *graph) fails(i int) bool {
	return g.kind[i].test && !slices.ContainsFunc(g.steps[i].Modifiers, func(it ast.Item) bool {
		a, ok := it.(*ast.AllowFailure)
		return ok && a.When == nil
	})
}

// reached gives for each step the nearest of some that it waits for, or is, by its place, over some of the waits; -1
// where there is none.
func (g *graph) reached(is func(int) bool, over func(from, to int) bool) []int {
	origin := make([]int, len(g.steps))
	next := make([]int, 0, len(g.steps))
	for i := range origin {
		if origin[i] = -1; is(i) {
			origin[i], next = i, append(next, i)
		}
	}
	for ; len(next) > 0; next = next[1:] {
		for _, to := range g.after[next[0]] {
			if origin[to] < 0 && over(next[0], to) {
				origin[to], next = origin[next[0]], append(next, to)
			}
		}
	}
	return origin
}

// looseWay is how an effect waits for a test that cannot stop it: the step at waits for from, which is the test or has
// waited for it.
type looseWay struct{ effect, at, from, test int }

func (p *pass) reportLoose(l *check.Pipeline, g *graph, w looseWay) {
	s, at, from, test := g.steps[w.effect], g.steps[w.at], g.steps[w.from], g.steps[w.test]
	failed := fmt.Sprintf("%q failed", test.Name)
	if reports(test) {
		failed = "the tests of " + failed
	}
	f := finding{rule: diag.EarlyEffect, file: l.File.Source, at: s.Decl.Name.Range}
	why := ""
	place, after := afters(at)[from.Name]
	switch {
	case w.from == w.test && reports(test):
		why, f.help = fmt.Sprintf("%q succeeds all the same, and only its report says so", test.Name), stopOn(test)
		if _, is := afters(s)[test.Name]; is {
			f.help = "write needs instead of after, and " + f.help
		}
	case w.at == w.effect:
		why = fmt.Sprintf("after %s waits for any end", from.Name)
		f.help = fmt.Sprintf("write needs %s instead of after %s, or ask for it: when succeeded(%s)", from.Name, from.Name, from.Name)
	default:
		why = fmt.Sprintf("%q is only after %q", at.Name, from.Name)
		f.help = fmt.Sprintf("write needs %s instead of after %s in %q", from.Name, from.Name, at.Name)
	}
	if after {
		f.related = []diag.Related{{File: f.file, Span: place, Message: "only its end is waited for here"}}
	}
	f.message = fmt.Sprintf("step %q runs %s even when %s: %s", s.Name, g.kind[w.effect].effect, failed, why)
	p.report(f)
}

// stopOn is how a step stops on the report of one that tests.
func stopOn(test *check.Step) string {
	if t := test.Result; t == expr.TestReport && test.Type == t {
		return fmt.Sprintf(`stop on it: require %s.failed + %s.errors == 0 else "tests failed"`, test.Name, test.Name)
	}
	return fmt.Sprintf("stop on what %s returns: require … else \"tests failed\"", test.Name)
}

// takesAway says that an effect takes away or back what was there.
func takesAway(effect string) bool {
	for w := range strings.FieldsSeq(effect) {
		switch w {
		case "delete", "destroy", "uninstall", "rollback", "undo", "delete-stack":
			return true
		}
	}
	return false
}

// meantAnyway says that what has this name is there for a failure, too: it tells of it, or takes away or back what was
// there for the tests.
func meantAnyway(name string) bool { return hasPart(name, anyway) }

var anyway = []string{
	"notify", "notification", "announce", "tell", "report", "reports", "result", "results", "summary", "status", "badge", "coverage", "log", "logs",
	"artifact", "artifacts", "cleanup", "clean", "teardown", "down", "remove", "reset", "rollback", "undo", "revert", "restore", "failure", "failed",
	"debug", "always", "anyway",
}
