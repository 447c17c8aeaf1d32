//go:build !unix

package store

import (
	"errors"
	"os"
)

const (
	lockShared = iota
	lockAlone
	lockTry
	unlock
)

// errHeld is what lockTry gives where another process holds the lock.
var errHeld = errors.New("the lock is held")

// flock does nothing here: this system has no locks that end with their process, and Prune's
// grace period is what keeps it from what is in use.
func flock(*os.File, int) error { return nil }
