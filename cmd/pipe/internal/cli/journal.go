package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/pipelang/pipe/cmd/pipe/internal/ui"
	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/journal"
	"github.com/pipelang/pipe/runtime/secret"
	"github.com/pipelang/pipe/runtime/store"
)

// storeDir is where the store lies.
func (a *app) storeDir() (string, error) {
	if a.place == "" {
		return store.DefaultDir(a.getenv)
	}
	if filepath.IsAbs(a.place) {
		return a.place, nil
	}
	return filepath.Join(a.Dir, a.place), nil
}

// ownFolder is storeDir, "" where there is none.
func (a *app) ownFolder() string {
	dir, err := a.storeDir()
	if err != nil {
		return ""
	}
	return dir
}

// storeHelp is the way out where the store cannot be used, "" for an error of anything else.
func (a *app) storeHelp(err error) string {
	var at *fs.PathError
	dir := a.ownFolder()
	if dir == "" || !errors.As(err, &at) {
		return ""
	}
	rel, outside := filepath.Rel(dir, at.Path)
	if outside != nil || !filepath.IsLocal(rel) {
		return ""
	}
	other := "name another folder with --store or PIPE_STORE"
	switch {
	case errors.Is(err, journal.ErrNewer):
		return "use that pipe, or " + other
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "make room there, or " + other
	case errors.Is(err, syscall.EROFS):
		return "mount it to be written, or " + other
	case errors.Is(err, fs.ErrPermission):
		return "give this user the right to write there, or " + other
	}
	return other
}

// runInfo is what the journal is told of a run that starts.
func runInfo(id string, b *bound, facts map[string]value.Value, started time.Time) journal.Info {
	return journal.Info{ID: id, Pipeline: b.plan.Pipeline, File: b.plan.Entry, Profile: b.plan.Profile, Root: b.program.Load.Root,
		Commit: fact(facts, "git", "commit"), Trigger: fact(facts, "ci", "event"), Started: started, Steps: b.plan.Paths()}
}

func fact(facts map[string]value.Value, record, field string) string {
	r, _ := facts[record].(value.Record)
	s, _ := r[field].(value.String)
	return string(s)
}

// unwritten says why a run cannot be looked at as a whole afterwards. The run itself is what it is.
func (a *app) unwritten(err error) {
	if err != nil {
		fmt.Fprintf(a.Err, "pipe: %s; the run went on without it\n", ui.Lines(strings.ReplaceAll(err.Error(), "\n", "; ")))
	}
}

// withJournal opens the journal for a command that reads it.
func (a *app) withJournal(f func(r *journal.Reader) error) error {
	place, err := a.store(secret.NewSealer(a.getenv))
	if err != nil {
		return err
	}
	r, err := journal.Open(place.Dir(), place.UnderWay)
	if err != nil {
		return err
	}
	defer r.Close()
	return f(r)
}

// here is the root of the repository that the working directory lies in, as runs know it.
func (a *app) here() string {
	for dir := a.Dir; ; dir = filepath.Dir(dir) {
		for _, mark := range []string{"pipe.toml", ".git"} {
			if _, err := os.Stat(filepath.Join(dir, mark)); err == nil {
				return dir
			}
		}
		if dir == filepath.Dir(dir) {
			return a.Dir
		}
	}
}

const latest = "latest"

// findRun finds the run that a word means: the beginning of an id that only one has, or the
// latest of this repository.
func (a *app) findRun(ctx context.Context, r *journal.Reader, word string) (run journal.Run, err error) {
	if word == latest {
		runs, err := r.Runs(ctx, journal.Filter{Root: a.here(), Limit: 1})
		if err == nil && len(runs) == 0 {
			err = usagef("`pipe runs --all` lists those of every repository", "no run of this repository is written down")
		}
		if err != nil {
			return run, err
		}
		return runs[0], nil
	}
	runs, err := r.Runs(ctx, journal.Filter{Prefix: word, Limit: 4})
	switch {
	case err != nil:
		return run, err
	case len(runs) == 0:
		return run, usagef("`pipe runs` lists them", "no run begins with %q", word)
	case len(runs) == 1 || runs[0].ID == word:
		return runs[0], nil
	}
	var ids []string
	for _, one := range runs {
		ids = append(ids, one.ID)
	}
	return run, usagef("write more of the id", "several runs begin with %q: %s", word, list(ids))
}

// isRun reports whether a word can only be meant for a run: ids begin with a date.
func isRun(word string) bool {
	return word == latest || word != "" && word[0] >= '0' && word[0] <= '9'
}

// hasStep checks that a run has a step, in any of its instances.
func hasStep(word string, run journal.Run, steps []journal.Step) error {
	names := slices.Clone(run.Steps)
	for _, s := range steps {
		names = append(names, s.Path)
	}
	if slices.Contains(names, word) {
		return nil
	}
	return usagef(didYouMean(word, names, "there are: "+list(run.Steps)), "run %s has no step %q", run.ID, word)
}

// within reports whether a path is a step, an instance of it, or below one.
func within(path, step string) bool {
	rest, ok := strings.CutPrefix(path, step)
	return ok && (rest == "" || rest[0] == '/' || rest[0] == '[')
}

// took is how long a run went on: until now when it has not ended, "" when nobody knows.
func took(run journal.Run, now time.Time) string {
	switch {
	case !run.Ended.IsZero():
		return ui.Duration(run.Ended.Sub(run.Started))
	case run.Under():
		return ui.Duration(now.Sub(run.Started))
	}
	return ""
}

const dayAndTime = "2006-01-02 15:04:05"

// runArgs takes what stands for a run, by default the latest.
func runArgs(cmd *cobra.Command, args []string, form string, most int) (string, []string, error) {
	if len(args) > most {
		return "", nil, usagef("the form is "+form, "%s takes no %q", cmd.CommandPath(), args[most])
	}
	if len(args) > 0 && (isRun(args[0]) || most == 1 || len(args) == most) {
		return args[0], args[1:], nil
	}
	return latest, args, nil
}
