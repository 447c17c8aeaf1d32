package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"
	"unicode/utf8"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/target"
)

// maxText is how many bytes text may give.
const maxText = 64 << 20

// Text reads a file of UTF-8.
func (a *attempt) Text(p string) (string, error) {
	f, err := a.openFile(p)
	if err != nil {
		return "", err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxText+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("%q: %w", p, plainError(err))
	case len(raw) > maxText:
		return "", fmt.Errorf("%q is larger than %d bytes: pass it on as a file", p, maxText)
	case !utf8.Valid(raw):
		return "", fmt.Errorf("%q is not UTF-8 text: pass it on as a file", p)
	}
	return string(raw), nil
}

// File takes in a file of the workspace.
func (a *attempt) File(ctx context.Context, p string, to target.Intake) (value.File, error) {
	f, err := a.openFile(p)
	if err != nil {
		return value.File{}, err
	}
	defer f.Close()
	v, err := to.PutFile(ctx, fdPath(f))
	if err != nil {
		return value.File{}, fmt.Errorf("%q: %w", p, err)
	}
	v.Name = path.Base(p)
	return v, nil
}

// Dir takes in a folder of the workspace.
func (a *attempt) Dir(ctx context.Context, p string, to target.Intake) (value.Dir, error) {
	f, info, err := a.openAny(p)
	if err != nil {
		return value.Dir{}, err
	}
	defer f.Close()
	if !info.IsDir() {
		return value.Dir{}, fmt.Errorf("%q is a file, expected a folder", p)
	}
	v, err := to.PutDir(ctx, fdPath(f))
	if err != nil {
		return value.Dir{}, fmt.Errorf("%q: %w", p, err)
	}
	v.Name = path.Base(p)
	return v, nil
}

// Files takes in the files that a glob matches, in order of their paths.
func (a *attempt) Files(ctx context.Context, glob string, to target.Intake) ([]value.File, error) {
	found, err := a.glob(glob)
	if err != nil {
		return nil, err
	}
	out := make([]value.File, 0, len(found))
	for _, p := range found {
		f, err := a.File(ctx, p, to)
		if err != nil {
			return nil, err
		}
		out = append(out, f)
	}
	return out, nil
}

// openFile opens a regular file at a path relative to the working folder.
func (a *attempt) openFile(p string) (*os.File, error) {
	f, info, err := a.openAny(p)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		f.Close()
		return nil, fmt.Errorf("%q is a folder, expected a file", p)
	case !info.Mode().IsRegular():
		f.Close()
		return nil, fmt.Errorf("%q is no regular file", p)
	}
	return f, nil
}

// openAny opens what is at a path. It never waits for the other end of a named pipe.
func (a *attempt) openAny(p string) (*os.File, fs.FileInfo, error) {
	at, err := workspacePath(a.job.Workdir, p)
	if err != nil {
		return nil, nil, err
	}
	root, at, done, err := a.rootOf(at)
	if err != nil {
		return nil, nil, fmt.Errorf("%q: %w", p, err)
	}
	defer done()
	f, err := root.OpenFile(at, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("%q: the workspace has no such file", p)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%q: %w", p, plainError(err))
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, nil, fmt.Errorf("%q: %w", p, plainError(err))
	}
	return f, info, nil
}

// glob gives the paths of regular files, relative to the working folder, or with a leading /
// to the workspace's root where they lie elsewhere, and in order. Links
// to folders are not followed; a link to a file counts where it stays in the workspace.
func (a *attempt) glob(pattern string) ([]string, error) {
	rest, rooted := strings.CutPrefix(pattern, "/")
	g, err := parseGlob(rest)
	if err != nil || g.exclude {
		return nil, errors.Join(err, excludeError(g, pattern))
	}
	workdir, err := localPath(a.job.Workdir, ".")
	if err != nil {
		return nil, err
	}
	dir := workdir
	if rooted {
		dir = "."
	}
	base, rest := doublestar.SplitPattern(g.pattern)
	below := base
	if !strings.ContainsAny(g.pattern, `*?[{\`) {
		below = g.pattern
	}
	root, err := a.workspace.openAt(path.Join(dir, below))
	if err != nil {
		return nil, err
	}
	source, below, linked := a.linkedCache(root, path.Join(dir, base))
	if !linked {
		base, rest, below = "", g.pattern, dir
	} else if root, err = os.OpenRoot(source); err != nil {
		return nil, fmt.Errorf("%q: %w", pattern, plainError(err))
	} else {
		defer root.Close()
	}
	found, err := regularFiles(root, below, rest)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", pattern, plainError(err))
	}
	for i := range found {
		found[i] = path.Join(base, found[i])
	}
	for i, p := range found {
		if rooted {
			found[i] = seenFrom(workdir, p)
		}
	}
	slices.Sort(found)
	return slices.Compact(found), nil
}

// regularFiles gives the paths below dir, relative to it, that a pattern matches.
func regularFiles(root *os.Root, dir, pattern string) ([]string, error) {
	files, err := fs.Sub(root.FS(), dir)
	if err != nil {
		return nil, err
	}
	found, err := doublestar.Glob(files, pattern, doublestar.WithNoFollow())
	return slices.DeleteFunc(found, func(p string) bool {
		info, err := fs.Stat(files, p)
		return err != nil || !info.Mode().IsRegular() || gitsOwn(p) && !gitsOwn(pattern)
	}), err
}

// seenFrom writes a path from the workspace's root as a script in dir would.
func seenFrom(dir, p string) string {
	if dir == "." {
		return p
	}
	if below, ok := strings.CutPrefix(p, dir+"/"); ok {
		return below
	}
	return "/" + p
}

// gitsOwn reports whether a path leads through .git, which no wildcard means.
func gitsOwn(p string) bool { return slices.Contains(strings.Split(p, "/"), ".git") }

func excludeError(g glob, pattern string) error {
	if g.exclude {
		return fmt.Errorf("%q excludes: expected a glob of files to take", pattern)
	}
	return nil
}
