package supervisor

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// namespace is pipe started once more in a user namespace, where an ordinary user may mount. It
// serves all attempts of a run, each over a socket of its own, and ends with its supervisor.
type namespace struct {
	cmd *exec.Cmd

	mu      sync.Mutex
	control int
}

func startNamespace() (*namespace, error) {
	if !canRepeat {
		return nil, errors.New("this program does not call host.Helper")
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("namespace: %w", err)
	}
	theirs := os.NewFile(uintptr(pair[1]), "namespace")
	defer theirs.Close()
	cmd := &exec.Cmd{
		Path:        "/proc/self/exe",
		Args:        []string{namespaceName},
		Env:         environment(),
		Dir:         "/",
		ExtraFiles:  []*os.File{theirs},
		SysProcAttr: namespaceOfUser(),
	}
	if err := leading(func() (int, error) {
		if err := cmd.Start(); err != nil {
			return 0, err
		}
		return cmd.Process.Pid, nil
	}); err != nil {
		unix.Close(pair[0])
		return nil, fmt.Errorf("namespace: %w", err)
	}
	return &namespace{cmd: cmd, control: pair[0]}, nil
}

// namespaceOfUser maps the user onto itself: files and processes look as they always do. The
// capabilities are what the kernel wants of who mounts an overlay, to mount it and then to
// move files between layers; they do not reach the programs that steps run.
func namespaceOfUser() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{
		Setsid:      true,
		Cloneflags:  syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: os.Geteuid(), HostID: os.Geteuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: os.Getegid(), HostID: os.Getegid(), Size: 1}},
		AmbientCaps: []uintptr{unix.CAP_SYS_ADMIN, unix.CAP_DAC_OVERRIDE, unix.CAP_FOWNER, unix.CAP_CHOWN, unix.CAP_FSETID},
	}
}

// place opens the socket of one attempt.
func (h *namespace) place() (place, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("namespace: %w", err)
	}
	defer unix.Close(pair[1])
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := send(h.control, struct{ Version int }{1}, pair[1]); err != nil {
		unix.Close(pair[0])
		return nil, err
	}
	return &remote{socket: pair[0]}, nil
}

// close ends the namespace and what still runs in it.
func (h *namespace) close() error {
	unix.Close(h.control)
	stuck := time.AfterFunc(5*time.Second, func() { h.cmd.Process.Kill() })
	defer stuck.Stop()
	return h.cmd.Wait()
}

// remote is a place in the namespace.
type remote struct{ socket int }

// ask sends a request and gives the answer with the descriptor that came with it, or -1.
func (r *remote) ask(q request, fds ...int) (answer, int, error) {
	if err := send(r.socket, q, fds...); err != nil {
		return answer{}, -1, err
	}
	var a answer
	got, err := receive(r.socket, &a)
	if err != nil {
		return answer{}, -1, fmt.Errorf("the process for workspaces in a user namespace has ended: %w", err)
	}
	if len(got) == 0 {
		return a, -1, a.err()
	}
	closeFds(got[1:]...)
	return a, got[0], a.err()
}

func (r *remote) enter(v View) (*os.File, error) {
	_, dir, err := r.ask(request{Enter: &v})
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(dir), v.At), nil
}

func (r *remote) start(c command, stdio [3]int) (*process, error) {
	a, ended, err := r.ask(request{Start: &c}, stdio[:]...)
	if err != nil {
		return nil, err
	}
	return &process{pid: a.Pid, ended: ended, collect: func(patience time.Duration) (syscall.WaitStatus, error) {
		a, _, err := r.ask(request{End: &finish{patience}})
		return syscall.WaitStatus(a.Status), err
	}}, nil
}

func (r *remote) leave() { unix.Close(r.socket) }
