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

// cachedEffects finds effects that a cache would leave out.
var cachedEffects = rule{
	alone: true,
	op: func(p *pass, o *check.Op) {
		c := cachedItem(o)
		if e := p.effect(o); c != nil && e != "" {
			p.report(finding{
				rule: diag.CachedEffect, file: o.File.Source, at: wordAt(c.Range, "cached"),
				message: fmt.Sprintf("%s is cached and runs %s: when it is found in the cache, that is left out", owner(o), e),
				help:    "remove cached, or take the effect into a step of its own",
			})
		}
	},
}

// effects finds pushes and deploys that no test comes before, and approvals that come too late.
var effects = rule{
	around: true,
	pipeline: func(p *pass, l *check.Pipeline) {
		if !slices.ContainsFunc(l.Steps, func(s *check.Step) bool { return p.kind(s).effect != "" }) {
			return
		}
		g := p.graph(l)
		tested := g.behind(kind.mayTest)
		for _, s := range l.Steps {
			k := g.kind[s.Name]
			if k.effect != "" && !k.test && tested[s.Name] == nil {
				p.early(l, s, k.effect, g.testsBefore(l, s))
			}
			p.late(l, g, s)
		}
	},
}

// maxTests is how many tests a way out names, of the first maxLooked.
const (
	maxTests  = 4
	maxLooked = 64
)

// testsBefore are the first of the steps that test and do not wait for a step, so that it can wait for them.
func (g *graph) testsBefore(l *check.Pipeline, s *check.Step) (names []string) {
	if g.tests == nil {
		g.tests = []test{}
		for _, t := range l.Steps {
			if g.kind[t.Name].test && len(g.tests) < maxLooked {
				g.tests = append(g.tests, test{name: t.Name})
			}
		}
	}
	for i := range g.tests {
		t := &g.tests[i]
		if t.waitsFor == nil {
			t.waitsFor = g.ahead(func(name string) bool { return name == t.name })
		}
		if t.name != s.Name && !t.waitsFor[s.Name] {
			names = append(names, t.name)
		}
		if len(names) == maxTests {
			break
		}
	}
	return names
}

// calledTested says that other pipelines call one, and each only behind a test.
func (p *pass) calledTested(l *check.Pipeline) bool {
	if p.called == nil {
		p.called = map[*check.Pipeline]bool{}
		for _, m := range p.program.Modules {
			for _, caller := range m.Pipelines {
				p.callsBehindTests(caller)
			}
		}
	}
	return p.called[l]
}

func (p *pass) callsBehindTests(caller *check.Pipeline) {
	var tested map[string]*check.Step
	for s := range steps(caller) {
		if s.Pipeline == nil {
			continue
		}
		if tested == nil {
			tested = p.graph(caller).behind(kind.mayTest)
		}
		before, known := p.called[s.Pipeline]
		p.called[s.Pipeline] = (before || !known) && tested[s.Name] != nil
	}
}

func (p *pass) early(l *check.Pipeline, s *check.Step, effect string, tests []string) {
	f := finding{
		rule: diag.EarlyEffect, file: l.File.Source, at: s.Decl.Name.Range,
		message: fmt.Sprintf("step %q runs %s and waits for no test of this pipeline", s.Name, effect),
		help:    "let it need the tests: needs " + strings.Join(tests, ", "),
	}
	if len(tests) == 0 && p.calledTested(l) {
		return
	}
	if len(tests) == 0 {
		f.hint = true
		f.message = fmt.Sprintf("step %q runs %s, and nothing in this pipeline tests it before", s.Name, effect)
		f.help = "add a step that tests, and let this one need it"
	}
	p.report(f)
}

// late finds an approval behind an effect, with none that it could still stop.
func (p *pass) late(l *check.Pipeline, g *graph, s *check.Step) {
	for _, it := range s.Modifiers {
		a, ok := it.(*ast.Approve)
		if !ok || g.kind[s.Name].effect != "" || g.kind[s.Name].unknown || p.acts(s) {
			continue
		}
		if g.changed == nil {
			g.changed = g.behind(func(k kind) bool { return k.effect != "" })
			g.changes = g.ahead(func(name string) bool {
				return g.kind[name].effect != "" || g.kind[name].unknown || p.acts(g.steps[name])
			})
		}
		before := g.changed[s.Name]
		if before == nil || g.changes[s.Name] {
			continue
		}
		p.report(finding{
			rule: diag.LateApproval, file: l.File.Source, at: wordAt(a.Range, "approve"),
			message: fmt.Sprintf("the approval of %q comes after %q, which runs %s, and nothing that follows has an effect", s.Name, before.Name, g.kind[before.Name].effect),
			help:    fmt.Sprintf("move it to %q", before.Name),
			related: []diag.Related{{File: l.File.Source, Span: before.Decl.Name.Range, Message: "the effect is here"}},
		})
	}
}

// wordAt is the first word of an item.
func wordAt(at source.Span, word string) source.Span {
	return source.Span{Start: at.Start, End: at.Start + int32(len(word))}
}

// kind is what a step does, as far as its text tells.
type kind struct {
	effect  string // the command that changes the world; "" when there is none
	test    bool
	unknown bool // it runs what nobody has read: a native op, another interpreter
}

// mayTest says that a step tests, or that nobody knows.
func (k kind) mayTest() bool { return k.test || k.unknown }

// graph is a pipeline's steps with what they do.
type graph struct {
	pipeline *check.Pipeline
	steps    map[string]*check.Step
	after    map[string][]string // who waits for a step
	kind     map[string]kind

	// once somebody has asked
	tests   []test
	changed map[string]*check.Step // behind an effect, with the nearest
	changes map[string]bool        // ahead of an effect, or of what may be one
}

// test is a step that tests, and those that it waits for once somebody has asked.
type test struct {
	name     string
	waitsFor map[string]bool
}

func (p *pass) graph(l *check.Pipeline) *graph {
	n := len(l.Steps)
	g := &graph{pipeline: l, steps: make(map[string]*check.Step, n), after: make(map[string][]string, n), kind: make(map[string]kind, n)}
	for _, s := range l.Steps {
		g.steps[s.Name] = s
		g.kind[s.Name] = p.kind(s)
		for _, e := range before(s) {
			g.after[e] = append(g.after[e], s.Name)
		}
	}
	return g
}

func before(s *check.Step) []string { return slices.Concat(s.ValueEdges, s.OrderEdges, s.Needs) }

// behind are the steps that wait for one of a kind, each with the nearest that it waits for.
func (g *graph) behind(is func(kind) bool) map[string]*check.Step {
	origin := map[string]*check.Step{}
	var next []string
	for _, s := range g.pipeline.Steps {
		if is(g.kind[s.Name]) {
			next = append(next, s.Name)
		}
	}
	for first := len(next); len(next) > 0; next, first = next[1:], first-1 {
		from := origin[next[0]]
		if first > 0 {
			from = g.steps[next[0]]
		}
		for _, e := range g.after[next[0]] {
			if origin[e] == nil {
				origin[e], next = from, append(next, e)
			}
		}
	}
	return origin
}

// ahead are the steps that one of some waits for.
func (g *graph) ahead(is func(name string) bool) map[string]bool {
	seen := map[string]bool{}
	var next []string
	for _, s := range g.pipeline.Steps {
		if is(s.Name) {
			next = append(next, s.Name)
		}
	}
	for ; len(next) > 0; next = next[1:] {
		if s := g.steps[next[0]]; s != nil {
			for _, e := range before(s) {
				if !seen[e] && g.steps[e] != nil {
					seen[e], next = true, append(next, e)
				}
			}
		}
	}
	return seen
}

func (p *pass) kind(s *check.Step) kind {
	of := kind{unknown: true}
	switch {
	case s.Op != nil:
		of = p.kindOf(s.Op)
	case s.Pipeline != nil:
		of = p.kindOfAll(s.Pipeline)
	}
	of.test = of.test || isTestName(s.Name)
	return of
}

// kindOfAll is what the steps of a pipeline do, looked at once.
func (p *pass) kindOfAll(l *check.Pipeline) (k kind) {
	if k, known := p.wholes[l]; known {
		return k
	}
	if p.wholes == nil {
		p.wholes = map[*check.Pipeline]kind{}
	}
	p.wholes[l] = kind{unknown: true} // for those that call each other in a circle
	for _, s := range l.Steps {
		of := p.kind(s)
		k.test, k.unknown = k.test || of.test, k.unknown || of.unknown
		if k.effect == "" {
			k.effect = of.effect
		}
	}
	p.wholes[l] = k
	return k
}

// kindOf is what an op does, looked at once.
func (p *pass) kindOf(o *check.Op) kind {
	k, known := p.kinds[o]
	if !known {
		k, known = p.recalling.kindOf(o)
	}
	if !known {
		k, known = p.factsOf(o).kind(o)
	}
	if !known {
		k = kind{effect: p.effect(o), test: p.tests(o), unknown: !p.readable(o)}
		p.kinds[o] = k
	}
	return k
}
