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
		if c == nil {
			return
		}
		if e := p.effect(o); e != "" {
			p.report(finding{
				rule: diag.CachedEffect, file: o.File.Source, at: wordAt(c.Range, "cached"),
				message: fmt.Sprintf("%s is cached and runs %s: when it is found in the cache, that is left out", owner(o), e),
				help:    "remove cached, or take the effect into a step of its own",
			})
		}
	},
}

// effects finds pushes and deploys that no test comes before, approvals that come too late, and tests whose failure
// nobody gets to know.
var effects = rule{
	around: true,
	pipeline: func(p *pass, l *check.Pipeline) {
		if !slices.ContainsFunc(l.Steps, func(s *check.Step) bool { return p.kind(s).effect != "" }) {
			p.unreadReports(l, nil)
			return
		}
		g := p.graph(l)
		tested := g.behind(kind.mayTest)
		for i, s := range l.Steps {
			k := g.kind[i]
			if k.effect != "" && !k.test && tested[i] == nil && !isPreview(s) {
				p.early(l, g, s, k.effect, g.testsBefore(i))
			}
			p.late(l, g, i)
		}
		p.unreadReports(l, p.looseEffects(l, g))
	},
}

// maxTests is how many tests a way out names, of the first maxLooked.
const (
	maxTests  = 4
	maxLooked = 64
)

// testsBefore are the first of the steps that test and do not wait for a step, so that it can wait for them.
func (g *graph) testsBefore(step int) (names []string) {
	if g.tests == nil {
		g.tests = []test{}
		for i, k := range g.kind {
			if k.test && len(g.tests) < maxLooked {
				g.tests = append(g.tests, test{step: i})
			}
		}
	}
	for i := range g.tests {
		t := &g.tests[i]
		if t.waitsFor == nil {
			t.waitsFor = g.ahead(func(other int) bool { return other == t.step })
		}
		if t.step != step && !t.waitsFor[step] {
			names = append(names, g.steps[t.step].Name)
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
	var g *graph
	var tested []*check.Step
	for s := range steps(caller) {
		if s.Pipeline == nil {
			continue
		}
		if g == nil {
			g = p.graph(caller)
			tested = g.behind(kind.mayTest)
		}
		before, known := p.called[s.Pipeline]
		i, own := g.at[s.Name]
		p.called[s.Pipeline] = (before || !known) && own && tested[i] != nil
	}
}

func (p *pass) early(l *check.Pipeline, g *graph, s *check.Step, effect string, tests []string) {
	f := finding{
		rule: diag.EarlyEffect, file: l.File.Source, at: s.Decl.Name.Range,
		message: fmt.Sprintf("step %q runs %s and waits for no test of this pipeline", s.Name, effect),
		help:    "let it need the tests: needs " + strings.Join(tests, ", "),
	}
	if i := slices.IndexFunc(tests, func(name string) bool { return reports(g.steps[g.at[name]]) }); i >= 0 {
		f.help += ", and " + stopOn(g.steps[g.at[tests[i]]])
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
func (p *pass) late(l *check.Pipeline, g *graph, i int) {
	s := g.steps[i]
	for _, it := range s.Modifiers {
		a, ok := it.(*ast.Approve)
		if !ok || g.kind[i].effect != "" || g.kind[i].unknown || p.acts(s) {
			continue
		}
		if g.changed == nil {
			g.changed = g.behind(func(k kind) bool { return k.effect != "" })
			g.changes = g.ahead(func(i int) bool {
				return g.kind[i].effect != "" || g.kind[i].unknown || p.acts(g.steps[i])
			})
		}
		before := g.changed[i]
		if before == nil || g.changes[i] || asksFirst(before) {
			continue
		}
		p.report(finding{
			rule: diag.LateApproval, file: l.File.Source, at: wordAt(a.Range, "approve"),
			message: fmt.Sprintf("the approval of %q comes after %q, which runs %s, and nothing that follows has an effect", s.Name, before.Name, g.kind[g.at[before.Name]].effect),
			help:    fmt.Sprintf("move it to %q", before.Name),
			related: []diag.Related{{File: l.File.Source, Span: before.Decl.Name.Range, Message: "the effect is here"}},
		})
	}
}

// asksFirst says that a step waits for an approval of its own.
func asksFirst(s *check.Step) bool {
	return slices.ContainsFunc(s.Modifiers, func(it ast.Item) bool { _, asks := it.(*ast.Approve); return asks })
}

// wordAt is the first word of an item.
func wordAt(at source.Span, word string) source.Span {
	return source.Span{Start: at.Start, End: at.Start + int32(len(word))}
}

// kind is what a step does, as far as its text tells.
type kind struct {
	effect  string // the command that changes the world; "" when there is none
	cluster bool   // that is a cluster, which a step before may have made
	makes   bool   // it makes a cluster on this machine
	test    bool
	unknown bool // it runs what nobody has read: a native op, another interpreter
}

// takeIn takes in another effect, where none is known but on a cluster.
func (k *kind) takeIn(of kind) {
	if of.effect != "" && (k.effect == "" || k.cluster && !of.cluster) {
		k.effect, k.cluster = of.effect, of.cluster
	}
}

// mayTest says that a step tests, or that nobody knows.
func (k kind) mayTest() bool { return k.test || k.unknown }

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
		k.test, k.unknown, k.makes = k.test || of.test, k.unknown || of.unknown, k.makes || of.makes
		k.takeIn(of)
	}
	if k.makes && k.cluster {
		k.effect, k.cluster = "", false
		for _, of := range p.graph(l).kind {
			k.takeIn(of)
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
		k = p.effectsOf(o)
		k.test, k.unknown = p.tests(o), !p.readable(o)
		p.kinds[o] = k
	}
	return k
}
