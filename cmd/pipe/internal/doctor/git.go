package doctor

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"

	"github.com/pipelang/pipe/runtime/repo"
)

// gitNeeded is the repository where it is one of git.
func (s *Surroundings) gitNeeded() []string {
	if _, err := os.Lstat(filepath.Join(s.Root, ".git")); err == nil {
		return []string{s.Root}
	}
	return nil
}

var gitVersion = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(\d+)\.(\d+)(\.\d+)*`) })

// git says which one is there and whether it can be worked with in this repository.
func (s *Surroundings) git(ctx context.Context) []Line {
	line, err := s.output(ctx, "git", "--version")
	if err != nil {
		if len(s.gitNeeded()) == 0 {
			return ok("none, and the repository is not under git")
		}
		return fails("install git "+repo.MinimumGit+" or newer", "git cannot be run: %v", err)
	}
	v := gitVersion().FindStringSubmatch(line)
	if v == nil {
		return warns("install git "+repo.MinimumGit+" or newer", "git does not say its version: %q", line)
	}
	if older(v, gitVersion().FindStringSubmatch(repo.MinimumGit)) {
		return fails("install git "+repo.MinimumGit+" or newer", "git %s is older than %s", v[0], repo.MinimumGit)
	}
	if len(s.gitNeeded()) == 0 {
		return ok("git %s; the repository is not under git", v[0])
	}
	if _, err := s.output(ctx, "git", "-C", s.Root, "rev-parse", "--git-dir"); err != nil {
		return warns("run git -C "+s.Root+" status, which says why", "git %s, which does not take %s for a repository: git.commit and the like are empty", v[0], s.Root)
	}
	return ok("git %s", v[0])
}

// older compares the first two numbers of versions.
func older(v, than []string) bool {
	for i := 1; i <= 2; i++ {
		a, _ := strconv.Atoi(v[i]) // digits, or as many as no version has
		b, _ := strconv.Atoi(than[i])
		if a != b {
			return a < b
		}
	}
	return false
}
