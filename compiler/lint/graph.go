package lint

import (
	"github.com/pipelang/pipe/compiler/check"
)

// graph is a pipeline's own steps, by their places in the text, with what they do and who waits for whom.
type graph struct {
	steps  []*check.Step
	at     map[string]int // places by name
	kind   []kind
	before [][]int // the steps that each waits for
	after  [][]int // those that wait for it

	// once somebody has asked
	tests   []test
	changed []*check.Step // behind an effect, with the nearest
	changes []bool        // ahead of an effect, or of what may be one
}

// test is a step that tests, and those that it waits for once somebody has asked.
type test struct {
	step     int
	waitsFor []bool
}

func (p *pass) graph(l *check.Pipeline) *graph {
	n := len(l.Steps)
	g := &graph{steps: l.Steps, at: make(map[string]int, n), kind: make([]kind, n), before: make([][]int, n), after: make([][]int, n)}
	edges, makes := 0, false
	for i, s := range l.Steps {
		g.at[s.Name] = i
		g.kind[i] = p.kind(s)
		makes = makes || g.kind[i].makes
		edges += len(s.ValueEdges) + len(s.OrderEdges) + len(s.Needs)
	}
	if edges == 0 {
		return g
	}
	waited := make([]int, n) // by how many
	all := make([]int, 0, edges)
	for i, s := range l.Steps {
		from := len(all)
		for _, names := range [...][]string{s.ValueEdges, s.OrderEdges, s.Needs} {
			for _, name := range names {
				if j, own := g.at[name]; own {
					all = append(all, j)
					waited[j]++
				}
			}
		}
		g.before[i] = all[from:len(all):len(all)]
	}
	back := make([]int, 0, len(all))
	for i, n := range waited {
		from := len(back)
		back = back[:from+n]
		g.after[i] = back[from:from:len(back)]
	}
	for i, list := range g.before {
		for _, j := range list {
			g.after[j] = append(g.after[j], i)
		}
	}
	if makes {
		g.onMadeClusters()
	}
	return g
}

// onMadeClusters leaves out the effects on clusters that a step before has made on this machine.
func (g *graph) onMadeClusters() {
	for i, maker := range g.behind(func(k kind) bool { return k.makes }) {
		if maker != nil && g.kind[i].cluster {
			g.kind[i].effect, g.kind[i].cluster = "", false
		}
	}
}

// behind are the steps that wait for one of a kind, each with the nearest that it waits for.
func (g *graph) behind(is func(kind) bool) []*check.Step {
	origin := make([]*check.Step, len(g.steps))
	next := make([]int, 0, len(g.steps))
	for i, k := range g.kind {
		if is(k) {
			next = append(next, i)
		}
	}
	for first := len(next); len(next) > 0; next, first = next[1:], first-1 {
		from := origin[next[0]]
		if first > 0 {
			from = g.steps[next[0]]
		}
		for _, i := range g.after[next[0]] {
			if origin[i] == nil {
				origin[i], next = from, append(next, i)
			}
		}
	}
	return origin
}

// ahead are the steps that one of some waits for.
func (g *graph) ahead(is func(step int) bool) []bool {
	seen := make([]bool, len(g.steps))
	var next []int
	for i := range g.steps {
		if is(i) {
			next = append(next, i)
		}
	}
	for ; len(next) > 0; next = next[1:] {
		for _, i := range g.before[next[0]] {
			if !seen[i] {
				seen[i], next = true, append(next, i)
			}
		}
	}
	return seen
}

// ordered says that one of two steps waits for the other.
func (g *graph) ordered(a, b *check.Step) bool {
	i, j := g.at[a.Name], g.at[b.Name]
	return g.ahead(func(step int) bool { return step == i })[j] || g.ahead(func(step int) bool { return step == j })[i]
}
