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
	idle []chan func()
}

// ticket is one who waits.
type ticket struct {
	run  func()
	stop func() bool
	elem *list.Element
}

// newSlots has n free slots. guard wraps what becomes a goroutine.
func newSlots(n int, guard func(func()) func()) *slots { return &slots{free: n, guard: guard} }

// submit calls run on a goroutine of its own that holds a slot, which it must release, or
// calls gone, also on a goroutine of its own, when ctx ends first.
func (s *slots) submit(ctx context.Context, run, gone func()) {
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

// release hands the slot to the next in the queue.
func (s *slots) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.queue.Front()
	if e == nil {
		s.free++
		return
	}
	t := e.Value.(*ticket)
	s.queue.Remove(e)
	t.elem = nil
	t.stop()
	s.start(t.run)
	s.dismiss()
}

// start calls run apart. mu is held.
func (s *slots) start(run func()) {
	n := len(s.idle)
	if n == 0 {
		go s.work(run)
		return
	}
	s.idle[n-1] <- run
	s.idle = s.idle[:n-1]
}

// work calls what it is handed until nobody waits any more.
func (s *slots) work(run func()) {
	for next := make(chan func(), 1); run != nil; run = <-next {
		s.guard(run)()
		if !s.rest(next) {
			return
		}
	}
}

// rest makes a goroutine one that waits, where a ticket does.
func (s *slots) rest(next chan func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.queue.Len() == 0 {
		return false
	}
	s.idle = append(s.idle, next)
	return true
}

// dismiss ends the goroutines that wait when no ticket does. mu is held.
func (s *slots) dismiss() {
	if s.queue.Len() > 0 {
		return
	}
	for _, next := range s.idle {
		next <- nil
	}
	s.idle = nil
}

// acquire waits for a slot on the calling goroutine.
func (s *slots) acquire(ctx context.Context) error {
	got := make(chan bool, 1)
	s.submit(ctx, func() { got <- true }, func() { got <- false })
	if <-got {
		return nil
	}
	return context.Cause(ctx)
}
