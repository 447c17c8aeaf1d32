package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/target"
)

// mountAll puts a job's mounts into the workspace. Folders merge with what is there; a file
// never replaces another.
func (a *attempt) mountAll(ctx context.Context) error {
	for _, m := range a.job.Mounts {
		if m.Cache != "" && a.workspace.binds && a.workspace.layers == nil {
			continue
		}
		if err := a.mount(ctx, m); err != nil {
			return fmt.Errorf("mount %q: %w", m.Path, err)
		}
	}
	return nil
}

func (a *attempt) mount(ctx context.Context, m target.Mount) error {
	at, err := localPath("", m.Path)
	if err != nil {
		return err
	}
	root, err := a.workspace.open()
	if err != nil {
		return err
	}
	in := mounter{attempt: a, root: root, ctx: ctx, secret: m.Secret || m.Text != nil}
	switch {
	case m.Text != nil:
		return in.text(at, *m.Text)
	case m.Cache != "":
		return in.cache(at, m.Cache)
	case !m.List && len(m.Files) == 1:
		return in.single(at, m.Files[0])
	}
	return in.list(at, m.Files)
}

// mounter writes into a workspace.
type mounter struct {
	attempt *attempt
	root    *os.Root
	ctx     context.Context
	secret  bool
}

// made remembers what a real tree must be rid of at the end, and any workspace at once.
func (m mounter) made(at string) {
	if m.attempt.job.InPlace || m.secret {
		m.attempt.placed = append(m.attempt.placed, at)
	}
}

// parents makes the folders above at.
func (m mounter) parents(at string) error {
	first, err := makeParents(m.root, at)
	if err != nil {
		return plainError(err)
	}
	if first != at {
		m.made(first)
	}
	return nil
}

func (m mounter) text(at, text string) error {
	if err := m.parents(at); err != nil {
		return err
	}
	f, err := m.root.OpenFile(at, os.O_WRONLY|os.O_CREATE|os.O_EXCL, secretMode)
	if err != nil {
		return collision(at, err)
	}
	m.made(at)
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// cache links a cache folder where it cannot be mounted.
func (m mounter) cache(at, name string) error {
	name, err := localPath("", name)
	if err != nil {
		return err
	}
	if m.attempt.workspace.external {
		return m.folder(at)
	}
	source := filepath.Join(m.attempt.session.run.Cache, name)
	if err := os.MkdirAll(source, 0o755); err != nil {
		return err
	}
	if err := m.parents(at); err != nil {
		return err
	}
	if err := m.root.Symlink(source, at); err != nil {
		return collision(at, err)
	}
	m.made(at)
	return nil
}

func (m mounter) single(at string, v value.Value) error {
	switch v := v.(type) {
	case value.File:
		return m.file(at, v)
	case value.Dir:
		return m.dir(at, v)
	}
	return fmt.Errorf("holds a %T, expected a file or a dir", v)
}

// list puts files below at by their names, and merges folders there.
func (m mounter) list(at string, all []value.Value) error {
	if at != "." {
		if err := m.folder(at); err != nil {
			return err
		}
	}
	for _, v := range all {
		to := at
		if f, ok := v.(value.File); ok {
			to = path.Join(at, target.OneName(f.Name))
		}
		if err := m.single(to, v); err != nil {
			return err
		}
	}
	return nil
}

// folder makes a folder where there is none.
func (m mounter) folder(at string) error {
	if err := m.parents(at); err != nil {
		return err
	}
	err := m.root.Mkdir(at, 0o755)
	if err == nil {
		m.made(at)
		return nil
	}
	if info, statErr := m.root.Stat(at); statErr == nil && info.IsDir() {
		return nil
	}
	return collision(at, err)
}

func (m mounter) file(at string, f value.File) error {
	if m.secret {
		f.Mode = secretMode
	}
	if err := m.parents(at); err != nil {
		return err
	}
	err := m.at(at, func(path string) error {
		return m.attempt.session.run.Artifacts.GetFile(m.ctx, f, path)
	})
	if err != nil {
		return collision(at, err)
	}
	m.made(at)
	return nil
}

// at calls write with a path that leads to at whatever the workspace's links say.
func (m mounter) at(at string, write func(path string) error) error {
	dir, err := m.root.Open(path.Dir(at))
	if err != nil {
		return plainError(err)
	}
	defer dir.Close()
	return write(filepath.Join(fdPath(dir), path.Base(at)))
}

// dir writes a tree at once where nothing is, and else beside and then entry by entry.
func (m mounter) dir(at string, d value.Dir) error {
	if err := m.parents(at); err != nil {
		return err
	}
	if _, err := m.root.Lstat(at); errors.Is(err, fs.ErrNotExist) {
		if err := m.get(at, d); err != nil {
			return err
		}
		m.made(at)
		return nil
	}
	if err := m.folder(at); err != nil {
		return err
	}
	fresh := path.Join(path.Dir(at), ".pipe-mount-"+filepath.Base(m.attempt.session.folder.next()))
	m.made(fresh)
	if err := m.get(fresh, d); err != nil {
		return err
	}
	return errors.Join(m.merge(fresh, at), m.root.RemoveAll(fresh))
}

func (m mounter) get(at string, d value.Dir) error {
	err := m.at(at, func(path string) error {
		return m.attempt.session.run.Artifacts.GetDir(m.ctx, d, path)
	})
	if err != nil || !m.secret {
		return err
	}
	return readOnly(m.root, at)
}

// readOnly gives every file below a folder the mode of a secret.
func readOnly(root *os.Root, at string) error {
	return fs.WalkDir(root.FS(), at, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		return root.Chmod(p, secretMode)
	})
}

// secretMode is the mode of a file that holds a secret.
const secretMode = 0o400

// merge moves what is in from into to.
func (m mounter) merge(from, to string) error {
	dir, err := m.root.Open(from)
	if err != nil {
		return plainError(err)
	}
	defer dir.Close()
	entries, err := dir.ReadDir(-1)
	if err != nil {
		return plainError(err)
	}
	for _, e := range entries {
		if err := m.mergeEntry(path.Join(from, e.Name()), path.Join(to, e.Name()), e.IsDir()); err != nil {
			return err
		}
	}
	return nil
}

func (m mounter) mergeEntry(from, to string, isDir bool) error {
	there, err := m.root.Lstat(to)
	switch {
	case err == nil && isDir && there.IsDir():
		return m.merge(from, to)
	case err == nil:
		return collision(to, fs.ErrExist)
	case !errors.Is(err, fs.ErrNotExist):
		return plainError(err)
	}
	if err := m.root.Rename(from, to); err != nil {
		return plainError(err)
	}
	m.made(to)
	return nil
}

// collision says what is in the way.
func collision(at string, err error) error {
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%q is there already", at)
	}
	return plainError(err)
}

// unplace takes mounts out of the real tree again, and secrets out of any workspace, which
// may last a while after the step.
func (a *attempt) unplace() error {
	if len(a.placed) == 0 {
		return nil
	}
	root, err := a.workspace.written()
	for _, at := range a.placed {
		if root != nil {
			err = errors.Join(err, root.RemoveAll(at))
		}
	}
	a.placed = nil
	if !a.job.InPlace {
		return nil // what a step left there goes with the workspace
	}
	return err
}
