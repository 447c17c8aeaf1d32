package fake

import (
	"context"
	"slices"

	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/target"
)

// Survivor is the Target as a place whose attempts outlive the pipe that started them: its sessions
// are Adopters. What it remembers of attempts outlives sessions, too.
type Survivor struct{ *Target }

// Surviving makes a fake whose attempts can be found again.
func Surviving() Survivor { return Survivor{New()} }

// leftover is an attempt that was started and not closed.
type leftover struct {
	target.Trace
	act Act
}

// Leave makes an attempt one that a pipe before started. Running attempts do the act from then on
// where somebody adopts them, ended ones have done it.
func (t *Target) Leave(trace target.Trace, act Act) *Target {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.left = append(t.left, leftover{trace, act})
	return t
}

// Left are the attempts that were started and not closed.
func (t *Target) Left() []target.Trace {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []target.Trace
	for _, l := range t.left {
		out = append(out, l.Trace)
	}
	return out
}

// Adopted are the attempts that were gone on with, in order.
func (t *Target) Adopted() []target.Job {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.adopted)
}

// Acknowledged is how much of a stream was said to be written down.
func (t *Target) Acknowledged(step string, attempt int, stream event.Stream) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.acked[ackKey{step, attempt, stream}]
}

type ackKey struct {
	step    string
	attempt int
	stream  event.Stream
}

// Open implements target.Target.
func (s Survivor) Open(ctx context.Context, r target.Run) (target.Session, error) {
	open, err := s.Target.Open(ctx, r)
	if err != nil {
		return nil, err
	}
	return adopter{open.(session)}, nil
}

type adopter struct{ session }

var _ target.Adopter = adopter{}

// Start implements target.Session; of the attempt a trace stands until it is closed.
func (s adopter) Start(ctx context.Context, job target.Job, out target.Output) (target.Attempt, error) {
	s.t.Leave(target.Trace{Step: job.Step, Attempt: job.Attempt, State: target.Running}, Act{})
	att, err := s.session.Start(ctx, job, out)
	if err != nil {
		s.t.forget(job)
		return nil, err
	}
	s.t.ended(job)
	return closing{att.(*attempt), func() { s.t.forget(job) }}, nil
}

// Traces implements target.Adopter.
func (s adopter) Traces(context.Context) ([]target.Trace, error) { return s.t.Left(), nil }

// Adopt implements target.Adopter.
func (s adopter) Adopt(ctx context.Context, job target.Job, out target.Output) (target.Attempt, error) {
	left, ok := s.t.adopt(job)
	switch {
	case !ok:
		return nil, target.ErrNoTrace
	case left.State == target.Lost:
		return nil, target.ErrLost
	}
	write(out, job, event.Stdout, rest(left.act.Stdout, job.Written[event.Stdout]))
	write(out, job, event.Stderr, rest(left.act.Stderr, job.Written[event.Stderr]))
	exit := target.Exit{Code: left.act.Exit, Signal: left.act.Signal, Script: left.act.Script}
	if left.State == target.Running && !pass(ctx, left.act.Takes) {
		exit = target.Exit{Code: 130, Signal: "SIGINT", Cancelled: true}
	}
	s.t.ended(job)
	return closing{&attempt{act: left.act, exit: exit}, func() { s.t.forget(job) }}, nil
}

// Acknowledge implements target.Adopter.
func (s adopter) Acknowledge(step string, attempt int, stream event.Stream, offset int64) {
	s.t.mu.Lock()
	defer s.t.mu.Unlock()
	if s.t.acked == nil {
		s.t.acked = map[ackKey]int64{}
	}
	key := ackKey{step, attempt, stream}
	s.t.acked[key] = max(s.t.acked[key], offset)
}

func rest(text string, from int64) string { return text[min(from, int64(len(text))):] }

func (t *Target) adopt(job target.Job) (leftover, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.adopted = append(t.adopted, job)
	i := t.trace(job)
	if i < 0 {
		return leftover{}, false
	}
	return t.left[i], true
}

func (t *Target) trace(job target.Job) int {
	return slices.IndexFunc(t.left, func(l leftover) bool { return l.Step == job.Step && l.Attempt == job.Attempt })
}

func (t *Target) ended(job target.Job) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := t.trace(job); i >= 0 {
		t.left[i].State = target.Ended
	}
}

func (t *Target) forget(job target.Job) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if i := t.trace(job); i >= 0 {
		t.left = slices.Delete(t.left, i, i+1)
	}
}

// closing is an attempt whose Close forgets its trace.
type closing struct {
	*attempt
	forget func()
}

// Close implements target.Attempt.
func (c closing) Close() error {
	c.forget()
	return nil
}
