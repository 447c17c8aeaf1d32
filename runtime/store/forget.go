package store

import (
	"os"
	"path/filepath"
	"time"
)

// stateGrace is how old the state of a run must be that no journal lists: one that starts is written
// down a moment later.
const stateGrace = time.Hour

// ForgetState removes the state of a run that nobody can go on with any more, and reports whether
// there was any that it could remove. What works stays: a run with a process, and one whose supervisor
// or session holds a lock in its state.
func (s *Store) ForgetState(run string) bool {
	return s.forgettable(run) && os.RemoveAll(s.stateOf(run)) == nil
}

func (s *Store) stateOf(run string) string { return filepath.Join(s.dir, "state", run) }

func (s *Store) forgettable(run string) bool {
	if !filepath.IsLocal(run) || filepath.Base(run) != run || s.UnderWay(run) {
		return false
	}
	info, err := os.Lstat(s.stateOf(run))
	if err != nil || !info.IsDir() {
		return false
	}
	for _, pattern := range []string{"*lock", "*/*lock"} {
		held, _ := filepath.Glob(filepath.Join(s.stateOf(run), pattern))
		for _, path := range held {
			if leaseHeld(path) {
				return false
			}
		}
	}
	return true
}

// ForgetStates removes the state of all runs that are not listed and that ForgetState would remove, and
// gives how many there were. With dry it removes nothing.
func (s *Store) ForgetStates(listed func(run string) bool, dry bool) (n int, err error) {
	all, err := os.ReadDir(filepath.Join(s.dir, "state"))
	if err != nil {
		return 0, err
	}
	for _, e := range all {
		info, err := e.Info()
		if err != nil || listed(e.Name()) || time.Since(info.ModTime()) < stateGrace {
			continue
		}
		if dry && s.forgettable(e.Name()) || !dry && s.ForgetState(e.Name()) {
			n++
		}
	}
	return n, nil
}
