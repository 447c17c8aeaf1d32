package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/pipelang/pipe/lang/value"
)

// PutDir takes in the tree at path, which may be a link to a folder. Links inside it are kept
// as links when they stay in the tree; one that leaves it, a socket or a device is
// an error, which names its path in the tree alone.
func (in *intake) PutDir(ctx context.Context, path string) (value.Dir, error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return value.Dir{}, fmt.Errorf("store folder: %w", err)
	}
	defer root.Close()
	m, err := in.putTree(ctx, root)
	if err != nil {
		return value.Dir{}, err
	}
	sum, err := in.putManifest(m)
	if err != nil {
		return value.Dir{}, fmt.Errorf("store folder: %w", err)
	}
	files, bytes := m.total()
	return value.Dir{Name: filepath.Base(path), Digest: sum, Size: bytes, Files: files}, nil
}

func (in *intake) putTree(ctx context.Context, root *os.Root) (manifest, error) {
	var m manifest
	err := fs.WalkDir(root.FS(), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || p == "." {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		e, err := in.putEntry(ctx, root, p, d)
		if err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
		m = append(m, e)
		return nil
	})
	return m, err
}

func (in *intake) putEntry(ctx context.Context, root *os.Root, p string, d fs.DirEntry) (entry, error) {
	switch d.Type() {
	case fs.ModeDir:
		info, err := root.Lstat(p)
		if err != nil {
			return entry{}, err
		}
		return entry{kind: "dir", path: p, mode: info.Mode().Perm()}, nil
	case fs.ModeSymlink:
		target, err := root.Readlink(p)
		if err != nil {
			return entry{}, err
		}
		if !staysInside(p, target) {
			return entry{}, fmt.Errorf("link to %q leaves the tree", target)
		}
		return entry{kind: "link", path: p, target: target}, nil
	case 0:
		return in.putTreeFile(ctx, root, p)
	}
	return entry{}, fmt.Errorf("is %s, expected a file, a folder or a link", kindName(d.Type()))
}

func (in *intake) putTreeFile(ctx context.Context, root *os.Root, p string) (entry, error) {
	f, err := root.OpenFile(p, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return entry{}, err
	}
	defer f.Close()
	v, err := in.put(ctx, f)
	return entry{kind: "file", path: p, mode: fs.FileMode(v.Mode), digest: v.Digest, size: v.Size}, err
}

// staysInside reports whether a link at p, a path below the tree without links in it, leads
// into the tree. ".." is understood only in front: after a name that is itself a link, it
// would go up from somewhere else than the text says.
func staysInside(p, target string) bool {
	if target == "" || path.IsAbs(target) || strings.ContainsRune(target, 0) {
		return false
	}
	up, rest := 0, target
	for rest == ".." || strings.HasPrefix(rest, "../") || strings.HasPrefix(rest, "./") {
		if strings.HasPrefix(rest, "..") {
			up++
		}
		_, rest, _ = strings.Cut(rest, "/")
		rest = strings.TrimLeft(rest, "/")
	}
	for name := range strings.SplitSeq(rest, "/") {
		if name == ".." {
			return false
		}
	}
	return up <= strings.Count(p, "/")
}

// GetDir writes a tree to path, which must not exist.
func (s *Store) GetDir(ctx context.Context, d value.Dir, path string) error {
	m, err := s.manifest(d.Digest)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Mkdir(path, 0o755); err != nil {
		return fmt.Errorf("write folder: %w", err)
	}
	if err := s.getTree(ctx, m, path); err != nil {
		os.RemoveAll(path)
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// manifest reads a tree's manifest and makes sure that it is the one of the digest.
func (s *Store) manifest(sum string) (manifest, error) {
	from, err := s.place(trees, sum)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(from)
	if err != nil {
		return nil, missing(err, sum)
	}
	defer f.Close()
	content, err := s.opened(f, sum)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(content)
	if err != nil {
		return nil, err
	}
	if isSealed(sum) {
		return decode(bytes.NewReader(text))
	}
	got, err := digest(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	if got != sum {
		return nil, fmt.Errorf("manifest %s is damaged", sum)
	}
	return decode(bytes.NewReader(text))
}

// getTree writes entries in order, so that a folder comes before what is in it. Permissions
// of folders come last, from the inside out: a read-only folder could not be filled.
func (s *Store) getTree(ctx context.Context, m manifest, path string) error {
	root, err := os.OpenRoot(path)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, e := range m {
		if err := s.getEntry(ctx, root, e); err != nil {
			return fmt.Errorf("%s: %w", e.path, err)
		}
	}
	for i := len(m) - 1; i >= 0; i-- {
		if m[i].kind != "dir" {
			continue
		}
		if err := root.Chmod(m[i].path, m[i].mode); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) getEntry(ctx context.Context, root *os.Root, e entry) error {
	switch e.kind {
	case "dir":
		return root.Mkdir(e.path, 0o700)
	case "link":
		return root.Symlink(e.target, e.path)
	}
	f, err := root.OpenFile(e.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	v := value.File{Digest: e.digest, Size: e.size, Mode: uint32(e.mode)}
	return errors.Join(s.fill(ctx, f, v), f.Close())
}
