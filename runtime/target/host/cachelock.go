package host

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/pipelang/pipe/runtime/target"
)

// cacheLocks is the folder of locks beside the cache folders; no cache's name begins so.
const cacheLocks = ".locks"

// useCaches locks the cache folders of a job, together with others who use them and against
// who removes them. The locks last until the attempt is closed, and belong to its supervisor,
// too: they outlive a pipe that is killed. A lock's time says when a cache was used last.
func (a *attempt) useCaches() error {
	for _, m := range a.job.Mounts {
		if m.Cache == "" {
			continue
		}
		if _, err := localPath("", m.Cache); err != nil {
			return fmt.Errorf("mount %q: %w", m.Path, err)
		}
		f, err := shareLock(cacheLock(a.session.run.Cache, m.Cache))
		if err != nil {
			return fmt.Errorf("lock the cache %q: %w", m.Cache, err)
		}
		a.caches = append(a.caches, f)
	}
	return nil
}

func cacheLock(cache, name string) string {
	return filepath.Join(cache, cacheLocks, target.OneName(filepath.Clean(name)))
}

// shareLock waits for a lock that others may share. One that was removed meanwhile is none.
func shareLock(path string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	for {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, err
		}
		if err := flock(f, syscall.LOCK_SH); err != nil {
			f.Close()
			return nil, err
		}
		open, err := f.Stat()
		named, statErr := os.Stat(path)
		if err == nil && statErr == nil && os.SameFile(open, named) {
			now := time.Now()
			return f, os.Chtimes(path, now, now)
		}
		f.Close()
	}
}

func flock(f *os.File, how int) error {
	for {
		if err := syscall.Flock(int(f.Fd()), how); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

// onlyUser makes a shared lock one that nobody else holds, until done is called, unless others hold it.
func onlyUser(f *os.File) (done func() error, only bool) {
	shared := func() error { return flock(f, syscall.LOCK_SH) }
	if flock(f, syscall.LOCK_EX|syscall.LOCK_NB) == nil {
		return shared, true
	}
	_ = shared() // who does not get the one loses the other; it fails for no file that was locked
	return nil, false
}

// releaseCaches lets others remove the caches, when the supervisor has let go of them, too.
func (a *attempt) releaseCaches() {
	for _, f := range a.caches {
		f.Close()
	}
	a.caches = nil
}
