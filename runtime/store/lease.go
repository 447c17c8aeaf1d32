package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Two locks keep Prune from what is in use. Every run has a lease: a locked file whose time
// says when the run began; what was written or found since then stays. And whoever makes content
// reachable, or relies on it, shares the gate for as long as that takes, which Prune takes alone
// before it removes anything.
const (
	leases   = "leases"
	gateName = "gate"
	// claimName is held while a lease is taken.
	claimName = "claim"
)

// UnderWayError says that another process has a run under way.
type UnderWayError struct {
	Run string
	PID int // 0 where it is not known
}

func (e *UnderWayError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("run %s is under way", e.Run)
	}
	return fmt.Sprintf("run %s is under way, in process %d", e.Run, e.PID)
}

// Lease protects all that a run stores or finds in the cache from Prune, until release or
// the end of the process. Only one process has that of a run: the error of others is an *UnderWayError.
func (s *Store) Lease(run string) (release func(), err error) {
	if !filepath.IsLocal(run) || filepath.Base(run) != run {
		return nil, fmt.Errorf("lease: %q is no run's name", run)
	}
	path := filepath.Join(s.dir, leases, run)
	claim := gate{}
	if err := claim.take(filepath.Join(s.dir, claimName), lockAlone); err != nil {
		return nil, err
	}
	defer claim.f.Close()
	if s.UnderWay(run) {
		return nil, &UnderWayError{run, s.holder(run)}
	}
	// Made under another name, so that nobody finds it unlocked.
	f, err := os.CreateTemp(filepath.Join(s.dir, "tmp"), "lease-")
	if err != nil {
		return nil, fmt.Errorf("lease: %w", err)
	}
	_, err = fmt.Fprintln(f, os.Getpid())
	err = errors.Join(err, flock(f, lockAlone), os.MkdirAll(filepath.Dir(path), 0o700))
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		f.Close()
		return nil, fmt.Errorf("lease: %w", err)
	}
	return sync.OnceFunc(func() {
		os.Remove(path)
		f.Close()
	}), nil
}

// oldestLease is when the oldest run under way began; now when none is. Leases of runs that
// were killed are removed.
func (s *Store) oldestLease(now time.Time) (time.Time, error) {
	dir := filepath.Join(s.dir, leases)
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return now, err
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		began, alive, err := leased(path)
		switch {
		case errors.Is(err, os.ErrNotExist):
		case err != nil:
			return now, err
		case !alive:
			os.Remove(path)
		case began.Before(now):
			now = began
		}
	}
	return now, nil
}

// leased says when a lease was taken, and whether its run is under way.
func leased(path string) (began time.Time, alive bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return began, false, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return began, false, err
	}
	err = flock(f, lockTry)
	if errors.Is(err, errHeld) {
		return info.ModTime(), true, nil
	}
	return info.ModTime(), false, err
}

// gate is the lock between Prune and all others. The goroutines of a process share one hold.
type gate struct {
	mu    sync.Mutex
	users int
	f     *os.File
}

// enter shares the gate; leave must be called.
func (s *Store) enter() (leave func(), err error) {
	s.gate.mu.Lock()
	defer s.gate.mu.Unlock()
	if s.gate.users == 0 {
		if err := s.gate.take(filepath.Join(s.dir, gateName), lockShared); err != nil {
			return nil, err
		}
	}
	s.gate.users++
	return s.gate.leave, nil
}

func (g *gate) take(path string, how int) error {
	if g.f == nil {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return fmt.Errorf("store: %w", err)
		}
		g.f = f
	}
	if err := flock(g.f, how); err != nil {
		return fmt.Errorf("lock the store: %w", err)
	}
	return nil
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.users--; g.users == 0 {
		_ = flock(g.f, unlock) // the end of the process lets go too
	}
}

// alone calls f while nobody else uses the gate, this process included.
func (s *Store) alone(f func() error) error {
	other := gate{}
	if err := other.take(filepath.Join(s.dir, gateName), lockAlone); err != nil {
		return err
	}
	defer other.f.Close()
	return f()
}

// touch notes that something is in use.
func touch(path string, now time.Time) error { return os.Chtimes(path, now, now) }
