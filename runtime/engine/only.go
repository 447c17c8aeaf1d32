package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/diag"
)

// selection says which steps of a graph run; nil is all of them.
type selection map[string]selection

// whole selects a step with everything below it.
var whole selection

// below gives the selection of a step's own graph, and whether the step runs. Hooks always do.
func (s selection) below(step *plan.Step, sec section) (selection, bool) {
	if s == nil || sec != mainSection {
		return nil, true
	}
	below, in := s[step.Name]
	return below, in
}

// selectSteps finds the steps named by path and everything that they need.
func selectSteps(p *plan.Plan, only []string) (selection, error) {
	if len(only) == 0 {
		return nil, nil
	}
	out := selection{}
	for _, at := range only {
		at = strings.TrimSpace(at)
		if _, ok := p.Step(at); !ok {
			return nil, noStep(p, at)
		}
		out.add(&p.Graph, at)
	}
	return out, nil
}

func noStep(p *plan.Plan, at string) error {
	if near := diag.Suggest(at, p.Paths()); near != "" {
		return fmt.Errorf("pipeline %s has no step %q, did you mean %s?", p.Pipeline, at, near)
	}
	return fmt.Errorf("pipeline %s has no step %q; its steps are %s", p.Pipeline, at, strings.Join(p.Paths(), ", "))
}

// add selects one path of a graph, and what the step there needs at every level.
func (s selection) add(g *plan.Graph, at string) {
	i := slices.IndexFunc(g.Steps, func(st plan.Step) bool {
		return st.Path == at || strings.HasPrefix(at, st.Path+"/")
	})
	if i < 0 {
		return // a hook, which runs anyway
	}
	step := &g.Steps[i]
	if step.Path != at && step.Graph != nil {
		s.part(step, at)
	} else {
		s[step.Name] = whole
	}
	for _, need := range needed(step) {
		s.need(g, need)
	}
}

// part selects a step of a called pipeline.
func (s selection) part(step *plan.Step, at string) {
	below, in := s[step.Name]
	if in && below == nil {
		return
	}
	if below == nil {
		below = selection{}
		s[step.Name] = below
	}
	below.add(step.Graph, at)
}

// need selects a step whose result or outcome is read, with all that it needs itself.
func (s selection) need(g *plan.Graph, name string) {
	if below, in := s[name]; in && below == nil {
		return
	}
	i := slices.IndexFunc(g.Steps, func(st plan.Step) bool { return st.Name == name })
	if i < 0 {
		return
	}
	s[name] = whole
	for _, n := range needed(&g.Steps[i]) {
		s.need(g, n)
	}
}

// needed are the steps that a step reads something of; `after` alone only orders.
func needed(s *plan.Step) []string {
	if s.Never {
		return nil
	}
	out := slices.Concat(s.Needs, s.ValueEdges)
	for _, n := range s.OrderEdges {
		if !slices.Contains(s.After, n) {
			out = append(out, n)
		}
	}
	return out
}
