package host

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"

	"github.com/pipelang/pipe/runtime/target/host/supervisor"
)

// sessionFolder is the name of a session's folder: its kind, its user, its process.
var sessionFolder = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^pipe-[a-z]+-(\d+)-`) })

// Leftovers are the folders of this user's sessions that were killed: those among temporary
// files, and those in the state folders of runs, which lie below states. inUse says of one that something
// else needs it still. The next run removes them, too.
func Leftovers(states string, inUse func(path string) bool) []string {
	places := []string{os.TempDir()}
	for _, run := range names(states) {
		places = append(places, filepath.Join(states, run))
	}
	var out []string
	for _, place := range places {
		for _, name := range names(place) {
			of := sessionFolder().FindStringSubmatch(name)
			path := filepath.Join(place, name)
			if of != nil && of[1] == strconv.Itoa(os.Getuid()) && Deserted(path) && !inUse(path) && !awaited(path, states, inUse) {
				out = append(out, path)
			}
		}
	}
	return out
}

// Deserted says that a path is a session's folder, is this user's, and that no session holds its lock. In a store
// the name alone says whose a folder is: the lock may have been removed with what could be.
func Deserted(path string) bool {
	info, err := os.Lstat(path)
	if err != nil || !info.IsDir() || !owned(info) {
		return false
	}
	if _, err := os.Lstat(filepath.Join(path, lockName)); err != nil {
		return filepath.Dir(path) != filepath.Clean(os.TempDir())
	}
	lock, err := takeLock(filepath.Join(path, lockName))
	if err != nil {
		return false
	}
	return lock.Close() == nil
}

// RemoveLeftover removes one of Leftovers, unless a session holds it by now, and the state
// folder that it lies in where that is empty then. reclaim is as in Place.
func RemoveLeftover(path string, reclaim func(path string) error) error {
	err := errInUse
	if sessionFolder().FindString(filepath.Base(path)) != "" {
		err = removeStale(path, reclaim)
	}
	if err != nil {
		return fmt.Errorf("remove %s: %w", path, err)
	}
	if place := filepath.Dir(path); place != filepath.Clean(os.TempDir()) {
		supervisor.Sweep(place)
		_ = os.Remove(place) // it stays where there is more in it
	}
	return nil
}
