package host

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// ignored lists what git ignores below root and does not track: slash-separated paths, a
// folder that is ignored as a whole as one. Where there is no git, nothing is ignored.
func ignored(ctx context.Context, root string) ([]string, error) {
	if !inGit(root) {
		return nil, nil
	}
	var problems bytes.Buffer
	// The folder may be another user's, and its configuration is not trusted to name programs.
	cmd := exec.CommandContext(ctx, "git", "-c", "safe.directory=*", "-c", "safe.bareRepository=explicit", "-c", "core.fsmonitor=false", "-C", root,
		"ls-files", "--others", "--ignored", "--exclude-standard", "--directory", "-z")
	cmd.Env = append(os.Environ(), "LC_ALL=C", "GIT_OPTIONAL_LOCKS=0")
	cmd.Stderr = &problems
	list, err := cmd.Output()
	said := strings.TrimSpace(problems.String())
	switch {
	case errors.Is(err, exec.ErrNotFound), strings.Contains(said, "not a git repository"):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("ask git what it ignores: %w: %s", err, said)
	}
	return ignoredPaths(strings.Split(string(list), "\x00")), nil
}

// ownIn is the path of pipe's own folder in a repository whose root is real; "" where it lies elsewhere.
func ownIn(root, store string) string {
	if store == "" {
		return ""
	}
	store, err := realDir(store)
	if err != nil || store == root || !within(root, store) {
		return ""
	}
	rel, err := filepath.Rel(root, store)
	if err != nil {
		return ""
	}
	return filepath.ToSlash(rel)
}

// ignoredPaths reads git's list, without what lies in a folder that is on it too.
func ignoredPaths(list []string) []string {
	var all []string
	for _, p := range list {
		if p = strings.TrimSuffix(p, "/"); p != "" && p != "." && filepath.IsLocal(p) {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(a, b string) int { return cmp.Compare(len(a), len(b)) })
	listed := map[string]bool{}
	var out []string
	for _, p := range all {
		if !belowAny(listed, p) {
			listed[p] = true
			out = append(out, p)
		}
	}
	slices.Sort(out)
	return out
}

// belowAny reports whether p or a folder above it is listed.
func belowAny(listed map[string]bool, p string) bool {
	for ; p != "."; p = path.Dir(p) {
		if listed[p] {
			return true
		}
	}
	return false
}

// inGit reports whether root or a folder above it holds .git.
func inGit(root string) bool {
	for dir := root; ; dir = filepath.Dir(dir) {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			return true
		}
		if dir == filepath.Dir(dir) {
			return false
		}
	}
}
