package engine

import (
	"context"
	"time"

	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/target"
)

// prior is what an instance has behind it when it begins.
type prior struct {
	next  int // the attempt that comes now
	first int // the one from which on they count for retry
	// begun says that the next attempt was started already: nothing is asked any more that comes before it.
	begun   bool
	started time.Time // of the first attempt, where it was before
	// cause and reason are how the attempt before ended.
	cause, reason string
	over          []trace // of attempts whose end is written down
}

// recall finds out what processes before did of an instance.
func (r *run) recall(path string) prior {
	if r.Past == nil {
		return prior{next: 1, first: 1}
	}
	s, list := r.Past.find(path), r.traces.of(path)
	out := prior{next: 1, first: 1}
	if s != nil {
		out.next, out.first, out.cause, out.reason = s.Attempts+1, s.Attempts+1, s.Cause, s.Reason
	}
	if s != nil && s.Begun && !r.Past.again[inPlan(path)] {
		out.next, out.first, out.started = max(s.Attempts, 1), max(s.First, 1), s.Started
	}
	if lost, ok := r.traces.lost[path]; ok {
		out.next, out.first, out.cause, out.reason = lost+1, out.first+1, CauseUnknown, "how it ended is not known"
		return out
	}
	if s == nil && len(list) > 0 {
		out.next = list[0].Attempt
	}
	for _, t := range list {
		if t.Attempt >= out.next {
			out.begun, out.started = true, earlier(out.started, t.Started)
		}
	}
	out.over = r.traces.take(path, out.next)
	return out
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// launch starts an attempt, or goes on with it where a process before started it.
func (w *opWork) launch(ctx context.Context, job target.Job, lines *event.Lines) (target.Attempt, error) {
	adopter, adopts := w.session.(target.Adopter)
	if j := w.run.Journal; adopts && j != nil {
		j.Acknowledge(job.Step, job.Attempt, w.acknowledge(adopter, job))
	}
	if t, ok := w.run.traces.find(job.Step, job.Attempt); ok {
		w.run.traces.forget(job.Step, job.Attempt)
		w.ended = t.Ended
		return t.session.Adopt(ctx, job, lines)
	}
	w.ended = time.Time{}
	if err := w.markLocks(); err != nil {
		return nil, err
	}
	if !adopts && !w.op.plan.Idempotent {
		if err := w.run.written(ctx); err != nil {
			return nil, err
		}
	}
	return w.session.Start(ctx, job, lines)
}

// acknowledge tells a place what of an attempt's output is safe, as long as it is open.
func (w *opWork) acknowledge(to target.Adopter, job target.Job) func(event.Stream, int64) {
	return func(s event.Stream, offset int64) {
		w.run.opened.mu.Lock()
		defer w.run.opened.mu.Unlock()
		if w.run.opened.open != nil {
			to.Acknowledge(job.Step, job.Attempt, s, offset)
		}
	}
}

// forget takes an attempt out: this process goes on with it.
func (t *traces) forget(step string, attempt int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var rest []trace
	for _, x := range t.step[step] {
		if x.Attempt != attempt {
			rest = append(rest, x)
		}
	}
	t.step[step] = rest
}

// positions are where the output of an attempt stands that is written down.
func (w *opWork) positions(attempt int) (map[event.Stream]event.Position, map[event.Stream]int64) {
	if w.run.Past == nil || w.run.Past.Written == nil {
		return nil, nil
	}
	offsets := map[event.Stream]int64{}
	from := w.run.Past.Written(w.path, attempt)
	for stream, p := range from {
		offsets[stream] = p.Offset
	}
	return from, offsets
}

// limitOf is what is left of the time that an attempt may take.
func (w *opWork) limitOf(attempt int) time.Duration {
	t, ok := w.run.traces.find(w.path, attempt)
	switch {
	case !ok || w.limit == 0:
		return w.limit
	case t.State == target.Ended:
		return 0 // it was done in time, or its place ended it
	}
	return max(w.limit-time.Since(t.Started), time.Millisecond)
}
