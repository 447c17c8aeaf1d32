package repo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Changed are the files that differ from the merge base with the default branch: in commits,
// uncommitted, untracked, and deleted ones too. globs choose among them; none means all. A
// stranger may have chosen the names. Before the first commit every file has changed.
func (r *Repo) Changed(ctx context.Context, globs ...string) ([]string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.compare {
		all, err := r.differing(ctx)
		if err != nil {
			return nil, err
		}
		slices.Sort(all)
		r.changed, r.compare = slices.Compact(all), true
	}
	if len(globs) == 0 {
		return r.changed, nil
	}
	return choose(r.changed, globs)
}

func (r *Repo) differing(ctx context.Context) ([]string, error) {
	if !r.hasGit {
		return nil, errors.New("git.changed needs a git repository, and there is none")
	}
	if r.facts.Commit == "" {
		return r.list(ctx)
	}
	base, err := r.mergeBase(ctx)
	if err != nil {
		return nil, err
	}
	g, _, err := r.git.disarmed(ctx)
	if err != nil {
		return nil, fmt.Errorf("list changed files: %w", err)
	}
	tracked, err := g.run(ctx, "diff", "--name-only", "-z", "--relative", "--no-renames", "--ignore-submodules=dirty", "--no-ext-diff", "--no-textconv", base, "--", ".")
	if err != nil {
		return nil, fmt.Errorf("list changed files: %w", err)
	}
	modules, err := g.dirtySubmodules(ctx, 0)
	if err != nil {
		return nil, fmt.Errorf("list changed files: %w", err)
	}
	untracked, err := g.run(ctx, "ls-files", "-z", "--others", "--exclude-standard", "--", ".")
	if err != nil {
		return nil, fmt.Errorf("list untracked files: %w", err)
	}
	return slices.Concat(names(tracked), modules, names(untracked)), nil
}

// mergeBase is the commit that the branch left the default branch at.
func (r *Repo) mergeBase(ctx context.Context) (string, error) {
	branch := r.facts.DefaultBranch
	if branch == "" {
		return "", errors.New("git.changed needs a default branch, and none is known: git remote set-head origin --auto finds it")
	}
	ref := r.git.branchRef(ctx, branch)
	if ref == "" {
		return "", fmt.Errorf("git.changed compares with the default branch %q, which is not fetched: git fetch origin %s", branch, quoted(branch))
	}
	out, err := r.git.run(ctx, "merge-base", r.facts.Commit, ref)
	if failed := (*gitError)(nil); err != nil && (!errors.As(err, &failed) || failed.code != 1) {
		return "", fmt.Errorf("find where the branch left %q: %w", branch, err)
	}
	base, _, _ := strings.Cut(string(out), "\n")
	if base == "" {
		return "", fmt.Errorf("the history here does not reach the place where the branch left %q: fetch more of it, as with git fetch --unshallow", branch)
	}
	return base, nil
}
