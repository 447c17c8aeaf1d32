//go:build !linux

package supervisor

import "syscall"

func fork(path string, c command, attr *syscall.ProcAttr) (*process, error) {
	pid, err := syscall.ForkExec(path, c.Argv, attr)
	if err != nil {
		return nil, err
	}
	return watch(pid)
}

// AdoptOrphans has no equal here: orphans go to the first process of the system.
func AdoptOrphans() {}

// KeepDescriptors has no cheap equal here.
func KeepDescriptors() {}

func pipe() (r, w int, err error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	var p [2]int
	if err := syscall.Pipe(p[:]); err != nil {
		return 0, 0, err
	}
	syscall.CloseOnExec(p[0])
	syscall.CloseOnExec(p[1])
	return p[0], p[1], nil
}

const (
	noSignal    = 0 // Go programs do not end by writing to what nobody reads
	closeOnExec = 0
)
