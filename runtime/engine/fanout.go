package engine

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/event"
)

// fanout is a step with `for` under way. Its instances are started one by one, as there is
// room for them; those that have not started are a number, not goroutines.
type fanout struct {
	section *sectionRun
	info    *stepInfo
	path    string
	scope   *scope
	items   [][]local // of each instance: its loop variables
	numbers []int     // of each: what it is called
	keys    []string  // of each: what stands for its loop variables
	stood   []bool    // of each: it ended before
	limit   int       // instances at a time; 0 is no limit
	ctx     context.Context
	stop    context.CancelCauseFunc

	mu     sync.Mutex
	began  time.Time // of the first instance
	next   int       // the first that has not started
	active int       // those under way
	asked  bool      // a slot has been asked for the next one
	left   int
	ends   []ending
	rows   []*row
}

// fanOut starts the instances of a step, or says at once how it ended.
func (s *sectionRun) fanOut(info *stepInfo, path string, sc *scope) (ending, bool) {
	items, limit, err := s.g.elements(s.ctx, info, sc)
	if err != nil {
		if isUnknown(err) {
			return ending{outcome: Abandoned, cause: CauseUpstreamFailed, reason: "its list depends on a step that has no result"}, true
		}
		return s.g.allow(s.ctx, info, sc, s.g.evalFailed(s.ctx, CauseEvalError, "for", err)), true
	}
	s.g.run.Bus.Publish(event.Event{Type: event.StepFanout, Step: path, Instances: len(items)})
	if len(items) == 0 {
		return ending{outcome: Succeeded, value: value.List{}}, true
	}
	ctx, stop := context.WithCancelCause(s.ctx)
	f := &fanout{section: s, info: info, path: path, scope: sc, items: items, limit: limit, ctx: ctx, stop: stop,
		left: len(items), ends: make([]ending, len(items)), rows: make([]*row, len(items)), stood: make([]bool, len(items))}
	f.keys = s.g.run.elementKeys(info, items)
	f.numbers = s.g.run.Past.numbers(path, f.keys)
	if f.recall(); f.left == 0 {
		stop(nil)
		end := f.whole()
		end.below = f.rows
		return end, true
	}
	f.more()
	return ending{}, false
}

// elements evaluates the lists of a step's loops: each instance's variables, first loop outermost.
func (g *graphRun) elements(ctx context.Context, info *stepInfo, sc *scope) (items [][]local, limit int, err error) {
	items = [][]local{nil}
	for i := range info.plan.For {
		loop := &info.plan.For[i]
		elem := g.run.typeOf(loop.Type)
		var wider [][]local
		for _, vars := range items {
			in := &scope{run: g.run, module: sc.module, outer: sc, locals: vars}
			list, err := g.run.eval(ctx, &loop.List, types.ListOf(elem), in)
			if err != nil {
				return nil, 0, fmt.Errorf("%s: %w", loop.Var, err)
			}
			l, ok := list.(value.List)
			if !ok {
				return nil, 0, fmt.Errorf("%s: the list is missing", loop.Var)
			}
			for _, v := range l {
				with := append(vars[:len(vars):len(vars)], local{loop.Var, v})
				keep, err := g.keeps(ctx, info, i, with, sc)
				if err != nil {
					return nil, 0, fmt.Errorf("%s: where: %w", loop.Var, err)
				}
				if keep {
					wider = append(wider, with)
				}
			}
		}
		items = wider
		if limit, err = g.narrower(ctx, info, i, sc, limit); err != nil {
			return nil, 0, err
		}
	}
	return items, limit, nil
}

// keeps evaluates a loop's `where`.
func (g *graphRun) keeps(ctx context.Context, info *stepInfo, loop int, vars []local, sc *scope) (bool, error) {
	where := info.plan.For[loop].Where
	if where == nil {
		return true, nil
	}
	v, err := g.run.eval(ctx, where, types.BoolType, &scope{run: g.run, module: sc.module, outer: sc, locals: vars})
	return v == value.Bool(true), err
}

// narrower is the smaller of a limit and a loop's `max`.
func (g *graphRun) narrower(ctx context.Context, info *stepInfo, loop int, sc *scope, limit int) (int, error) {
	x := info.plan.For[loop].Max
	if x == nil {
		return limit, nil
	}
	v, err := g.run.eval(ctx, x, types.IntType, sc)
	if err != nil {
		return 0, fmt.Errorf("max: %w", err)
	}
	n, _ := v.(value.Int)
	switch {
	case n < 1:
		return 0, fmt.Errorf("max: expected at least 1, found %d", n)
	case limit == 0 || int(n) < limit:
		return int(n), nil
	}
	return limit, nil
}

// more starts the next instance when there is room for it. Those of an op wait for a slot one
// at a time, so that other steps get their turn; those of a called pipeline need none.
func (f *fanout) more() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pass()
	if f.asked || f.next == len(f.items) || f.limit > 0 && f.active >= f.limit {
		return
	}
	f.asked = true
	if f.info.graph != nil {
		go f.section.g.run.guarded(func() { f.granted(false) })()
		return
	}
	f.section.g.run.slots.submit(f.ctx, func() bool { return f.granted(true) }, f.gone)
}

// pass steps over instances that ended before.
func (f *fanout) pass() {
	for f.next < len(f.items) && f.stood[f.next] {
		f.next++
	}
}

func (f *fanout) take() int {
	f.pass()
	i := f.next
	if f.began.IsZero() {
		f.began = time.Now()
	}
	f.next++
	f.active++
	return i
}

// granted runs the next instance, lets the one after it be asked for, and reports whether the slot
// is held still.
func (f *fanout) granted(slot bool) (held bool) {
	f.mu.Lock()
	f.asked = false
	i := f.take()
	f.mu.Unlock()
	f.more()
	return f.run(i, slot)
}

// gone cancels all that have not started.
func (f *fanout) gone() {
	f.mu.Lock()
	from := f.next
	f.next = len(f.items)
	f.mu.Unlock()
	for i := from; i < len(f.items); i++ {
		if !f.stood[i] {
			f.end(i, cancelledBy(f.ctx), nil)
		}
	}
}

func (f *fanout) run(i int, slot bool) (held bool) {
	in := &instance{run: f.section.g.run, info: f.info, graph: f.section.g, path: f.instancePath(i), element: f.keys[i], slot: slot, guarded: true,
		scope: &scope{run: f.scope.run, module: f.scope.module, outer: f.scope, locals: f.items[i]}}
	end := in.do(f.ctx)
	f.failFast(end) // before the slot is another's
	if f.section.g.mayLast() {
		in.release()
	}
	f.mu.Lock()
	f.active--
	f.mu.Unlock()
	if !f.end(i, end, in.below) {
		f.more()
	}
	return in.slot
}

func (f *fanout) instancePath(i int) string { return instancePath(f.path, f.numbers[i]) }

// failFast cancels the other instances at a failure, where that is asked for.
func (f *fanout) failFast(end ending) {
	if end.red() && f.section.g.run.FailFast && f.info.section == mainSection {
		f.stop(errFailFast)
	}
}

// end notes how an instance ended and, with the last one, ends the step.
func (f *fanout) end(i int, end ending, below []*row) (last bool) {
	path := f.instancePath(i)
	end.element = f.keys[i]
	f.section.g.run.publishFinished(path, end, f.info.result)
	f.failFast(end)
	r := newRow(path, end)
	r.below = below
	f.mu.Lock()
	f.ends[i], f.rows[i] = end, r
	f.left--
	last = f.left == 0
	f.mu.Unlock()
	if last {
		f.stop(nil)
		s := f.section
		s.settle(s.end(f.info.id, f.whole(), f.rows))
	}
	return last
}

// whole is how the step ended, as its instances did.
func (f *fanout) whole() ending {
	out := ending{outcome: Succeeded, duration: since(f.began)}
	list, full := make(value.List, len(f.ends)), true
	count, allowed := map[Outcome]int{}, true
	out.cached = f.ends[0].cached
	for i := range f.ends {
		end := &f.ends[i]
		if end.cached == nil {
			out.cached = nil
		}
		count[end.outcome]++
		allowed = allowed && !end.red()
		if list[i] = end.value; end.value == nil {
			list[i], full = value.None{}, false
		}
	}
	if full || f.gaps() {
		out.value = list
	}
	f.name(&out, count, allowed)
	return out
}

// gaps reports whether the step's list may lack elements.
func (f *fanout) gaps() bool {
	t := f.info.typ.Plain()
	return t.Kind == types.List && t.Elem.Kind == types.Optional
}

// name gives the whole its outcome, reason and cause: a failure counts most, then what kept
// instances from ending.
func (f *fanout) name(out *ending, count map[Outcome]int, allowed bool) {
	for _, o := range []Outcome{Failed, Cancelled, Waiting, Abandoned} {
		if count[o] == 0 {
			continue
		}
		out.outcome = o
		i := f.firstIndex(o, !allowed)
		first := &f.ends[i]
		out.cause, out.reason, out.exit, out.retriable = first.cause, first.reason, first.exit, first.retriable
		if o == Failed {
			out.allowed = allowed
			out.cause = CauseStepFailed
			out.reason = fmt.Sprintf("%d of %d instances failed, first [%d]: %s", count[o], len(f.ends), f.numbers[i], first.reason)
		}
		return
	}
}

// firstIndex is the first instance that ended so; red leaves out allowed failures.
func (f *fanout) firstIndex(o Outcome, red bool) int {
	for i := range f.ends {
		if f.ends[i].outcome == o && !(red && o == Failed && f.ends[i].allowed) {
			return i
		}
	}
	return 0
}
