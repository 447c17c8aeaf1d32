package host

import (
	"os"
	"path/filepath"
	"time"
)

// Seen notes that the process of these workspaces lives, for LastSeen.
func (w *Workspaces) Seen(now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	seen(w.session.folder.path, now)
	for path := range w.held {
		seen(path, now)
	}
}

// seen writes the moment where it does no harm that it fails: then the one before holds.
func seen(folder string, now time.Time) { _ = os.Chtimes(filepath.Join(folder, lockName), now, now) }

// LastSeen is when the process of a folder of Workspaces was last there, as far as anybody knows; where
// the folder does not say, it is otherwise.
func LastSeen(folder string, otherwise time.Time) time.Time {
	info, err := os.Stat(filepath.Join(folder, lockName))
	if err != nil {
		return otherwise
	}
	return info.ModTime()
}

// holding is how long Hold waits for those that only look whether somebody holds a folder.
const holding = time.Second

// Hold takes the folder that an earlier process of this run had, so that others see that somebody
// goes on with what is in it. One that is not there needs no holding.
func (w *Workspaces) Hold(path string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.held[path] != nil {
		return nil
	}
	if _, err := os.Lstat(path); err != nil {
		return nil
	}
	for deadline := time.Now().Add(holding); ; time.Sleep(5 * time.Millisecond) {
		lock, err := takeLock(filepath.Join(path, lockName))
		if err == nil {
			w.held[path] = lock
			return nil
		}
		if time.Now().After(deadline) {
			return err
		}
	}
}

// RemoveHeld removes a folder of Hold, and lets go of it.
func (w *Workspaces) RemoveHeld(path string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.held[path] == nil {
		return nil
	}
	defer w.letGo(path)
	return clearFolder(path, w.session.folder.reclaim)
}

// letGo is called with mu held.
func (w *Workspaces) letGo(path string) {
	w.held[path].Close()
	delete(w.held, path)
}
