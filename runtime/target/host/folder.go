package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/pipelang/pipe/runtime/target/host/supervisor"
)

// folder is where a session keeps workspaces and scripts. A lock that the kernel drops with
// the process tells a living session's folder from one that a kill left behind.
type folder struct {
	path string
	lock *os.File // nil where the supervisor alone has it
	turn int      // keeps the names of several pipes apart
	// state is the state folder of the run.
	state string
	last  atomic.Int64
	// reclaim makes what is in a folder this user's; nil where nothing else can be in it.
	reclaim func(path string) error
}

const (
	hostFolders = "host" // the kind of folder of programs on this machine
	lockName    = "lock"
	stateName   = "state" // says which run a folder is of that does not lie in its state folder
)

// newFolder makes a session's folder in the first of the places that lies outside root:
// what is inside would be hidden by the workspace that is mounted there. state is the run's state folder.
func newFolder(kind, root, state string, places ...string) (*folder, error) {
	for _, place := range places {
		place, err := realDir(place)
		if err != nil || within(root, place) {
			continue
		}
		f, err := lockedFolder(kind, place)
		if err != nil {
			return nil, err
		}
		if f.state = state; place != realPath(state) {
			err = os.WriteFile(filepath.Join(f.path, stateName), []byte(realPath(state)), 0o600)
		}
		if err != nil {
			return nil, errors.Join(err, f.close())
		}
		return f, nil
	}
	return nil, fmt.Errorf("no folder outside %s to work in: set TMPDIR", root)
}

// realPath resolves links where it can.
func realPath(path string) string {
	if real, err := realDir(path); err == nil {
		return real
	}
	return path
}

// StateOf is the state folder of the run that a session's folder is of.
func StateOf(path string) string {
	if text, err := os.ReadFile(filepath.Join(path, stateName)); err == nil {
		return string(text)
	}
	return filepath.Dir(path)
}

// awaited says of a folder among temporary files that the run that it is of may be gone on with. What
// another store's runs left is that store's to judge; of a run below states, its session's folder tells.
func awaited(path, states string, inUse func(path string) bool) bool {
	text, err := os.ReadFile(filepath.Join(path, stateName))
	state := string(text)
	if _, gone := os.Lstat(state); err != nil || gone != nil {
		return false
	}
	if filepath.Dir(state) != realPath(states) {
		return true
	}
	return slices.ContainsFunc(names(state), func(name string) bool {
		return sessionFolder().MatchString(name) && inUse(filepath.Join(state, name))
	})
}

// lockedFolder takes the lock before the folder gets the name that a sweep looks for.
func lockedFolder(kind, place string) (*folder, error) {
	fresh, err := os.MkdirTemp(place, ".pipe-new-")
	if err != nil {
		return nil, err
	}
	lock, err := takeLock(filepath.Join(fresh, lockName))
	if err != nil {
		os.RemoveAll(fresh)
		return nil, err
	}
	path := filepath.Join(place, folderPrefix(kind)+strconv.FormatInt(int64(os.Getpid()), 36)+strings.TrimPrefix(filepath.Base(fresh), ".pipe-new"))
	if err := os.Rename(fresh, path); err != nil {
		lock.Close()
		os.RemoveAll(fresh)
		return nil, err
	}
	return &folder{path: path, lock: lock}, nil
}

// folderPrefix holds the user, because places such as /tmp are shared.
func folderPrefix(kind string) string { return "pipe-" + kind + "-" + strconv.Itoa(os.Getuid()) + "-" }

// next is a path in the folder that was never given before.
func (f *folder) next() string {
	name := strconv.FormatInt(f.last.Add(1), 36)
	if f.turn > 0 {
		name = fmt.Sprintf("%d-%s", f.turn, name)
	}
	return filepath.Join(f.path, name)
}

// InUse says that a folder of Workspaces belongs to a session that lives.
func InUse(path string) bool {
	if info, err := os.Lstat(path); err != nil || !info.IsDir() {
		return false
	}
	lock, err := takeLock(filepath.Join(path, lockName))
	if err != nil {
		return true
	}
	lock.Close()
	return false
}

func (f *folder) close() error {
	err := clearFolder(f.path, f.reclaim)
	if f.lock != nil {
		err = errors.Join(err, f.lock.Close())
	}
	return err
}

// sweepStale removes the folders of sessions that were killed: those among temporary files,
// and those in the state folders of other runs beside this one, which go with them. What is in
// use says of a folder that something else needs it still.
func sweepStale(kind, state string, inUse func(path string) bool, reclaim func(path string) error) {
	sweepPlace(kind, os.TempDir(), func(path string) bool { return inUse(path) || awaited(path, filepath.Dir(state), inUse) }, reclaim)
	sweepPlace(kind, state, inUse, reclaim) // of the run itself, where nothing of it lives any more
	for _, run := range names(filepath.Dir(state)) {
		place := filepath.Join(filepath.Dir(state), run)
		if place == filepath.Clean(state) {
			continue
		}
		found := sweepPlace(kind, place, inUse, reclaim)
		if supervisor.Sweep(place) || found {
			syscall.Rmdir(place)
		}
	}
}

// sweepPlace reports whether it found something to remove.
func sweepPlace(kind, place string, inUse func(path string) bool, reclaim func(path string) error) (found bool) {
	for _, name := range names(place) {
		path := filepath.Join(place, name)
		if strings.HasPrefix(name, folderPrefix(kind)) && !inUse(path) && removeStale(path, reclaim) == nil {
			found = true
		}
	}
	return found
}

// names lists a folder; what cannot be read holds nothing of ours.
func names(dir string) []string {
	f, err := os.Open(dir)
	if err != nil {
		return nil
	}
	defer f.Close()
	list, _ := f.Readdirnames(-1)
	return list
}

var errInUse = errors.New("it is in use, or no session's")

func removeStale(path string, reclaim func(path string) error) error {
	info, err := os.Lstat(path)
	if err != nil || !info.IsDir() || !owned(info) {
		return errInUse
	}
	lock, err := takeLock(filepath.Join(path, lockName))
	if err != nil {
		return errInUse
	}
	defer lock.Close()
	return clearFolder(path, reclaim)
}

// clearFolder removes a session's folder, and what lies in it as another's where reclaim helps. The lock goes
// last: by it others find what could not be removed.
func clearFolder(path string, reclaim func(path string) error) error {
	err := removeInside(path)
	if errors.Is(err, fs.ErrPermission) && reclaim != nil {
		if err = reclaim(path); err == nil {
			err = removeInside(path)
		}
	}
	if err != nil {
		return err
	}
	return removeAll(path)
}

// removeInside removes all that is in a session's folder but its lock and the name of its run.
func removeInside(path string) error {
	var err error
	for _, name := range names(path) {
		if name != lockName && name != stateName {
			err = errors.Join(err, removeAll(filepath.Join(path, name)))
		}
	}
	return err
}

// removeAll removes a tree, read-only folders included.
func removeAll(path string) error { return supervisor.RemoveTree(path) }

// within reports whether path is dir or below it; both are absolute and clean.
func within(dir, path string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}

// kind is what the folder's name says it is for.
func (f *folder) kind() string {
	kind, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(f.path), "pipe-"), "-")
	return kind
}
