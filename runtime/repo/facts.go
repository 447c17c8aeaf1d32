package repo

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os/exec"
	"strings"
	"sync"
)

const (
	heads       = "refs/heads/"
	originHeads = "refs/remotes/origin/"
)

// facts asks git; found is false where there is no repository, or no git.
func (g git) facts(ctx context.Context) (f Facts, found bool, err error) {
	g, c, err := g.disarmed(ctx)
	if errors.Is(err, exec.ErrNotFound) {
		return Facts{}, false, nil
	}
	if err != nil {
		return Facts{}, false, fmt.Errorf("read the repository: %w", err)
	}
	status, err := g.status(ctx)
	if err != nil {
		return Facts{}, false, fmt.Errorf("read the repository: %w", err)
	}
	g.readStatus(&f, status)
	f.Repo = repoName(c.origin)
	var wg sync.WaitGroup
	wg.Go(func() { f.Branch = strings.TrimPrefix(g.line(ctx, "symbolic-ref", "-q", "HEAD"), heads) })
	wg.Go(func() { f.Tag = g.tag(ctx, f.Commit) })
	wg.Go(func() {
		f.DefaultBranch = strings.TrimPrefix(g.line(ctx, "symbolic-ref", "-q", originHeads+"HEAD"), originHeads)
	})
	if !f.Dirty {
		wg.Go(func() {
			var dirty []string
			dirty, err = g.dirtySubmodules(ctx, 0)
			f.Dirty = len(dirty) > 0
		})
	}
	wg.Wait()
	if err == nil {
		err = ctx.Err()
	}
	return f, err == nil, err
}

// status asks git what differs from the commit. Of submodules it looks at the commit alone: for
// more it would start itself in them, without the options that keep it from running programs.
func (g git) status(ctx context.Context) ([]string, error) {
	out, err := g.run(ctx, "status", "--porcelain=v2", "--branch", "-z", "--untracked-files=normal", "--ignore-submodules=dirty", "--no-renames", "--", ".")
	return names(out), err
}

func (g git) readStatus(f *Facts, lines []string) {
	for _, line := range lines {
		switch {
		case strings.HasPrefix(line, "# branch.oid "):
			if oid := strings.TrimPrefix(line, "# branch.oid "); oid != "(initial)" {
				f.Commit = oid
			}
		case !strings.HasPrefix(line, "# "):
			f.Dirty = true
		}
	}
}

func (g git) tag(ctx context.Context, commit string) string {
	if commit == "" {
		return ""
	}
	ref := g.line(ctx, "for-each-ref", "--count=1", "--sort=-version:refname", "--format=%(refname)", "--points-at="+commit, "refs/tags/")
	return strings.TrimPrefix(ref, "refs/tags/")
}

// usualBranch is main or master, where one of them exists.
func (g git) usualBranch(ctx context.Context) string {
	for _, name := range []string{"main", "master"} {
		if g.branchRef(ctx, name) != "" {
			return name
		}
	}
	return ""
}

// branchRef is the ref of a branch, origin's before the local one; "" when neither exists.
func (g git) branchRef(ctx context.Context, name string) string {
	for _, ref := range []string{originHeads + name, heads + name} {
		if g.line(ctx, "rev-parse", "-q", "--verify", ref+"^{commit}") != "" {
			return ref
		}
	}
	return ""
}

// repoName is a remote's path without its host, its credentials and ".git".
func repoName(remote string) string {
	path := remote
	if strings.HasPrefix(remote, "file:") {
		path = remote[strings.LastIndex(remote, "/")+1:]
	} else if u, err := url.Parse(remote); err == nil && u.Scheme != "" && u.Host != "" {
		path = u.Path
	} else if host, rest, ok := strings.Cut(remote, ":"); ok && !strings.Contains(host, "/") {
		path = rest // user@host:owner/name
	} else if strings.HasPrefix(remote, "/") || strings.HasPrefix(remote, ".") {
		path = remote[strings.LastIndex(strings.TrimRight(remote, "/"), "/")+1:]
	}
	return strings.TrimSuffix(strings.Trim(path, "/"), ".git")
}
