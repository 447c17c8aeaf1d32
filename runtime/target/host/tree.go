package host

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
)

// tree is the repository as it stood when the first attempt needed it: what of it is shown,
// and the read-only layers that workspaces share. An attempt in place makes it stale.
type tree struct {
	root    string
	ignored []string
	hidden  map[string]bool // ignored, as a set

	list func() ([]entry, error) // files and links, for inputs

	mu     sync.Mutex
	mask   func() (string, error)
	inputs map[string]func() (layer, error)
	// surveys are by globs, as inputs are, and sums by path.
	surveys map[string]*survey
	sums    sync.Map
}

// layer is a folder with the files that globs choose. steady says that none of them changed
// between the look at the tree and the copy.
type layer struct {
	path   string
	steady bool
}

// entry is a path below the root, slash-separated.
type entry struct {
	path string
	info fs.FileInfo
}

// newTree looks at a repository. own is a folder of it that is shown as little as what git ignores, "" is none.
func newTree(ctx context.Context, root, own string) (*tree, error) {
	paths, err := ignored(ctx, root)
	if err != nil {
		return nil, err
	}
	if own != "" {
		paths = ignoredPaths(append(paths, own))
	}
	t := &tree{root: root, ignored: paths, hidden: map[string]bool{}, inputs: map[string]func() (layer, error){}, surveys: map[string]*survey{}}
	for _, p := range paths {
		t.hidden[p] = true
	}
	t.list = sync.OnceValues(t.files)
	return t, nil
}

// walk visits what is shown, a folder before what is in it. What vanishes meanwhile, as an
// editor's files do, is left out, and so is what this user may not read: no step could.
func (t *tree) walk(visit func(entry) error) error {
	return filepath.WalkDir(t.root, func(full string, d fs.DirEntry, err error) error {
		if full == t.root {
			return err
		}
		if beyondReach(err) {
			return nil
		}
		if err != nil {
			return err
		}
		p := filepath.ToSlash(strings.TrimPrefix(full[len(t.root):], string(filepath.Separator)))
		if t.hidden[p] {
			return skip(d)
		}
		info, err := d.Info()
		if beyondReach(err) {
			return skip(d)
		}
		if err != nil {
			return err
		}
		return visit(entry{p, info})
	})
}

func beyondReach(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission)
}

func skip(d fs.DirEntry) error {
	if d.IsDir() {
		return filepath.SkipDir
	}
	return nil
}

// files are what inputs may name: everything but git's own.
func (t *tree) files() ([]entry, error) {
	var out []entry
	err := t.walk(func(e entry) error {
		if path.Base(e.path) == ".git" {
			return skip(fs.FileInfoToDirEntry(e.info))
		}
		if !e.info.IsDir() {
			out = append(out, e)
		}
		return nil
	})
	return out, err
}

// copyTo copies all that is shown into a folder, which is made.
func (t *tree) copyTo(ctx context.Context, to string) error {
	if err := os.Mkdir(to, 0o755); err != nil {
		return err
	}
	var folders []entry
	err := t.walk(func(e entry) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if e.info.IsDir() {
			folders = append(folders, e)
		}
		return t.copyEntry(e, to)
	})
	for i := len(folders) - 1; i >= 0 && err == nil; i-- {
		err = finishFolder(filepath.Join(to, folders[i].path), folders[i].info)
	}
	return err
}

func (t *tree) copyEntry(e entry, to string) error {
	from := filepath.Join(t.root, e.path)
	err := copyEntry(from, filepath.Join(to, e.path), e.info)
	if at, ok := errors.AsType[*fs.PathError](err); ok && at.Path == from && beyondReach(err) {
		return nil
	}
	return err
}

// copyInputs copies the files that globs choose into a folder, which is made. steady says
// that all of them still were what the tree was looked at for.
func (t *tree) copyInputs(ctx context.Context, gs globs, to string) (steady bool, err error) {
	if err := os.Mkdir(to, 0o755); err != nil {
		return false, err
	}
	all, err := t.list()
	if err != nil {
		return false, err
	}
	steady = true
	made := map[string]bool{".": true}
	for _, e := range all {
		if !gs.match(e.path) {
			continue
		}
		if err := errors.Join(ctx.Err(), t.copyParents(path.Dir(e.path), to, made)); err != nil {
			return false, err
		}
		if err := t.copyEntry(e, to); err != nil {
			return false, err
		}
		steady = steady && t.unmoved(e)
	}
	return steady, nil
}

// copyParents makes the folders that lead to a path, writable whatever the originals are.
func (t *tree) copyParents(dir, to string, made map[string]bool) error {
	if made[dir] {
		return nil
	}
	if err := t.copyParents(path.Dir(dir), to, made); err != nil {
		return err
	}
	made[dir] = true
	return os.Mkdir(filepath.Join(to, dir), 0o755)
}

// hide fills a folder with whiteouts for what is ignored: laid over the repository it shows
// all the rest. Folders on the way look like the originals, for they are what is seen.
func (t *tree) hide(to string) error {
	if err := os.Mkdir(to, 0o755); err != nil {
		return err
	}
	made := map[string]bool{".": true}
	for _, p := range t.ignored {
		if err := t.copyParents(path.Dir(p), to, made); err != nil {
			return err
		}
		if err := whiteout(filepath.Join(to, p)); err != nil {
			return &fs.PathError{Op: "whiteout", Path: p, Err: err}
		}
	}
	delete(made, ".")
	for dir := range made {
		if err := t.looksLike(filepath.Join(to, dir), dir); err != nil {
			return err
		}
	}
	return t.looksLike(to, ".")
}

func (t *tree) looksLike(to, dir string) error {
	info, err := os.Stat(filepath.Join(t.root, dir))
	if beyondReach(err) {
		return nil
	}
	if err != nil {
		return err
	}
	return finishFolder(to, info)
}
