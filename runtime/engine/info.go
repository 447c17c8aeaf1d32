package engine

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/types"
)

// section is a part of a graph that runs as one.
type section uint8

const (
	mainSection section = iota
	failureSection
	finallySection
	sections
)

// graphInfo is what a run knows of a graph before it runs.
type graphInfo struct {
	plan   *plan.Graph
	module *module
	result *types.Type
	steps  []*stepInfo    // of all sections, in the order of the plan
	index  map[string]int // by name
	bounds [sections][2]int
	left   map[string]bool // steps that are not selected
	// serviced are the steps that mention a service of the graph, by ID.
	serviced []int
}

// stepInfo is what a run knows of a step before it runs.
type stepInfo struct {
	plan    *plan.Step
	id      int
	section section
	op      *opInfo    // nil for a called graph
	graph   *graphInfo // nil for an op
	result  *types.Type
	typ     *types.Type
	edges   []edge          // of the same section, one for each step
	readers []int           // steps with an edge to this one
	after   map[string]bool // steps whose end is waited for, whatever it is
}

// edge is a step that is waited for.
type edge struct {
	to    int
	value bool // a failure abandons
	needs bool // no result skips
}

// opInfo is an op with what is found out about it once.
type opInfo struct {
	plan   plan.Op
	id     string
	module *module
	result *types.Type
}

// graphInfo reads a graph, leaving out the steps that are not selected.
func (r *run) graphInfo(g *plan.Graph, sel selection) (*graphInfo, error) {
	info := &graphInfo{plan: g, module: r.module(g.Module, g.At), result: r.typeOf(g.Result), index: map[string]int{}, left: map[string]bool{}}
	for sec, list := range [][]plan.Step{g.Steps, g.OnFailure, g.Finally} {
		info.bounds[sec][0] = len(info.steps)
		for i := range list {
			s := &list[i]
			below, in := sel.below(s, section(sec))
			if !in {
				info.left[s.Name] = true
				continue
			}
			step, err := r.stepInfo(s, below)
			if err != nil {
				return nil, err
			}
			step.id, step.section = len(info.steps), section(sec)
			info.index[s.Name] = step.id
			info.steps = append(info.steps, step)
			if len(s.Services) > 0 && !s.Idle() {
				info.serviced = append(info.serviced, step.id)
			}
		}
		info.bounds[sec][1] = len(info.steps)
	}
	for _, s := range info.steps {
		info.connect(s)
	}
	return info, nil
}

func (r *run) stepInfo(s *plan.Step, below selection) (*stepInfo, error) {
	out := &stepInfo{plan: s, result: r.typeOf(s.Result), typ: r.typeOf(s.Type), after: set(s.After)}
	for _, n := range s.Needs {
		delete(out.after, n)
	}
	if s.Idle() {
		return out, nil
	}
	var err error
	if s.Graph != nil {
		out.graph, err = r.graphInfo(s.Graph, below)
	} else {
		out.op, err = r.opInfo(s)
	}
	return out, err
}

func (r *run) opInfo(s *plan.Step) (*opInfo, error) {
	if r.ops == nil {
		r.ops = map[string]*opInfo{}
	}
	if o := r.ops[s.Op]; o != nil {
		return o, nil
	}
	op, ok := r.Plan.Ops[s.Op]
	if !ok {
		return nil, fmt.Errorf("step %s calls the op %q, which the plan lacks", s.Path, s.Op)
	}
	o := &opInfo{plan: op, id: s.Op, module: r.module(op.Module, op.At), result: r.typeOf(op.Result)}
	r.ops[s.Op] = o
	return o, nil
}

func set(names []string) map[string]bool {
	if len(names) == 0 {
		return nil
	}
	out := make(map[string]bool, len(names))
	for _, n := range names {
		out[n] = true
	}
	return out
}

// connect finds a step's edges. Steps of other sections have ended before this one starts,
// and what was left out is not waited for; neither needs an edge.
func (g *graphInfo) connect(s *stepInfo) {
	if s.plan.Never {
		return
	}
	kinds := map[int]edge{}
	join := func(names []string, e edge) {
		for _, n := range names {
			to, ok := g.index[n]
			if !ok || g.steps[to].section != s.section {
				continue
			}
			have := kinds[to]
			kinds[to] = edge{to, have.value || e.value && !s.after[n], have.needs || e.needs}
		}
	}
	join(s.plan.OrderEdges, edge{})
	join(s.plan.After, edge{})
	join(s.plan.ValueEdges, edge{value: true})
	join(s.plan.Needs, edge{value: true, needs: true})
	for _, to := range slices.Sorted(maps.Keys(kinds)) {
		s.edges = append(s.edges, kinds[to])
		g.steps[to].readers = append(g.steps[to].readers, s.id)
	}
}
