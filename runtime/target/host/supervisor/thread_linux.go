package supervisor

import (
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// thread is a place of its own inside this process: an operating system thread that sees its
// own mounts. Processes that start from it see them too. The thread ends with the place.
type thread struct {
	calls chan func()
	// prepare runs first, on the thread.
	prepare func() error
}

func newThread(prepare func() error) *thread {
	t := &thread{calls: make(chan func()), prepare: prepare}
	settled := make(chan struct{})
	go t.serve(settled)
	<-settled
	return t
}

// serve keeps its thread locked to the end, so that the runtime destroys it. The first
// thread of a process cannot be destroyed; where serve finds itself there, it goes on elsewhere.
func (t *thread) serve(settled chan struct{}) {
	runtime.LockOSThread()
	if unix.Gettid() == unix.Getpid() {
		defer runtime.UnlockOSThread()
		go t.serve(settled)
		<-settled
		return
	}
	close(settled)
	for call := range t.calls {
		call()
	}
}

// do runs call on the thread.
func (t *thread) do(call func()) {
	done := make(chan struct{})
	t.calls <- func() {
		defer close(done)
		call()
	}
	<-done
}

func (t *thread) enter(v View) (dir *os.File, err error) {
	t.do(func() {
		if err = t.prepare(); err != nil {
			return
		}
		if err = isolate(); err != nil {
			return
		}
		dir, err = v.mount()
	})
	return dir, err
}

func (t *thread) start(c command, stdio [3]int) (p *process, err error) {
	t.do(func() { p, err = startHere(c, stdio) })
	return p, err
}

func (t *thread) leave() { close(t.calls) }
