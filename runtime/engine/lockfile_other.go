//go:build !unix

package engine

import (
	"context"
	"errors"
	"os"
)

// lockFile is not to be had here.
type lockFile struct{}

func (*lockFile) release()          {}
func (*lockFile) file() *os.File    { return nil }
func (*lockFile) mark(string) error { return errNoLockFiles }

func lockFileAmong([]*os.File, string, string) *lockFile { return nil }

var errNoLockFiles = errors.New("locks across runs need a Unix system")

func (*lockFiles) try(context.Context, string, string) (*lockFile, string, error) {
	return nil, "", errNoLockFiles
}

func (*lockFiles) again(string, string) *lockFile { return nil }

func (*lockFiles) wait(context.Context, string, string, bool, func()) (*lockFile, error) {
	return nil, errNoLockFiles
}
