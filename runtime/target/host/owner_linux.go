package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// shows says why files below root cannot all be changed in an overlay. A user namespace knows
// one user and one group: what belongs to others can be read in it, and cannot be copied up.
func (i *isolation) shows(root string) error {
	if !i.user {
		return nil
	}
	if i.owned == nil {
		err := allOwned(root)
		i.owned = &err
	}
	return *i.owned
}

// allOwned looks for the first file that git does not ignore and that is not this user's and
// this group's.
func allOwned(root string) error {
	hidden, err := ignored(context.Background(), root)
	if err != nil {
		return err
	}
	skip := map[string]bool{filepath.Join(root, ".git", "objects"): true}
	for _, p := range hidden {
		skip[filepath.Join(root, filepath.FromSlash(p))] = true
	}
	uid, gid := uint32(os.Getuid()), uint32(os.Getgid())
	return filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return nil // what cannot be read is not shown either
		}
		if skip[path] {
			if e.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if s, ok := info.Sys().(*syscall.Stat_t); ok && (s.Uid != uid || s.Gid != gid) {
			return fmt.Errorf("%s belongs to another user or group, whose files cannot be changed in a user namespace", path)
		}
		return nil
	})
}
