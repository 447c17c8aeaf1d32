//go:build unix

package store

import (
	"errors"
	"os"
	"syscall"
)

const (
	lockShared = syscall.LOCK_SH
	lockAlone  = syscall.LOCK_EX
	lockTry    = syscall.LOCK_EX | syscall.LOCK_NB
	unlock     = syscall.LOCK_UN
)

// errHeld is what lockTry gives where another process holds the lock.
var errHeld error = syscall.EWOULDBLOCK

// flock locks an open file, which ends with the process however that ends.
func flock(f *os.File, how int) error {
	for {
		err := syscall.Flock(int(f.Fd()), how)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}
