package engine

import (
	"container/list"
	"context"
	"sync"
)

// slots bounds the attempts under way. Who waits is data, not a goroutine: a goroutine is
// started when there is a slot for it. First come, first served.
type slots struct {
	mu    sync.Mutex
	free  int
	queue list.List // of *ticket
	guard func(func()) func()
	// idle are goroutines that are done and wait for another ticket, as long as there are some: their
	// stacks have grown to what an attempt needs, which for a new one costs as much as starting a program.
	idle []chan func() bool
}

// ticket is one who waits.
type ticket struct {
	run  func() (held bool)
	stop func() bool
	elem *list.Element
}

// newSlots has n free slots. guard wraps what becomes a goroutine.
func newSlots(n int, guard func(func()) func()) *slots { return &slots{free: n, guard: guard} }

// submit calls run on a goroutine of its own that holds a slot, or calls gone, also on a goroutine
// of its own, when ctx ends first. run returns true where it holds the slot still, which is then given
// back; it may have released it before.
func (s *slots) submit(ctx context.Context, run func() (held bool), gone func()) {
	if ctx.Err() != nil {
		go s.guard(gone)()
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.free > 0 {
		s.free--
		s.start(run)
		return
	}
	t := &ticket{run: run}
	t.elem = s.queue.PushBack(t)
	t.stop = context.AfterFunc(ctx, s.guard(func() {
		if s.leave(t) {
			gone()
		}
	}))
}

// leave takes a ticket out of the queue and reports whether it still was there.
func (s *slots) leave(t *ticket) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.elem == nil {
		return false
	}
	s.queue.Remove(t.elem)
	t.elem = nil
	s.dismiss()
	return true
}

// release hands the slot to the next in the queue, who goes on apart.
func (s *slots) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if run := s.next(); run != nil {
		s.start(run)
		s.dismiss()
	}
}

// next takes the next out of the queue for a slot that is given back; nil for nobody. mu is held.
func (s *slots) next() func() (held bool) {
	e := s.queue.Front()
	if e == nil {
		s.free++
		return nil
	}
	t := e.Value.(*ticket)
	s.queue.Remove(e)
	t.elem = nil
	t.stop()
	return t.run
}

// start calls run apart. mu is held.
func (s *slots) start(run func() (held bool)) {
	n := len(s.idle)
	if n == 0 {
		go s.work(run)
		return
	}
	s.idle[n-1] <- run
	s.idle = s.idle[:n-1]
}

// work calls what it is handed until nobody waits any more. Whoever is next for a slot that is given
// back here goes on here, too: to wake another goroutine for it, and its thread, is a part of what a
// short step costs.
func (s *slots) work(run func() (held bool)) {
	for mine := make(chan func() bool, 1); run != nil; {
		held := false
		s.guard(func() { held = run() })()
		if run = s.after(held, mine); run == nil && !held {
			run = <-mine
		}
	}
}

// after gives what a goroutine that held a slot does next. Without one it rests, and is told by mine:
// what it does next, or that nobody waits.
func (s *slots) after(held bool, mine chan func() bool) func() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if held {
		run := s.next()
		s.dismiss()
		return run
	}
	s.idle = append(s.idle, mine)
	s.dismiss()
	return nil
}

// dismiss ends the goroutines that wait when no ticket does. mu is held.
func (s *slots) dismiss() {
	if s.queue.Len() > 0 {
		return
	}
	for _, idle := range s.idle {
		idle <- nil
	}
	s.idle = nil
}

// acquire waits for a slot on the calling goroutine.
func (s *slots) acquire(ctx context.Context) error {
	got := make(chan bool, 1)
	s.submit(ctx, func() bool { got <- true; return false }, func() { got <- false })
	if <-got {
		return nil
	}
	return context.Cause(ctx)
}
