package supervisor

import (
	"errors"
	"fmt"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pipelang/pipe/runtime/event"
)

// command is one program to start. Paths are as seen in the place where it starts.
type command struct {
	Argv []string
	Env  []string
	Dir  string
}

// process is a program that was started, as the leader of a process group of its own.
type process struct {
	pid int
	// ended becomes readable when the leader has ended.
	ended int
	// collect takes the leader's status once it has ended, gives the rest of its group some
	// time, kills what is left, and returns when nothing is.
	collect func(patience time.Duration) (syscall.WaitStatus, error)

	mu   sync.Mutex
	gone bool
}

// signal reaches the whole group, until nothing is left of it: then its number may be another's.
func (p *process) signal(sig syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.gone {
		syscall.Kill(-p.pid, sig)
	}
}

// end collects the group; see process.collect.
func (p *process) end(patience time.Duration) (syscall.WaitStatus, error) {
	unix.Close(p.ended)
	status, err := p.collect(patience)
	p.mu.Lock()
	p.gone = true
	p.mu.Unlock()
	return status, err
}

// waitDelay is how long output may still come after a program has ended, from what it left
// in the background. Then that is killed.
const waitDelay = 500 * time.Millisecond

// readSize is how much is read from a pipe at once: what a pipe holds.
const readSize = 64 << 10

var readBuffers = sync.Pool{New: func() any { return new([readSize]byte) }}

// follower reads what a process writes until it has ended. It polls from one goroutine: for
// a short program, two that read and one that waits would cost more than the work itself.
type follower struct {
	process *process
	stdout  int
	stderr  int
	deliver func(event.Stream, []byte)
	// patience is what is left of the time that a cancelled group has to end.
	patience func() time.Duration
}

// follow returns how the leader ended, when its output is read and its group is gone.
func (f *follower) follow() (syscall.WaitStatus, error) {
	fds := [3]unix.PollFd{
		{Fd: int32(f.stdout), Events: unix.POLLIN},
		{Fd: int32(f.stderr), Events: unix.POLLIN},
		{Fd: int32(f.process.ended), Events: unix.POLLIN},
	}
	buf := readBuffers.Get().(*[readSize]byte)
	defer readBuffers.Put(buf)
	var exited time.Time
	var failure error
	for (exited.IsZero() || fds[0].Fd >= 0 || fds[1].Fd >= 0) && f.left(exited) != 0 {
		if err := poll(fds[:], f.left(exited)); err != nil {
			failure = fmt.Errorf("wait for output: %w", err)
			f.process.signal(syscall.SIGKILL)
			break
		}
		if fds[2].Revents != 0 {
			exited = time.Now()
			fds[2].Fd = -1
		}
		f.read(fds[:2], buf[:])
	}
	status, err := f.process.end(f.patience())
	f.drain(fds[:2], buf[:])
	return status, errors.Join(failure, err)
}

// left is how long to wait for output: for ever while the leader runs.
func (f *follower) left(exited time.Time) time.Duration {
	if exited.IsZero() {
		return -1
	}
	return max(0, time.Until(exited.Add(waitDelay)), f.patience())
}

// drain reads what was in the pipes when the group was killed. It is bounded: a process that
// left the group may hold a pipe and write for ever.
func (f *follower) drain(fds []unix.PollFd, buf []byte) {
	for range 16 {
		if fds[0].Fd < 0 && fds[1].Fd < 0 {
			return
		}
		if poll(fds, 0) != nil || fds[0].Revents|fds[1].Revents == 0 {
			break
		}
		f.read(fds, buf)
	}
	closePolled(&fds[0])
	closePolled(&fds[1])
}

func (f *follower) read(fds []unix.PollFd, buf []byte) {
	for i, stream := range []event.Stream{event.Stdout, event.Stderr} {
		if fds[i].Fd < 0 || fds[i].Revents == 0 {
			continue
		}
		n, err := unix.Read(int(fds[i].Fd), buf)
		switch {
		case n > 0:
			f.deliver(stream, buf[:n])
		case !errors.Is(err, unix.EINTR):
			closePolled(&fds[i])
		}
		fds[i].Revents = 0
	}
}

func closePolled(fd *unix.PollFd) {
	if fd.Fd >= 0 {
		unix.Close(int(fd.Fd))
		fd.Fd = -1
	}
}

// poll waits for one of fds; a negative wait has no end.
func poll(fds []unix.PollFd, wait time.Duration) error {
	ms := -1
	if wait >= 0 {
		ms = int((wait + time.Millisecond - 1) / time.Millisecond)
	}
	_, err := unix.Poll(fds, ms)
	if errors.Is(err, unix.EINTR) {
		return nil
	}
	return err
}
