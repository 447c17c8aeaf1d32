//go:build unix

package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// lockFile is a lock that is held across runs: an flock, which ends with the last process that has
// it open, however that ends. Beside pipe that is who runs attempts under it. The file says who holds it.
type lockFile struct {
	f     *os.File
	mu    sync.Mutex
	marks map[string]bool
}

// mark adds a line, once.
func (l *lockFile) mark(line string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.marks[line] {
		return nil
	}
	info, err := l.f.Stat()
	if err == nil {
		_, err = l.f.WriteAt([]byte(line+"\n"), info.Size())
	}
	if err == nil {
		l.marks[line] = true
	}
	return err
}

// release lets go, for all who have it open. The file stays: removing it would let two hold it.
func (l *lockFile) release() {
	_ = l.f.Truncate(0)
	_ = flock(l.f, unix.LOCK_UN)
	_ = l.f.Close()
}

func (l *lockFile) file() *os.File { return l.f }

func lockFileOf(f *os.File) *lockFile { return &lockFile{f: f, marks: map[string]bool{}} }

// lockFileAmong gives the one of several files that is the lock of a key, and closes the others.
func lockFileAmong(files []*os.File, dir, key string) *lockFile {
	want, err := os.Stat(lockPath(dir, key))
	var found *lockFile
	for _, f := range files {
		info, statErr := f.Stat()
		if found == nil && err == nil && statErr == nil && os.SameFile(info, want) {
			found = lockFileOf(f)
		} else {
			f.Close()
		}
	}
	return found
}

func lockPath(dir, key string) string {
	sum := sha256.Sum256([]byte(key))
	return filepath.Join(dir, hex.EncodeToString(sum[:12])+".lock")
}

func openLockFile(dir, key string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return os.OpenFile(lockPath(dir, key), os.O_RDWR|os.O_CREATE, 0o600)
}

// try takes a lock file if it is free; else it is nil and by says who holds it.
func (l *lockFiles) try(ctx context.Context, key, who string) (had *lockFile, by string, err error) {
	f, err := openLockFile(l.dir, key)
	if err != nil {
		return nil, "", err
	}
	err = flock(f, unix.LOCK_EX|unix.LOCK_NB)
	if err == nil {
		err = l.outlast(ctx, textOfLock(f), func() error { return unix.EWOULDBLOCK })
	}
	switch {
	case err == nil:
		return held(f, who), "", nil
	case errors.Is(err, unix.EWOULDBLOCK):
		by := l.holder(textOfLock(f))
		f.Close()
		return nil, by, nil
	}
	f.Close()
	return nil, "", unaskable(l.dir, key, err)
}

// again takes a lock file that is free and was held by the same one, who died.
func (l *lockFiles) again(key, who string) *lockFile {
	f, err := openLockFile(l.dir, key)
	if err != nil {
		return nil
	}
	if flock(f, unix.LOCK_EX|unix.LOCK_NB) == nil && textOfLock(f).holder() == who {
		return lockFileOf(f)
	}
	f.Close()
	return nil
}

// lockName is a key in a message: those of slots are not for people.
func lockName(key string) string {
	if strings.HasPrefix(key, poolPrefix) {
		return "a slot"
	}
	return fmt.Sprintf("lock %q", key)
}

// unaskable says which file stands in the way where nobody can say whether its holder still works.
func unaskable(dir, key string, err error) error {
	var left *outlastError
	if errors.As(err, &left) {
		return fmt.Errorf("%w: see to that, or remove %s", err, lockPath(dir, key))
	}
	return err
}

func flock(f *os.File, how int) error {
	for {
		err := unix.Flock(int(f.Fd()), how)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

func held(f *os.File, who string) *lockFile {
	_ = f.Truncate(0)
	_, _ = f.WriteAt([]byte(who+"\n"), 0)
	return lockFileOf(f)
}

func textOfLock(f *os.File) lockText {
	buf := make([]byte, 64<<10)
	n, _ := f.ReadAt(buf, 0)
	return lockText(buf[:n])
}

// wait waits for a lock file, and for what a holder that died left at work. The flock is waited
// for in a thread of its own, which the kernel wakes; nothing can call it back, so one who gives up
// leaves it to let go at once when its turn comes. queued is called when newer waiters can reach this one.
func (l *lockFiles) wait(ctx context.Context, key, who string, latest bool, queued func()) (*lockFile, error) {
	dir := l.dir
	ctx, give := context.WithCancelCause(ctx)
	defer give(nil)
	if latest {
		leave, err := announce(dir, key, func() { give(&supersededError{key}) })
		if err != nil {
			return nil, fmt.Errorf("%s: %w", lockName(key), err)
		}
		defer leave()
	}
	queued()
	f, err := openLockFile(dir, key)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", lockName(key), err)
	}
	got := make(chan error)
	go func() {
		err := flock(f, unix.LOCK_EX)
		select {
		case got <- err:
		case <-ctx.Done():
			f.Close()
		}
	}()
	select {
	case err := <-got:
		if err == nil {
			err = l.outlast(ctx, textOfLock(f), func() error { return nil })
		}
		if err == nil {
			return held(f, who), nil
		}
		f.Close()
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, fmt.Errorf("%s: %w", lockName(key), unaskable(dir, key, err))
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// announce tells older waiters with latest to give up, and calls newer when a newer one comes.
// Each has a pipe in the folder, named after the time it came; a byte in it is the message.
func announce(dir, key string, newer func()) (leave func(), err error) {
	prefix := strings.TrimSuffix(lockPath(dir, key), ".lock") + ".waits."
	mine := fmt.Sprintf("%s%020d.%d", prefix, time.Now().UnixNano(), os.Getpid())
	if err := unix.Mkfifo(mine, 0o600); err != nil {
		return nil, &os.PathError{Op: "mkfifo", Path: mine, Err: err}
	}
	// Opened for writing too, so that it never is at its end.
	fifo, err := os.OpenFile(mine, os.O_RDWR|unix.O_NONBLOCK, 0)
	if err != nil {
		os.Remove(mine)
		return nil, err
	}
	go func() {
		if n, _ := fifo.Read(make([]byte, 1)); n > 0 {
			newer()
		}
	}()
	older, _ := filepath.Glob(prefix + "*")
	for _, path := range older {
		if path < mine {
			tellOlder(path)
		}
	}
	return func() {
		os.Remove(mine)
		fifo.Close()
	}, nil
}

// tellOlder writes to a waiter's pipe; one that nobody reads was left by a run that died.
func tellOlder(path string) {
	f, err := os.OpenFile(path, os.O_WRONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		os.Remove(path)
		return
	}
	defer f.Close()
	_, _ = f.Write([]byte{1})
}
