package host

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// errProbed ends a walk that has found what it looked for.
var errProbed = errors.New("found")

// probeReflink clones one file of the repository into the folder of copies.
func (w *workshop) probeReflink() error {
	result := errors.New("the repository holds no file to try")
	filepath.WalkDir(w.root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil
		}
		result = clone(path, w.folder.next())
		return errProbed
	})
	return result
}

// clone makes a file that shares the blocks of another, and removes it.
func clone(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer os.Remove(to)
	defer out.Close()
	if err := unix.IoctlFileClone(int(out.Fd()), int(in.Fd())); err != nil {
		return &fs.PathError{Op: "clone", Path: from, Err: err}
	}
	return nil
}
