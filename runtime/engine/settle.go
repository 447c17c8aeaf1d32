package engine

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/pipelang/pipe/runtime/event"
)

// Journal writes down what a run publishes, and says when it has. Functions that it is handed it
// calls from goroutines of its own; they must not block. It is safe for concurrent use.
type Journal interface {
	// Settled calls f once, when all that was published until now is written down for good, or
	// with an error when that cannot be.
	Settled(f func(error))
	// Hurry asks for that soon.
	Hurry()
	// Acknowledge calls f with how much of an attempt's output is written down for good, again
	// and again. It is called before the attempt starts.
	Acknowledge(step string, attempt int, f func(event.Stream, int64))
	// Full has an error in it once there is no room to write.
	Full() <-chan error
}

// closings are attempts that have ended and are closed once that is written down: until then a
// process that came after this one would have to find them again.
type closings struct {
	all  sync.WaitGroup
	left atomic.Bool // an attempt stays for whoever goes on

	mu   sync.Mutex
	due  []func() // what closes one
	busy int      // goroutines that do
}

// mostClosing is how many attempts are closed at a time, or as many as run.
const mostClosing = 8

// settle closes an attempt when what was published of its end is written down.
func (r *run) settle(end ending) {
	switch {
	case end.done == nil:
		return
	case r.Journal == nil:
		end.done()
		return
	}
	r.closing.all.Add(1)
	r.Journal.Settled(func(err error) {
		if err != nil && roomless(err) != nil {
			r.closing.left.Store(true)
			r.closing.all.Done()
			return
		}
		r.close(end.done)
	})
	if end.awaited {
		r.Journal.Hurry()
	}
}

// close closes an attempt apart from who asks for it: that may take a while.
func (r *run) close(done func()) {
	c := &r.closing
	c.mu.Lock()
	defer c.mu.Unlock()
	c.due = append(c.due, r.guarded(func() {
		defer c.all.Done()
		done()
	}))
	if c.busy < max(mostClosing, r.Jobs) {
		c.busy++
		go c.work()
	}
}

// work closes attempts until none is left to close.
func (c *closings) work() {
	for {
		c.mu.Lock()
		if len(c.due) == 0 {
			c.busy--
			c.mu.Unlock()
			return
		}
		next := c.due[0]
		c.due = c.due[1:]
		c.mu.Unlock()
		next()
	}
}

// settleAll waits for all attempts to be closed, and reports whether they are.
func (r *run) settleAll() bool {
	if r.Journal != nil {
		r.Journal.Hurry()
	}
	r.closing.all.Wait()
	return !r.closing.left.Load()
}

// written waits until what was published is written down. That it cannot be is no error of a
// step: the journal tells of it.
func (r *run) written(ctx context.Context) error {
	if r.Journal == nil {
		return nil
	}
	done := make(chan struct{})
	r.Journal.Settled(func(error) { close(done) })
	r.Journal.Hurry()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
