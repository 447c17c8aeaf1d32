// Package repo is what a run knows of the repository and of the service that started it: git's
// facts, the files that are not ignored and their digest, what changed, and texts read from
// them; all as they were at the start. It knows no plan, no step and no syntax, and changes
// nothing: git is only asked, without a shell, and without its environment variables.
package repo

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Facts are what git says. Everything is empty where there is no git.
type Facts struct {
	// Branch is the branch that is checked out. On a detached HEAD it is what the CI service
	// says, or "". A stranger may have chosen it.
	Branch string
	Commit string // full hash; "" before the first commit
	Tag    string // a tag of the commit, the highest by version; "" without
	Dirty  bool   // tracked files differ from the commit, or there are untracked ones
	Repo   string // "owner/name" after the URL of origin, else the name of the root's folder
	// DefaultBranch is origin's HEAD, what the CI service says, or main or master where one
	// exists; "" else.
	DefaultBranch string
}

// Options of a capture.
type Options struct {
	// Environ is pipe's own environment, as os.Environ gives it.
	Environ []string
	// Run and Started are `run.id` and `run.started`.
	Run     string
	Started time.Time
	// Except is a folder, absolute, of which nothing is listed where no git says what is ignored; "" is none.
	Except string
	// Memory is what Repo.Memory gave when the run started that goes on; nil for one that starts.
	Memory []byte
}

// Repo is a repository as it was when it was captured. Lists of files and digests are made
// when they are first asked for and then stay. It is safe for concurrent use.
type Repo struct {
	root    string
	options Options
	dir     *os.Root
	git     git
	hasGit  bool
	facts   Facts
	ci      CI
	mu      sync.Mutex
	files   []string
	listed  bool
	tree    *tree
	changed []string
	compare bool // changed is known
	texts   map[string]string
}

// Capture looks at the repository whose root is an absolute path. A folder without git is
// fine; git's refusal to read a repository that is there is an error, and so is a CI service's
// event file that cannot be read.
func Capture(ctx context.Context, root string, o Options) (*Repo, error) {
	dir, err := os.OpenRoot(root)
	if err != nil {
		return nil, fmt.Errorf("open the repository: %w", err)
	}
	r := &Repo{root: root, options: o, dir: dir, git: newGit(root, o.Environ), texts: map[string]string{}}
	if r.ci, err = detectCI(o.Environ); err != nil {
		return nil, errClose(dir, err)
	}
	if err := r.ask(ctx); err != nil {
		return nil, errClose(dir, err)
	}
	if err := r.recall(); err != nil {
		return nil, errClose(dir, err)
	}
	return r, nil
}

func errClose(dir *os.Root, err error) error {
	dir.Close()
	return err
}

// Close frees the repository's folder.
func (r *Repo) Close() error { return r.dir.Close() }

// Root is the repository's absolute path.
func (r *Repo) Root() string { return r.root }

// Facts are git's, as they were at the capture.
func (r *Repo) Facts() Facts { return r.facts }

// CI is what the CI service said at the capture.
func (r *Repo) CI() CI { return r.ci }

func (r *Repo) ask(ctx context.Context) error {
	if !r.git.present() {
		return nil
	}
	facts, found, err := r.git.facts(ctx)
	if err != nil {
		return err
	}
	r.hasGit = found
	if !found {
		return nil
	}
	if facts.Branch == "" {
		facts.Branch = r.ci.branch
	}
	if facts.Tag == "" {
		facts.Tag = r.ci.tag
	}
	if facts.Repo == "" {
		facts.Repo = filepath.Base(r.root)
	}
	if facts.DefaultBranch == "" {
		facts.DefaultBranch = r.ci.defaultBranch
	}
	if facts.DefaultBranch == "" {
		facts.DefaultBranch = r.git.usualBranch(ctx)
	}
	r.facts = facts
	return nil
}
