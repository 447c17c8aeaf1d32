package supervisor

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	lockName   = "supervisor.lock"
	socketName = "supervisor.sock"
)

// patience is how long a supervisor keeps what attempts left when all of them have ended and no
// pipe is there.
const patience = time.Hour

// start starts a supervisor of a run that has none, and gives the socket to it.
func start(state string) (*exec.Cmd, int, error) {
	if !canRepeat {
		return nil, -1, fmt.Errorf("this program does not call host.Helper: %w", errors.ErrUnsupported)
	}
	lock, err := takeLock(state, probeTime)
	if err != nil {
		return nil, -1, err
	}
	defer lock.Close()
	ours, theirs, err := socketPair()
	if err != nil {
		return nil, -1, err
	}
	end := os.NewFile(uintptr(theirs), "supervisor")
	defer end.Close()
	cmd := &exec.Cmd{
		Path:        "/proc/self/exe",
		Args:        []string{processName},
		Env:         environment("GOMAXPROCS=" + strconv.Itoa(max(16, runtime.NumCPU()))),
		Dir:         "/",
		ExtraFiles:  []*os.File{end, lock},
		SysProcAttr: &syscall.SysProcAttr{Setsid: true},
	}
	if err := cmd.Start(); err != nil {
		unix.Close(ours)
		return nil, -1, fmt.Errorf("supervisor: %w", err)
	}
	return cmd, ours, nil
}

// probeTime is how long a lock may be held by who only asks whether somebody holds it, or sweeps what a run left:
// another pipe on the same store that starts in that moment.
const probeTime = 3 * time.Second

// takeLock takes the lock of a run that has no supervisor, within some time. One that a sweep removed meanwhile is
// none.
func takeLock(state string, within time.Duration) (*os.File, error) {
	path := filepath.Join(state, lockName)
	deadline := time.Now().Add(within)
	for {
		lock, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, fmt.Errorf("supervisor: %w", err)
		}
		if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
			lock.Close()
			if time.Now().Before(deadline) {
				time.Sleep(5 * time.Millisecond)
				continue
			}
			return nil, fmt.Errorf("another pipe works on this run: %w", err)
		}
		if sameFile(lock, path) {
			return lock, nil
		}
		lock.Close()
	}
}

func sameFile(f *os.File, path string) bool {
	open, err := f.Stat()
	if err != nil {
		return false
	}
	named, err := os.Lstat(path)
	return err == nil && os.SameFile(open, named)
}

// Sweep removes what a supervisor that was killed left in the state folder of a run, where it
// left no attempt of which somebody must be told, and reports whether it did.
func Sweep(state string) bool {
	path := filepath.Join(state, lockName)
	lock, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return false
	}
	defer lock.Close()
	if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil || !sameFile(lock, path) {
		return false
	}
	if open, _, err := readTraces(filepath.Join(state, tracesName)); err != nil || len(open) > 0 {
		return false
	}
	for _, name := range []string{tracesName, socketName, lockName} {
		os.Remove(filepath.Join(state, name))
	}
	return true
}

// find connects to the supervisor that an earlier pipe of this run started; -1 where there is
// none. It waits for one that is only now starting, and while another pipe is there.
func find(state string) (int, error) {
	deadline := time.Now().Add(10 * time.Second)
	for {
		lives, err := locked(filepath.Join(state, lockName))
		if err != nil || !lives {
			return -1, err
		}
		fd, err := dial(state)
		if err == nil {
			return fd, nil
		}
		if time.Now().After(deadline) {
			return -1, fmt.Errorf("the supervisor of this run does not answer: %w", err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// locked reports whether a process holds the lock at path.
func locked(path string) (bool, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("supervisor: %w", err)
	}
	defer f.Close()
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return true, nil
	}
	return false, err
}

// socketAddress is how sockets are named here: by a short way to the folder, because the whole
// name of a socket must be shorter than paths are.
func socketAddress(dir *os.File) *unix.SockaddrUnix {
	return &unix.SockaddrUnix{Name: "/proc/self/fd/" + strconv.Itoa(int(dir.Fd())) + "/" + socketName}
}

func dial(state string) (int, error) {
	dir, err := os.Open(state)
	if err != nil {
		return -1, err
	}
	defer dir.Close()
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	if err := errors.Join(unix.Connect(fd, socketAddress(dir)), ownPeer(fd)); err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// peer is the process at a socket's other end, 0 where that is not known.
func peer(fd int) int {
	cred, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return 0
	}
	return int(cred.Pid)
}

// ownPeer refuses a socket's other end that is another user's.
func ownPeer(fd int) error {
	peer, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return err
	}
	if int(peer.Uid) != os.Geteuid() {
		return fmt.Errorf("the other end belongs to user %d", peer.Uid)
	}
	return nil
}

// listen makes the socket that later pipes of the run connect to, for this user alone.
func listen(state string) (int, error) {
	dir, err := os.Open(state)
	if err != nil {
		return -1, err
	}
	defer dir.Close()
	os.Remove(filepath.Join(state, socketName)) // of one that was killed: the lock is ours
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	mask := unix.Umask(0o177)
	err = unix.Bind(fd, socketAddress(dir))
	unix.Umask(mask)
	if err := errors.Join(err, unix.Listen(fd, 16)); err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// supervise is what a supervisor does, from its start to its end.
func supervise() {
	unix.CloseOnExec(processControl)
	unix.CloseOnExec(processLock)
	AdoptOrphans()
	RefuseTerminal()
	// The heap is small: collecting it whenever it doubles would be most of the work.
	debug.SetGCPercent(800)
	debug.SetMemoryLimit(64 << 20)
	// Programs would inherit what is ignored; what is caught they do not.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGTERM)
	c := newConn(processControl)
	s, err := newServer()
	if err != nil {
		return
	}
	s.listens, s.own = listen, true
	go reapNowAndThen()
	over := s.serve(c)
	for !over {
		if c = s.await(); c == nil {
			break
		}
		over = s.serve(c)
	}
	s.leave(over)
	s.unlist()
}

// reapNowAndThen keeps a long attempt that leaves many orphans from filling the process table.
func reapNowAndThen() {
	for range time.Tick(5 * time.Second) {
		reap()
	}
}

// reapAtOnce collects orphans as they die, where nobody else can.
func reapAtOnce() {
	died := make(chan os.Signal, 1)
	signal.Notify(died, syscall.SIGCHLD)
	for range died {
		reap()
	}
}

// unlist removes what leads to this supervisor; the lock is the last to go.
func (s *server) unlist() {
	if s.state == "" {
		return
	}
	os.Remove(filepath.Join(s.state, socketName))
	os.Remove(filepath.Join(s.state, lockName))
}

// await waits for the next pipe of the run, as long as there is something for it to find. It
// gives nil when there is not, or nobody came.
func (s *server) await() *conn {
	if s.listener < 0 || s.idle() {
		return nil
	}
	next := make(chan *conn)
	gone := make(chan struct{})
	defer close(gone)
	go s.accept(next, gone)
	rest := time.NewTimer(patience)
	look := time.NewTicker(looking)
	defer look.Stop()
	for {
		if !s.rests() {
			rest.Reset(patience)
		}
		select {
		case c := <-next:
			return c
		case <-s.event:
			rest.Reset(patience)
		case <-look.C:
			if !s.listed() {
				return nil
			}
		case <-rest.C:
			if s.rests() {
				return nil
			}
		}
	}
}

// looking is how often a supervisor without a pipe looks whether the run is still there.
const looking = 2 * time.Second

// listed reports whether another pipe could find this supervisor: a run whose state folder was
// removed is given up.
func (s *server) listed() bool {
	_, err := os.Lstat(filepath.Join(s.state, socketName))
	return err == nil
}

// accept takes the first connection of this user.
func (s *server) accept(next chan<- *conn, gone <-chan struct{}) {
	for {
		fd, _, err := unix.Accept4(s.listener, unix.SOCK_CLOEXEC)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return
		}
		if ownPeer(fd) != nil {
			unix.Close(fd)
			continue
		}
		select {
		case next <- newConn(fd):
		case <-gone:
			unix.Close(fd)
		}
		return
	}
}
