package supervisor

import (
	"math"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// fork starts a program and asks the kernel for a descriptor that reports its end.
func fork(path string, c command, attr *syscall.ProcAttr) (*process, error) {
	ended := -1
	attr.Sys.PidFD = &ended
	pid := 0
	err := leading(func() (_ int, err error) {
		pid, err = syscall.ForkExec(path, c.Argv, attr)
		return pid, err
	})
	if err != nil {
		return nil, err
	}
	if ended < 0 {
		return watch(pid)
	}
	return &process{pid: pid, ended: ended, collect: func(patience time.Duration) (syscall.WaitStatus, error) {
		return collect(pid, patience)
	}}, nil
}

// AdoptOrphans makes processes whose parent has died children of this one, so that it can
// see them gone.
var AdoptOrphans = sync.OnceFunc(func() {
	unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
})

// KeepDescriptors keeps what whoever started pipe left open from the programs that it starts.
var KeepDescriptors = sync.OnceFunc(func() {
	unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC)
})

func pipe() (r, w int, err error) {
	var p [2]int
	err = unix.Pipe2(p[:], unix.O_CLOEXEC)
	return p[0], p[1], err
}

const (
	noSignal    = unix.MSG_NOSIGNAL
	closeOnExec = unix.MSG_CMSG_CLOEXEC
)
