package engine

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/pipelang/pipe/compiler/plan"
)

// Again says what of a past run is done again.
type Again struct {
	// Over says that the run had ended: what failed, was abandoned or cancelled then is decided
	// anew. A run that was killed goes on where it was, and what had failed in it has.
	Over bool
	// From are steps, by their path in the plan or in the run, that are done again with all that depends on them.
	From []string
	// Changed are steps, by their path in the plan, that are no longer what they were; they are
	// done again with all that depends on them.
	Changed []string
	// Lists are steps of whose `for` only the list has changed: instances that are about the same stand.
	Lists []string
}

// Reset marks what stands, and gives the paths of what does not although it had ended or begun, as
// event.RunResumed has them. It is called once, before Run.
func (p *Past) Reset(pl *plan.Plan, a Again) []string {
	p.find("")
	p.again = map[string]bool{}
	r := &resetter{past: p, over: a.Over, entered: map[string]bool{}, touched: map[string]bool{}, hooks: map[string]bool{}, known: map[string]bool{}}
	single := map[string]bool{}
	for _, path := range slices.Concat(a.From, a.Changed) {
		if plain := inPlan(path); plain == path {
			p.again[path] = true
		} else {
			single[path], r.entered[plain] = true, true
		}
	}
	for _, path := range a.Lists {
		r.entered[path] = true
	}
	r.graph(&pl.Graph, "")
	var out []string
	for i := range p.Steps {
		s := &p.Steps[i]
		s.stands = s.Outcome != "" && r.stands(s) && !single[s.Path] &&
			!slices.ContainsFunc(parents(s.Path), func(up string) bool { return single[up] })
		if !s.stands && (s.Outcome != "" || s.Begun && p.again[inPlan(s.Path)]) {
			out = append(out, s.Path)
		}
	}
	return append(out, r.resetHooks()...)
}

// resetter finds what of a past does not stand.
type resetter struct {
	past *Past
	over bool
	// entered are steps in which something is done again, though not all; touched are pipelines in
	// which a step is, and hooks the steps of on failure and finally; all by their path in the plan.
	entered, touched, hooks map[string]bool
	known                   map[string]bool // what stands says, by path
}

// graph follows what is done again to what depends on it, and reports whether there is anything.
func (r *resetter) graph(g *plan.Graph, at string) bool {
	again := r.past.again
	for _, s := range plan.Ordered(g.Steps) {
		if slices.ContainsFunc(s.Edges(), func(e string) bool { return r.redone(at + e) }) {
			again[s.Path] = true
		}
		r.inside(s)
		if r.redone(s.Path) {
			r.touched[strings.TrimSuffix(at, "/")] = true
		}
	}
	for _, list := range [][]plan.Step{g.OnFailure, g.Finally} {
		for i := range list {
			r.hooks[list[i].Path] = true
			r.inside(&list[i])
		}
	}
	return r.touched[strings.TrimSuffix(at, "/")]
}

// inside follows into a called pipeline.
func (r *resetter) inside(s *plan.Step) {
	if s.Graph == nil {
		return
	}
	if r.past.again[s.Path] {
		for inner := range s.Graph.All() {
			r.past.again[inner.Path] = true
		}
	}
	if r.graph(s.Graph, s.Path+"/") {
		r.entered[s.Path] = true
	}
}

func (r *resetter) redone(path string) bool { return r.past.again[path] || r.entered[path] }

// stands reports whether a step that had ended stays as it is.
func (r *resetter) stands(s *PastStep) bool {
	known, ok := r.known[s.Path]
	if !ok {
		known = r.judge(s)
		r.known[s.Path] = known
	}
	return known
}

func (r *resetter) judge(s *PastStep) bool {
	at := inPlan(s.Path)
	switch {
	case r.past.again[at], r.touched[at], r.entered[at] && !isInstance(s.Path):
		return false
	case slices.ContainsFunc(parents(s.Path), r.whole):
		return true
	}
	_, running := r.past.Hooks[pipelineOf(s.Path)]
	running = running && !r.void(pipelineOf(s.Path))
	switch {
	case r.hooks[at] && !running:
		return false
	case !r.hooks[at] && running:
		return true
	}
	return s.Outcome == Succeeded || s.Outcome == Failed && (s.Allowed || !r.over)
}

// whole reports whether a step stands with everything below it.
func (r *resetter) whole(path string) bool {
	s := r.past.find(path)
	return s != nil && s.Outcome != "" && r.stands(s)
}

// void reports whether the hooks of a pipeline are to begin anew, once its steps have ended.
func (r *resetter) void(pipeline string) bool {
	if !r.over && !r.touched[inPlan(pipeline)] {
		return false
	}
	return pipeline == "" || !r.whole(pipeline)
}

// resetHooks forgets the hooks that are to begin anew, and gives their names.
func (r *resetter) resetHooks() []string {
	var out []string
	for path := range r.past.Hooks {
		if r.void(path) {
			out = append(out, path+"/")
			delete(r.past.Hooks, path)
		}
	}
	slices.Sort(out)
	return out
}

func isInstance(path string) bool { return strings.HasSuffix(path, "]") }

// instanceOf is the number of an instance of a step.
func instanceOf(path, step string) (int, bool) {
	rest, ok := strings.CutPrefix(path, step+"[")
	if !ok || !strings.HasSuffix(rest, "]") {
		return 0, false
	}
	n, err := strconv.Atoi(rest[:len(rest)-1])
	return n, err == nil
}

// Again are the steps that are done again whatever became of them, by their path in the plan, after Reset.
func (p *Past) Again() []string { return slices.Sorted(maps.Keys(p.again)) }
