package host

import (
	"io/fs"
	"os"
	"syscall"
)

// emptyFolder is an empty workspace that may serve one attempt after the other: making and
// removing a folder takes a file system longer than a small program takes to run.
type emptyFolder struct {
	path string
	// state is how it looked when it was made; whatever is done to it shows there.
	state fs.FileInfo
	// after is the supervisor's number of the attempt that has it still for whoever adopts that; 0 for none.
	after uint64
}

// empty makes a workspace without files. It is a plain folder elsewhere: nothing in it could
// be found by the repository's path, and a mount costs more than a small step itself.
func (w *workshop) empty() (*workspace, error) {
	f, err := w.takeEmpty()
	if err != nil {
		return nil, err
	}
	return &workspace{path: f.path, own: f.path, after: f.after,
		discard: func() error { return w.giveBack(f) },
		spare: func(by uint64) bool {
			f.after = by
			return w.spare(f)
		}}, nil
}

func (w *workshop) takeEmpty() (emptyFolder, error) {
	w.mu.Lock()
	if n := len(w.unused); n > 0 {
		defer w.mu.Unlock()
		f := w.unused[n-1]
		w.unused = w.unused[:n-1]
		return f, nil
	}
	w.mu.Unlock()
	path := w.folder.next()
	if err := os.Mkdir(path, 0o755); err != nil {
		return emptyFolder{}, err
	}
	state, err := os.Lstat(path)
	return emptyFolder{path: path, state: state}, err
}

// giveBack keeps a folder that nobody touched, and removes any other.
func (w *workshop) giveBack(f emptyFolder) error {
	if !w.spare(f) {
		return removeFolder(f.path)
	}
	return nil
}

// spare keeps a folder that nobody touched, and reports whether it is one.
func (w *workshop) spare(f emptyFolder) bool {
	if !f.untouched() {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.unused = append(w.unused, f)
	return true
}

// untouched compares times of change, which no program can set, and looks at the mode and inside too: what
// happens within one tick of the clock leaves the time as it was.
func (f emptyFolder) untouched() bool {
	now, err := os.Lstat(f.path)
	return err == nil && os.SameFile(now, f.state) && now.Mode() == f.state.Mode() && changed(now) == changed(f.state) && isEmpty(f.path)
}

// isEmpty asks the system itself: a file of package os would be told to the poller first.
func isEmpty(path string) bool {
	fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC|syscall.O_DIRECTORY, 0)
	if err != nil {
		return false
	}
	defer syscall.Close(fd)
	var room [1024]byte
	for {
		n, err := syscall.ReadDirent(fd, room[:])
		switch {
		case err == syscall.EINTR:
		case err != nil:
			return false
		case n <= 0:
			return true
		default:
			if _, found, _ := syscall.ParseDirent(room[:n], 1, nil); found > 0 {
				return false
			}
		}
	}
}

// removeFolder removes a folder that is most often empty.
func removeFolder(path string) error {
	if syscall.Rmdir(path) == nil {
		return nil
	}
	return removeAll(path)
}
