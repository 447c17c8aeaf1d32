package check

import (
	"slices"
	"strings"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
)

// graph is names that wait for each other.
type graph struct {
	nodes []string
	edges map[string][]string // from who waits to what is waited for, in the order added
}

func newGraph(nodes int) *graph {
	return &graph{nodes: make([]string, 0, nodes), edges: make(map[string][]string, nodes)}
}

func (g *graph) add(name string) { g.nodes = append(g.nodes, name) }

func (g *graph) edge(from, to string) {
	if !slices.Contains(g.edges[from], to) {
		g.edges[from] = append(g.edges[from], to)
	}
}

// sort puts every node after what it waits for, in the order added where that is free.
// Each cycle is given once, as the path from its first node; its nodes are in the order too.
func (g *graph) sort() (order []string, cycles [][]string) {
	const active, done = 1, 2
	order = make([]string, 0, len(g.nodes))
	state := make(map[string]int8, len(g.nodes))
	var path []string
	var visit func(string)
	visit = func(n string) {
		switch state[n] {
		case active:
			cycles = append(cycles, slices.Clone(path[slices.Index(path, n):]))
			return
		case done:
			return
		}
		state[n] = active
		path = append(path, n)
		for _, to := range g.edges[n] {
			visit(to)
		}
		path = path[:len(path)-1]
		state[n] = done
		order = append(order, n)
	}
	for _, n := range g.nodes {
		visit(n)
	}
	return order, cycles
}

// reportCycle says once that names wait for each other, with the way round.
func (f *file) reportCycle(at ast.Name, what string, path []string) {
	message := what + " wait for each other: " + strings.Join(append(path[:len(path):len(path)], path[0]), " → ")
	if len(path) == 1 {
		message = strings.TrimSuffix(what, "s") + " " + path[0] + " waits for itself: " + path[0] + " → " + path[0]
	}
	f.report(finding{rule: diag.Cycle, at: at.Range, message: message, help: "remove one of these references"})
}
