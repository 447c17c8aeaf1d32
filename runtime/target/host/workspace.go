package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/pipelang/pipe/runtime/target/host/supervisor"
)

// workspace is the folder that an attempt works in.
type workspace struct {
	path string // as its processes see it
	// place is where programs see it; nil is the machine as it is.
	place *supervisor.Place
	own   string // the folder that goes with it; "" for the real tree
	// root is the same folder for pipe; open opens it when it is needed.
	root *os.Root
	// binds says that cache folders are mounted; elsewhere they are links.
	binds bool
	// external says that cache folders are mounted by who runs the programs, and seen by them alone.
	external bool
	// layers are set where who runs the programs lays them over each other.
	layers *layers
	// result gives the folder to read once programs that ran elsewhere have ended, with what lies at a path below
	// it; nil is path.
	result func(below string) (string, error)
	// moved says that inputs changed while they were copied.
	moved   bool
	discard func() error
	// spare lets others have it before the attempt of a number is closed, where it is as it was at the
	// start; nil where it cannot be. after is the attempt that let this one have it.
	spare func(by uint64) bool
	after uint64
}

// open gives the workspace's files. No path leads out of it.
func (w *workspace) open() (*os.Root, error) { return w.openAt(".") }

// openAt is open for who reads at a path, or below it, and nothing else.
func (w *workspace) openAt(below string) (*os.Root, error) {
	if w.root != nil && w.result == nil {
		return w.root, nil
	}
	root, err := w.find(below)
	if err != nil {
		return nil, fmt.Errorf("workspace: %w", err)
	}
	w.root = root
	return root, nil
}

// find opens what programs left, wherever that is.
func (w *workspace) find(below string) (*os.Root, error) {
	switch {
	case w.result != nil:
		path, err := w.result(below)
		if err != nil || w.root != nil {
			return w.root, err
		}
		return os.OpenRoot(path)
	case w.layers != nil:
		return w.enterAgain()
	}
	return os.OpenRoot(w.path)
}

// enter checks, or makes where it may, the folder that programs start in.
func (w *workspace) enter(dir string, mayMake bool) (string, error) {
	if dir == "" || dir == "." {
		return w.path, nil
	}
	dir, err := localPath("", dir)
	if err != nil {
		return "", fmt.Errorf("workdir: %w", err)
	}
	root, err := w.open()
	if err != nil {
		return "", err
	}
	if mayMake {
		if err := root.MkdirAll(dir, 0o755); err != nil {
			return "", fmt.Errorf("workdir %q: %w", dir, plainError(err))
		}
	}
	info, err := root.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("workdir %q: the workspace has no such folder", dir)
	case err != nil:
		return "", fmt.Errorf("workdir %q: %w", dir, plainError(err))
	case !info.IsDir():
		return "", fmt.Errorf("workdir %q is a file, expected a folder", dir)
	}
	return filepath.Join(w.path, filepath.FromSlash(dir)), nil
}

func (w *workspace) close() error {
	if w.root != nil {
		w.root.Close()
	}
	if w.place != nil {
		w.place.Leave()
	}
	return w.discard()
}

// escapes is how os.Root says that a link leads out of it; the error has no name.
const escapes = "path escapes from parent"

// plainError leaves out where pipe keeps its files, which tells a user nothing.
func plainError(err error) error {
	if err != nil && strings.HasSuffix(err.Error(), escapes) {
		return errors.New("a link leads out of the workspace")
	}
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return e.Err
	}
	return err
}

// makeParents makes the folders that lead to p, and gives the first that was missing, or p.
func makeParents(root *os.Root, p string) (string, error) {
	dir := path.Dir(p)
	if dir == "." {
		return p, nil
	}
	first, err := makeParents(root, dir)
	if err != nil {
		return "", err
	}
	err = root.Mkdir(dir, 0o755)
	switch {
	case err == nil:
		return first, nil
	case !errors.Is(err, fs.ErrExist):
		return "", err
	}
	if info, err := root.Stat(dir); err != nil || !info.IsDir() {
		return "", errors.Join(err, fmt.Errorf("%q is no folder", dir))
	}
	return p, nil
}
