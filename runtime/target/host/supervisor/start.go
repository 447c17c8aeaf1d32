package supervisor

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// notFoundError says that a program is nowhere to be found.
type notFoundError struct {
	Name   string
	Advice string
}

func (e *notFoundError) Error() string { return fmt.Sprintf("%q %s", e.Name, e.Advice) }

// findProgram resolves a program as a shell would, in the PATH that the process will have.
// Entries that are not absolute are left out: they would find what the workspace holds.
func findProgram(c command) (string, error) {
	name := c.Argv[0]
	if name == "" || strings.ContainsRune(name, 0) {
		return "", &notFoundError{name, "is no program's name"}
	}
	if strings.ContainsRune(name, filepath.Separator) {
		path := name
		if !filepath.IsAbs(name) {
			path = filepath.Join(c.Dir, name)
		}
		return name, runnable(path, name)
	}
	return shells.find(name, lookup(c.Env, "PATH"))
}

// search looks a program up in a PATH.
func search(name, path string) (string, error) {
	for _, dir := range filepath.SplitList(path) {
		if at := filepath.Join(dir, name); filepath.IsAbs(dir) && isRunnable(at) {
			return at, nil
		}
	}
	return "", &notFoundError{name, "is not in PATH"}
}

// shells remember where sh was found in the last PATH that was asked about, as long as it is there: most steps
// start with that one. A step may well install any other program in a folder that comes earlier.
var shells remembered

type remembered struct {
	last atomic.Pointer[[2]string] // a PATH, and where its sh is
}

func (r *remembered) find(name, path string) (string, error) {
	if name != "sh" {
		return search(name, path)
	}
	if last := r.last.Load(); last != nil && last[0] == path && isRunnable(last[1]) {
		return last[1], nil
	}
	at, err := search(name, path)
	if err == nil {
		r.last.Store(&[2]string{path, at})
	}
	return at, err
}

func runnable(path, name string) error {
	mode, err := modeOf(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &notFoundError{name, "does not exist"}
	case err != nil:
		return &notFoundError{name, "cannot be read: " + err.Error()}
	case mode&unix.S_IFMT == unix.S_IFDIR:
		return &notFoundError{name, "is a folder, expected a program"}
	case mode&0o111 == 0:
		return &notFoundError{name, "is not executable"}
	}
	return nil
}

func isRunnable(path string) bool {
	mode, err := modeOf(path)
	return err == nil && mode&unix.S_IFMT != unix.S_IFDIR && mode&0o111 != 0
}

// modeOf asks the system itself: the folders of a PATH are many, and most lack the program.
func modeOf(path string) (uint32, error) {
	var info unix.Stat_t
	for {
		switch err := unix.Stat(path, &info); err {
		case unix.EINTR:
		case nil:
			return uint32(info.Mode), nil
		default:
			return 0, err
		}
	}
}

// startHere starts a program from the calling thread, with what that thread sees as its world.
func startHere(c command, stdio [3]int) (*process, error) {
	path, err := findProgram(c)
	if err != nil {
		return nil, err
	}
	// A session of its own would cost a scheduling group each, twice what starting a program takes.
	p, err := fork(path, c, &syscall.ProcAttr{
		Dir:   c.Dir,
		Env:   c.Env,
		Files: []uintptr{uintptr(stdio[0]), uintptr(stdio[1]), uintptr(stdio[2])},
		Sys:   &syscall.SysProcAttr{Setpgid: true},
	})
	switch {
	case errors.Is(err, syscall.E2BIG):
		return nil, tooLarge(c)
	case err != nil:
		return nil, fmt.Errorf("start %s: %w", c.Argv[0], err)
	}
	return p, nil
}

// watch gives a process whose end the kernel cannot report by a descriptor.
func watch(pid int) (*process, error) {
	r, w, err := pipe()
	if err != nil {
		return nil, errors.Join(err, syscall.Kill(-pid, syscall.SIGKILL))
	}
	var status syscall.WaitStatus
	var waitErr error
	done := make(chan struct{})
	go func() {
		status, waitErr = wait(pid)
		led(pid)
		close(done)
		syscall.Close(w)
	}()
	return &process{pid: pid, ended: r, collect: func(patience time.Duration) (syscall.WaitStatus, error) {
		<-done
		clearGroup(pid, patience)
		return status, waitErr
	}}, nil
}

// collect takes the status of a leader that has ended, and ends its group.
func collect(pid int, patience time.Duration) (syscall.WaitStatus, error) {
	status, err := wait(pid)
	led(pid)
	clearGroup(pid, patience)
	return status, err
}

func wait(pid int) (syscall.WaitStatus, error) {
	var status syscall.WaitStatus
	for {
		_, err := syscall.Wait4(pid, &status, 0, nil)
		if err == nil {
			return status, nil
		}
		if !errors.Is(err, syscall.EINTR) {
			return status, fmt.Errorf("wait for process %d: %w", pid, err)
		}
	}
}

// clearGroup gives what is left of a group some time, kills the rest, and returns when
// nothing is left. A process that even SIGKILL cannot end keeps it for two seconds.
func clearGroup(pid int, patience time.Duration) {
	if waitGone(pid, patience) {
		return
	}
	syscall.Kill(-pid, syscall.SIGKILL)
	waitGone(pid, 2*time.Second)
}

func waitGone(pid int, patience time.Duration) bool {
	deadline := time.Now().Add(patience)
	for !groupGone(pid) {
		if !time.Now().Before(deadline) {
			return false
		}
		time.Sleep(2 * time.Millisecond)
	}
	return true
}

// groupGone collects the dead of a group and reports whether no one else is in it.
func groupGone(pid int) bool {
	for syscall.Kill(-pid, 0) == nil {
		got, err := syscall.Wait4(-pid, nil, syscall.WNOHANG, nil)
		if got <= 0 && !errors.Is(err, syscall.EINTR) {
			return false
		}
	}
	return true
}
