package supervisor

import (
	"errors"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// serveControl serves attempts until the supervisor closes the control socket, or dies. What
// still runs then is ended.
func serveControl(control int) {
	unix.CloseOnExec(control)
	var attempts sync.WaitGroup
	var sockets sync.Map // of attempts under way
	defer attempts.Wait()
	defer sockets.Range(func(socket, _ any) bool {
		unix.Shutdown(socket.(int), unix.SHUT_RDWR)
		return true
	})
	for {
		var hello struct{ Version int }
		fds, err := receive(control, &hello)
		if err != nil || len(fds) != 1 {
			return
		}
		sockets.Store(fds[0], nil)
		attempts.Go(func() {
			serveAttempt(fds[0])
			sockets.Delete(fds[0])
			unix.Close(fds[0])
		})
	}
}

// attendant answers for one attempt, in a place of its own.
type attendant struct {
	place   *thread
	process *process
}

func serveAttempt(socket int) {
	a := attendant{place: newThread(dropInheritable)}
	defer a.leave()
	for {
		var q request
		fds, err := receive(socket, &q)
		if err != nil {
			return
		}
		reply, fd := a.serve(q, fds)
		closeFds(fds...)
		if fd < 0 {
			err = send(socket, reply)
		} else {
			err = send(socket, reply, fd)
			unix.Close(fd)
		}
		if err != nil {
			return
		}
	}
}

// leave ends what still runs: the supervisor has gone without asking for its end.
func (a *attendant) leave() {
	if a.process != nil {
		a.process.signal(unix.SIGKILL)
		a.process.collect(0)
	}
	a.place.leave()
}

// serve gives the answer to a request and the descriptor that goes with it, or -1.
func (a *attendant) serve(q request, fds []int) (answer, int) {
	switch {
	case q.Enter != nil:
		dir, err := a.enter(*q.Enter)
		return failed(err), dir
	case q.Start != nil && len(fds) == 3 && a.process == nil:
		p, err := a.place.start(*q.Start, [3]int(fds))
		if err != nil {
			return failed(err), -1
		}
		a.process = p
		return answer{Pid: p.pid}, p.ended
	case q.End != nil && a.process != nil:
		return a.end(q.End.Patience), -1
	}
	return failed(errors.New("namespace: a request out of turn")), -1
}

func (a *attendant) enter(v View) (int, error) {
	dir, err := a.place.enter(v)
	if err != nil {
		return -1, err
	}
	defer dir.Close()
	return unix.FcntlInt(dir.Fd(), unix.F_DUPFD_CLOEXEC, 0)
}

func (a *attendant) end(patience time.Duration) answer {
	status, err := a.process.collect(patience)
	a.process = nil
	reply := failed(err)
	reply.Status = uint32(status)
	return reply
}

// dropInheritable takes from the calling thread what programs that it starts would inherit
// of the process's capabilities, and leaves it the capabilities themselves.
func dropInheritable() error {
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData
	if err := unix.Capget(&head, &sets[0]); err != nil {
		return err
	}
	sets[0].Inheritable, sets[1].Inheritable = 0, 0
	return unix.Capset(&head, &sets[0])
}
