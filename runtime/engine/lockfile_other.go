//go:build !unix

package engine

import (
	"context"
	"errors"
)

// lockFile is not to be had here.
type lockFile struct{}

func (*lockFile) release() {}

var errNoLockFiles = errors.New("locks across runs need a Unix system")

func tryLockFile(dir, key, run string) (*lockFile, string, error) { return nil, "", errNoLockFiles }

func waitLockFile(ctx context.Context, dir, key, run string, latest bool, queued func()) (*lockFile, error) {
	return nil, errNoLockFiles
}
