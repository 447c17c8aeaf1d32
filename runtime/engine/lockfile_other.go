//go:build !unix

package engine

import (
	"context"
	"errors"
	"os"
)

// lockFile is not to be had here.
type lockFile struct{}

func (*lockFile) release()       {}
func (*lockFile) file() *os.File { return nil }

func lockFileAmong([]*os.File, string, string) *lockFile { return nil }

var errNoLockFiles = errors.New("locks across runs need a Unix system")

func tryLockFile(dir, key, who string) (*lockFile, string, error) { return nil, "", errNoLockFiles }

func waitLockFile(ctx context.Context, dir, key, who string, latest bool, queued func()) (*lockFile, error) {
	return nil, errNoLockFiles
}
