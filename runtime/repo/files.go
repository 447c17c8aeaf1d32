package repo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// maxNesting is how deep repositories inside repositories are followed.
const maxNesting = 16

// Files are the paths of all files that git does not ignore, tracked or not, those of nested
// repositories included; relative to the root, with slashes, sorted. Links are among them.
// Without git they are all files but .git's.
func (r *Repo) Files(ctx context.Context) ([]string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.list(ctx)
}

func (r *Repo) list(ctx context.Context) ([]string, error) {
	if r.listed {
		return r.files, nil
	}
	files, err := r.read(ctx, r.options.Except)
	if err != nil {
		return nil, err
	}
	slices.Sort(files)
	r.files, r.listed = slices.Compact(files), true
	return r.files, nil
}

// read lists anew. What lies in except, an absolute path, may be left out; "" leaves out nothing.
func (r *Repo) read(ctx context.Context, except string) ([]string, error) {
	if r.hasGit {
		return r.git.files(ctx, "", 0)
	}
	if r.git.present() {
		return nil, ErrNoGit
	}
	return walk(ctx, r.root, except)
}

// files lists a repository whose files stand below prefix.
func (g git) files(ctx context.Context, prefix string, depth int) ([]string, error) {
	if depth > maxNesting {
		return nil, fmt.Errorf("list files: repositories nest deeper than %d at %q", maxNesting, prefix)
	}
	out, err := g.run(ctx, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ".")
	if errors.Is(err, exec.ErrNotFound) {
		return nil, ErrNoGit
	}
	if err != nil {
		return nil, fmt.Errorf("list files: %w", err)
	}
	var files []string
	for _, name := range names(out) {
		name = strings.TrimSuffix(name, "/")
		info, err := os.Lstat(filepath.Join(g.dir, name))
		switch {
		case err != nil: // deleted, and still in the index
		case info.IsDir():
			nested, err := g.nested(ctx, name, path.Join(prefix, name), depth)
			if err != nil {
				return nil, err
			}
			files = append(files, nested...)
		case info.Mode().IsRegular(), info.Mode()&fs.ModeSymlink != 0:
			files = append(files, path.Join(prefix, name))
		}
	}
	return files, nil
}

// nested lists a submodule, or an untracked repository. A submodule that is not checked out is empty.
func (g git) nested(ctx context.Context, name, prefix string, depth int) ([]string, error) {
	inner := git{dir: filepath.Join(g.dir, name), env: g.env}
	if _, err := os.Lstat(filepath.Join(inner.dir, ".git")); err != nil {
		return nil, nil
	}
	return inner.files(ctx, prefix, depth+1)
}

// walk lists a folder that no git looks after, all but one folder in it.
func walk(ctx context.Context, root, except string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if p == except && d.IsDir() {
			return fs.SkipDir
		}
		if d.Name() == ".git" && p != root {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.Type().IsRegular() || d.Type()&fs.ModeSymlink != 0 {
			rel, err := filepath.Rel(root, p)
			if err != nil {
				return err
			}
			files = append(files, filepath.ToSlash(rel))
		}
		return ctx.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("list files: %w", err)
	}
	return files, nil
}
