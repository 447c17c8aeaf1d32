package repo

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// dirtySubmodules are the paths of submodules that are checked out and differ from their own
// commits, relative to the folder; and those whose submodules do.
func (g git) dirtySubmodules(ctx context.Context, depth int) ([]string, error) {
	if !g.hasSubmodules() {
		return nil, nil
	}
	if depth > maxNesting {
		return nil, fmt.Errorf("submodules nest deeper than %d in %s", maxNesting, g.dir)
	}
	paths, err := g.submodules(ctx)
	if err != nil {
		return nil, fmt.Errorf("list submodules: %w", err)
	}
	var out []string
	for _, p := range paths {
		dirty, err := g.submodule(p).dirty(ctx, depth)
		if err != nil {
			return nil, fmt.Errorf("submodule %q: %w", p, err)
		}
		if dirty {
			out = append(out, p)
		}
	}
	return out, nil
}

// hasSubmodules looks for the file that declares them, up to the repository's own root.
func (g git) hasSubmodules() bool {
	for dir := g.dir; ; dir = filepath.Dir(dir) {
		if _, err := os.Lstat(filepath.Join(dir, ".gitmodules")); err == nil {
			return true
		}
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil || dir == filepath.Dir(dir) {
			return false
		}
	}
}

// submodules are the paths whose entries in the index are commits, and which are checked out.
func (g git) submodules(ctx context.Context) ([]string, error) {
	out, err := g.run(ctx, "ls-files", "-s", "-z", "--", ".")
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, entry := range names(out) {
		info, p, _ := strings.Cut(entry, "\t")
		if !strings.HasPrefix(info, "160000 ") || !filepath.IsLocal(p) {
			continue
		}
		if _, err := os.Lstat(filepath.Join(g.dir, p, ".git")); err == nil {
			paths = append(paths, p)
		}
	}
	return paths, nil
}

func (g git) submodule(p string) git { return newGit(filepath.Join(g.dir, p), g.env) }

func (g git) dirty(ctx context.Context, depth int) (bool, error) {
	g, _, err := g.disarmed(ctx)
	if err != nil {
		return false, err
	}
	status, err := g.status(ctx)
	if err != nil {
		return false, err
	}
	var f Facts
	if g.readStatus(&f, status); f.Dirty {
		return true, nil
	}
	inner, err := g.dirtySubmodules(ctx, depth+1)
	return len(inner) > 0, err
}
