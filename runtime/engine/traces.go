package engine

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/target"
)

// trace is an attempt that was started by a process before this one, and the place where it was.
type trace struct {
	target.Trace
	session target.Adopter
}

// traces are the attempts that were started before and not closed, by step and in their order. Whoever
// goes on with one takes it; what nobody has taken is ended with the run.
type traces struct {
	mu   sync.Mutex
	step map[string][]trace
	// lost are attempts of which nobody knows how they ended and that are made again, by step.
	lost map[string]int
}

// readTraces opens every place that the run has been at.
func (r *run) readTraces(ctx context.Context) error {
	for i := range r.Past.Steps {
		place := r.Past.Steps[i].Place
		if place == "" || r.Targets[place] == nil {
			continue
		}
		if _, err := r.session(ctx, place); err != nil {
			return err
		}
	}
	return nil
}

// notice asks a place that has been opened for attempts that were started before. A place that is asked
// keeps output until it is acknowledged, for a process that comes later.
func (r *run) notice(ctx context.Context, s target.Session) error {
	a, ok := s.(target.Adopter)
	if !ok || r.Journal == nil && r.Past == nil {
		return nil
	}
	list, err := a.Traces(ctx)
	if err != nil || r.Past == nil {
		return err
	}
	r.traces.mu.Lock()
	defer r.traces.mu.Unlock()
	for _, t := range list {
		r.traces.step[t.Step] = append(r.traces.step[t.Step], trace{t, a})
	}
	for _, list := range r.traces.step {
		slices.SortFunc(list, func(a, b trace) int { return cmp.Compare(a.Attempt, b.Attempt) })
	}
	return nil
}

// of are the attempts of a step that were started and not closed.
func (t *traces) of(step string) []trace {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.step[step]
}

// below are the attempts of a step, and of those in the pipeline that it calls; "" is all.
func (t *traces) below(path string) []trace {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []trace
	for step, list := range t.step {
		if path == "" || step == path || strings.HasPrefix(step, path+"/") {
			out = append(out, list...)
		}
	}
	return out
}

// goesOn reports whether an attempt at or below a path, "" for the pipeline, was started by a process
// before this one and is to be gone on with.
func (r *run) goesOn(path string) bool {
	return slices.ContainsFunc(r.traces.below(path), func(t trace) bool { return t.State != target.Lost })
}

// takeOver gives the lock file of a key that an attempt at or below a path has kept since a process
// before this one took it; nil where there is none. The attempt's own place says so when it is
// needed: a file that nobody asks for ends with its attempt.
func (r *run) takeOver(ctx context.Context, path, key string) *lockFile {
	if r.Locks == "" {
		return nil
	}
	for _, t := range r.traces.below(path) {
		if _, lingers := t.session.(target.Lingering); lingers {
			if f := r.locks.again(key, holderIn(r.Run.ID, path)); f != nil {
				return f
			}
		}
		h, ok := t.session.(target.Holder)
		if !ok || t.State != target.Running {
			continue
		}
		files, err := h.Held(ctx, t.Step, t.Attempt)
		if err != nil {
			continue // what it was has ended with its place, or is waited for
		}
		if f := lockFileAmong(files, r.Locks, key); f != nil {
			return f
		}
	}
	return nil
}

// find gives one that this process goes on with.
func (t *traces) find(step string, attempt int) (trace, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := slices.IndexFunc(t.step[step], func(x trace) bool { return x.Attempt == attempt })
	if i < 0 {
		return trace{}, false
	}
	return t.step[step][i], true
}

// take gives the attempts of a step that nobody goes on with, once.
func (t *traces) take(step string, before int) []trace {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out, rest []trace
	for _, x := range t.step[step] {
		if x.Attempt < before {
			out = append(out, x)
		} else {
			rest = append(rest, x)
		}
	}
	t.step[step] = rest
	return out
}

const every = int(^uint(0) >> 1)

// end ends attempts that no step goes on with, and forgets them.
func (r *run) end(list []trace) {
	ctx, stop := context.WithCancel(context.Background())
	stop()
	var all sync.WaitGroup
	for _, t := range list {
		all.Go(r.guarded(func() {
			job := target.Job{Step: t.Step, Attempt: t.Attempt, Grace: DefaultGrace, Written: map[event.Stream]int64{}}
			if att, err := t.session.Adopt(ctx, job, discard{}); err == nil {
				_ = att.Close() // nothing hangs on it
			}
		}))
	}
	all.Wait()
}

type discard struct{}

// Write implements target.Output.
func (discard) Write(event.Stream, string, []byte) {}

// endAgain ends what is done again while an attempt of it goes on, and what has ended and is written down.
func (r *run) endAgain() {
	var list []trace
	for step := range r.traces.step {
		s := r.Past.find(step)
		if r.Past.again[inPlan(step)] || s != nil && s.Outcome != "" {
			list = append(list, r.traces.take(step, every)...)
		}
	}
	r.end(list)
}

// endRest ends what nobody went on with: instances whose element is gone, and what is below them.
func (r *run) endRest() {
	var list []trace
	for step := range r.traces.step {
		list = append(list, r.traces.take(step, every)...)
	}
	r.end(list)
}

// isLost reports that nobody knows how an attempt ended that was found to be under way.
func isLost(err error) bool { return errors.Is(err, target.ErrLost) }
