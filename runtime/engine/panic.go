package engine

import (
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// Panic is what Run panics with when a goroutine of the run did: a broken invariant, which is
// for the caller's recover to show, behind the masker, and not for the Go runtime.
type Panic struct {
	Value any
	Stack string // of the goroutine that panicked
}

func (p *Panic) Error() string { return fmt.Sprintf("%v\n\n%s", p.Value, p.Stack) }

// guarded makes f safe to be a goroutine: a panic of it ends the run and goes on in Run's caller.
func (r *run) guarded(f func()) func() {
	return func() {
		defer func() {
			if v := recover(); v != nil {
				select {
				case r.crashed <- &Panic{v, string(debug.Stack())}:
				default: // one is enough
				}
			}
		}()
		f()
	}
}

// giveUp ends the attempts that are under way after a panic, and closes their places, as far
// as they let go in time.
func (r *run) giveUp() {
	close(r.kill)
	timer := time.NewTimer(killWait)
	defer timer.Stop()
	select {
	case <-r.attempts.drain():
		_ = r.opened.close() // the panic is to be told
	case <-timer.C:
	}
}

// underWay counts the attempts under way.
type underWay struct {
	mu   sync.Mutex
	n    int
	idle chan struct{} // made by drain, closed when n is 0
}

// begin reports whether an attempt may start; then end must be called.
func (u *underWay) begin() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.idle != nil {
		return false
	}
	u.n++
	return true
}

func (u *underWay) end() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.n--; u.n == 0 && u.idle != nil {
		close(u.idle)
	}
}

// drain lets no further attempt start, and is closed when none is under way.
func (u *underWay) drain() <-chan struct{} {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.idle = make(chan struct{})
	if u.n == 0 {
		close(u.idle)
	}
	return u.idle
}
