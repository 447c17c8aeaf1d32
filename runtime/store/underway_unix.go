//go:build unix

package store

import (
	"errors"
	"os"
	"syscall"
)

// leaseHeld tries to share the lock, so that two who ask are not in each other's way.
func leaseHeld(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	return errors.Is(flock(f, syscall.LOCK_SH|syscall.LOCK_NB), errHeld)
}
