package engine

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/event"
)

// graphRun is one run of a graph: of the whole pipeline, or of one called as a step.
type graphRun struct {
	run    *run
	info   *graphInfo
	path   string // of the step that called it, with a slash; "" for the root
	params []local
	// outer is the graph that called this one, for locks that are held already.
	outer *graphRun
	// caller is the instance that runs this graph; nil for the root.
	caller   *instance
	held     heldLocks // while this graph's main section runs
	scope    *scope
	services graphServices
	lets     [2]*lets // as main sees them, and as the hooks do

	mu    sync.Mutex
	nodes []node
	// ended is set when main has ended, for `run` in the hooks.
	ended *status
	first *redStep // the red step of main that ended first

	// foreseen are the steps' fates in a forecast, in which nothing runs; nil in a run. anyEnd
	// is Outlook.AnyEnd.
	foreseen []Fate
	anyEnd   bool
}

// node is what has become of a step.
type node struct {
	pending int // edges that have not ended
	ended   bool
	ending  ending
	row     *row
}

// redStep is a step that failed and was not allowed to.
type redStep struct {
	path string
	ending
}

// status is what `run` says in on failure and finally.
type status struct {
	outcome Outcome
	error   string
	failed  string
}

func (r *run) newGraph(info *graphInfo, path string, params []local, outer *graphRun) *graphRun {
	g := &graphRun{run: r, info: info, path: path, params: params, outer: outer, nodes: make([]node, len(info.steps)),
		lets: [2]*lets{newLets(), newLets()}}
	g.scope = &scope{run: r, module: info.module, graph: g}
	return g
}

// sectionRun is one section of a graph under way.
type sectionRun struct {
	g    *graphRun
	ctx  context.Context
	stop context.CancelCauseFunc
	left int // steps that have not ended; guarded by g.mu
	done chan struct{}
}

// runSection runs the steps of a section and returns when all have ended.
func (g *graphRun) runSection(ctx context.Context, sec section) {
	from, to := g.info.bounds[sec][0], g.info.bounds[sec][1]
	if from == to {
		return
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	s := &sectionRun{g: g, ctx: ctx, stop: stop, left: to - from, done: make(chan struct{})}
	var ready []int
	for id := from; id < to; id++ {
		g.nodes[id].pending = len(g.info.steps[id].edges)
		if g.nodes[id].pending == 0 {
			ready = append(ready, id)
		}
	}
	s.settle(ready)
	<-s.done
}

// settle decides steps whose edges have ended, and those that get ready by that.
func (s *sectionRun) settle(ready []int) {
	for len(ready) > 0 {
		id := ready[0]
		ready = ready[1:]
		if end, ended := s.start(id); ended {
			ready = append(ready, s.end(id, end, end.below)...)
		}
	}
}

// start decides a step and starts it, or says at once how it ended.
func (s *sectionRun) start(id int) (ending, bool) {
	info := s.g.info.steps[id]
	if end, ok := s.g.recalled(info); ok {
		return end, true
	}
	end, bindings, ended := s.decide(info)
	if ended {
		return end, true
	}
	path := s.g.path + info.plan.Name
	s.g.run.Bus.Publish(event.Event{Type: event.StepReady, Step: path})
	sc := s.g.stepScope(info, bindings)
	if len(info.plan.For) > 0 {
		return s.fanOut(info, path, sc)
	}
	one := &instance{run: s.g.run, info: info, graph: s.g, path: path, scope: sc}
	finish := func(end ending) { s.settle(s.end(id, end, one.below)) }
	if info.graph != nil {
		go s.g.run.guarded(func() { finish(one.do(s.ctx)) })()
		return ending{}, false
	}
	s.g.run.slots.submit(s.ctx, func() (held bool) {
		one.slot = true
		end := one.do(s.ctx)
		s.failFast(info, end) // before the slot is another's
		if s.g.mayLast() {
			one.release()
		}
		finish(end)
		return one.slot
	}, func() { finish(cancelledBy(s.ctx)) })
	return ending{}, false
}

// mayLast says that to note the end of a step may take a while: services may end with it.
func (g *graphRun) mayLast() bool { return len(g.info.serviced) > 0 }

// stepScope is where a step's expressions are evaluated.
func (g *graphRun) stepScope(info *stepInfo, bindings []local) *scope {
	return &scope{run: g.run, module: g.info.module, graph: g, reader: info, locals: bindings}
}

// failFast cancels the section at a failure, where that is asked for.
func (s *sectionRun) failFast(info *stepInfo, end ending) {
	if end.red() && s.g.run.FailFast && info.section == mainSection {
		s.stop(errFailFast)
	}
}

// end notes how a step ended and returns the steps that may be decided now.
func (s *sectionRun) end(id int, end ending, below []*row) []int {
	g, info := s.g, s.g.info.steps[id]
	path := g.path + info.plan.Name
	g.run.publishFinished(path, end, info.typ)
	s.failFast(info, end)
	g.mu.Lock()
	n := &g.nodes[id]
	n.ended, n.ending, n.row = true, end, newRow(path, end)
	n.row.below = below
	if end.red() && g.first == nil && info.section == mainSection {
		g.first = &redStep{path, end}
	}
	ready := g.unblock(info)
	s.left--
	last := s.left == 0
	g.mu.Unlock()
	if len(info.plan.Services) > 0 {
		g.endServices()
	}
	if last {
		close(s.done)
	}
	return ready
}

// unblock counts an end for the steps that wait for it.
func (g *graphRun) unblock(info *stepInfo) []int {
	var ready []int
	for _, to := range info.readers {
		n := &g.nodes[to]
		if n.pending--; n.pending == 0 && !n.ended {
			ready = append(ready, to)
		}
	}
	return ready
}

// outcome is a step's ending, and whether it has ended.
func (g *graphRun) outcome(id int) (ending, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.nodes[id].ending, g.nodes[id].ended
}

// read gives a name of the graph to an expression of sc.reader.
func (g *graphRun) read(ctx context.Context, name string, sc *scope) (value.Value, bool, error) {
	for i := range g.params {
		if g.params[i].name == name {
			v, err := known(g.params[i].value, name)
			return v, true, err
		}
	}
	if id, ok := g.info.index[name]; ok {
		v, err := g.readStep(id, sc.reader)
		return v, true, err
	}
	hook := sc.reader != nil && sc.reader.section != mainSection
	if g.info.left[name] {
		if !hook && (sc.reader == nil || !sc.reader.after[name]) {
			return nil, true, unknown(name)
		}
		return value.None{}, true, nil
	}
	for i := range g.info.plan.Lets {
		if l := &g.info.plan.Lets[i]; l.Name == name {
			v, err := g.readLet(ctx, l, sc, hook)
			return v, true, err
		}
	}
	if g.info.hasService(name) {
		v, err := g.readService(ctx, name, sc)
		return v, true, err
	}
	if name == "run" && hook {
		v, err := g.runRecord()
		return v, true, err
	}
	return nil, false, nil
}

// readStep gives a step's value as a reader sees it. A step that failed, was abandoned or
// cancelled is not known, but to hooks and to those that come `after` it, where it is an
// optional: its value if it still has one.
func (g *graphRun) readStep(id int, reader *stepInfo) (value.Value, error) {
	if g.foreseen != nil {
		return g.foreseenValue(id)
	}
	info := g.info.steps[id]
	n, ended := g.outcome(id)
	tolerant := reader != nil && (reader.section != info.section || reader.after[info.plan.Name])
	switch {
	case ended && n.outcome == Succeeded:
		return n.value, nil
	case ended && (n.outcome == Skipped || n.allowed), tolerant:
		if n.value != nil {
			return n.value, nil
		}
		return value.None{}, nil
	}
	return nil, unknown(info.plan.Name)
}

func (g *graphRun) status(name string) expr.Status {
	if g.info.left[name] {
		return expr.StatusSkipped
	}
	id, ok := g.info.index[name]
	if !ok {
		return ""
	}
	n, ended := g.outcome(id)
	if !ended || n.outcome == Waiting {
		return ""
	}
	return expr.Status(n.outcome)
}

// runRecord is `run` as hooks see it.
func (g *graphRun) runRecord() (value.Value, error) {
	out := value.Record{}
	if base, ok := g.run.Context["run"].(value.Record); ok {
		for k, v := range base {
			out[k] = v
		}
	}
	if g.foreseen != nil {
		return g.foreseenRun(out), nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ended != nil {
		out["status"] = value.String(g.ended.outcome)
		out["error"] = value.String(g.ended.error)
		out["failed"] = value.String(g.ended.failed)
	}
	return out, nil
}

// rows are the graph's rows, in the order of the plan.
func (g *graphRun) rows() []*row {
	g.mu.Lock()
	defer g.mu.Unlock()
	var out []*row
	for i := range g.nodes {
		if g.nodes[i].row != nil {
			out = append(out, g.nodes[i].row)
		}
	}
	return out
}

// describe is a red step as run.error has it.
func (r *redStep) describe() string {
	return strings.TrimSuffix(r.path+": "+r.reason, ": ")
}

func since(t time.Time) time.Duration {
	if t.IsZero() {
		return 0
	}
	return time.Since(t)
}
