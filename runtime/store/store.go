// Package store keeps what outlives a step on this machine: content by digest, and the
// folders for caches and for the state of a run. It implements target.Artifacts.
// It knows nothing of steps, plans and places, and never decides what is worth keeping.
package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/pipelang/pipe/runtime/target"
)

var _ target.Artifacts = (*Store)(nil)

// Store is a folder of content by digest. Its methods are safe for concurrent use, by several
// processes too: content appears under its digest by one rename, whole or not at all.
//
//	objects/sha256/ab/cdef…   the content of a file, read-only
//	trees/sha256/ab/cdef…     the manifest of a tree
//	cache/                    named cache folders, one folder a repository
//	state/                    one folder a run under way
//	tmp/                      what is being written
type Store struct{ dir string }

// staleTemp is the age at which a temporary file belongs to no living process.
const staleTemp = 24 * time.Hour

// Open makes the folder where it is missing and returns the store in it.
func Open(dir string) (*Store, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	for _, sub := range []string{objects, trees, "cache", "state", "tmp"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return nil, fmt.Errorf("store: %w", err)
		}
	}
	s := &Store{dir: dir}
	s.sweepTemp(time.Now().Add(-staleTemp))
	return s, nil
}

// Dir is the absolute path of the store's folder.
func (s *Store) Dir() string { return s.dir }

// sweepTemp removes what a killed process left half written. It is best effort: whatever
// stays is tried again by the next Open.
func (s *Store) sweepTemp(before time.Time) {
	entries, err := os.ReadDir(filepath.Join(s.dir, "tmp"))
	if err != nil {
		return
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.ModTime().Before(before) {
			os.RemoveAll(filepath.Join(s.dir, "tmp", e.Name()))
		}
	}
}

// publish moves a finished temporary file to its place. Content that is there already stays,
// unless its size says that it was torn by a crash.
func (s *Store) publish(temp *os.File, to string) error {
	info, err := temp.Stat()
	if err != nil {
		return err
	}
	if have, err := os.Stat(to); err == nil && have.Size() == info.Size() {
		return os.Remove(temp.Name())
	}
	if err := temp.Chmod(0o444); err != nil {
		return err
	}
	err = os.Rename(temp.Name(), to)
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	return os.Rename(temp.Name(), to)
}

// temp opens a new file in tmp. The caller closes it and, when it is not published, calls discard.
func (s *Store) temp() (*os.File, error) {
	return os.CreateTemp(filepath.Join(s.dir, "tmp"), "put-")
}

func discard(temp *os.File) {
	temp.Close()
	os.Remove(temp.Name())
}
