// Package store keeps what outlives a step on this machine: content by digest, sealed where
// it is secret, cached results by key, and the folders for caches and for the state of a run. It
// implements target.Artifacts. It knows nothing of plans, places and what a key is made of, and
// never decides what is worth keeping.
package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/pipelang/pipe/runtime/secret"
	"github.com/pipelang/pipe/runtime/target"
)

var _ target.Artifacts = (*Store)(nil)

// Store is a folder of content by digest. Its methods are safe for concurrent use, by several
// processes too: content appears under its digest by one rename, whole or not at all.
//
//	objects/sha256/ab/cdef…        the content of a file, read-only
//	objects/hmac-sha256/ab/cdef…   the same, sealed, under a digest that only the identity can make
//	trees/sha256/ab/cdef…          the manifest of a tree
//	trees/hmac-sha256/ab/cdef…     the same, sealed
//	results/sha256/ab/cdef…        what a step gave, by the key of what it depends on
//	recent/                        what results of a repository's steps said when they were read last
//	digests/                       the digests of a repository's files, by size and times
//	leases/, claim, gate           what keeps Prune from what is in use, and two processes from one run
//	cache/                         named cache folders, one folder a repository
//	state/                         one folder a run under way
//	tmp/                           what is being written, sealed where it will be
type Store struct {
	dir    string
	sealer *secret.Sealer
	gate   gate
	recent recent
	intact sync.Map // by path: the stamp of content that has been read and found whole
}

// staleTemp is the age at which a temporary file belongs to no living process.
const staleTemp = 24 * time.Hour

// Open makes the folder where it is missing and returns the store in it. What is sealed is
// sealed by sealer.
func Open(dir string, sealer *secret.Sealer) (*Store, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	if err := hideFromGit(dir); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	for _, sub := range []string{objects, trees, results, "cache", "state", "tmp"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return nil, fmt.Errorf("store: %w", err)
		}
	}
	s := &Store{dir: dir, sealer: sealer}
	s.sweepTemp(time.Now().Add(-staleTemp))
	return s, nil
}

// hideFromGit makes a store that is new, and may lie in a repository, one that git ignores.
func hideFromGit(dir string) error {
	if list, err := os.ReadDir(dir); err == nil && len(list) > 0 {
		return nil // it is there already, or the folder holds more than a store
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, ".gitignore"), []byte("*\n"), 0o600)
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

// publish moves a finished temporary file to its place. Content that is there already stays
// and is as young as if it were new, unless its size says that it was torn by a crash.
func publish(temp, to string) error {
	info, err := os.Stat(temp)
	if err != nil {
		return err
	}
	if have, err := os.Stat(to); err == nil && have.Size() == info.Size() {
		return errors.Join(touch(to, time.Now()), os.Remove(temp))
	}
	if err := errors.Join(os.Chmod(temp, 0o444), touch(temp, time.Now())); err != nil {
		return err
	}
	err = os.Rename(temp, to)
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	return os.Rename(temp, to)
}
