package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pipelang/pipe/cmd/pipe/internal/ui"
	"github.com/pipelang/pipe/lang/token"
	"github.com/pipelang/pipe/runtime/engine"
	"github.com/pipelang/pipe/runtime/journal"
)

// runsFlags are the flags of pipe runs.
type runsFlags struct {
	number                                          int
	all                                             bool
	status, pipeline, commit, branch, since, format string
}

// statuses are those of runs.
var statuses = []string{journal.Running, journal.Interrupted, string(engine.Succeeded), string(engine.Failed), string(engine.Cancelled),
	string(engine.Waiting), string(engine.Skipped), string(engine.Abandoned)}

func (a *app) runsCommand() *cobra.Command {
	var f runsFlags
	cmd := &cobra.Command{
		Use:   "runs",
		Short: "List the runs of this repository, newest first",
		Long: "Lists the runs of this repository, newest first. One that says running and whose process is gone is interrupted.\n" +
			"The last 100 runs of the store are kept, and all of the last 30 days.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			filter, err := a.filter(cmd.Context(), f)
			if err != nil {
				return err
			}
			return a.withJournal(func(r *journal.Reader) error {
				runs, err := r.Runs(cmd.Context(), filter)
				if err != nil {
					return err
				}
				return a.printRuns(runs, f.format)
			})
		},
	}
	cmd.Flags().IntVarP(&f.number, "number", "n", 20, "how many, at most; 0 for all")
	cmd.Flags().BoolVar(&f.all, "all", false, "those of every repository")
	cmd.Flags().StringVar(&f.status, "status", "", "only those with this status")
	cmd.Flags().StringVar(&f.pipeline, "pipeline", "", "only those of this pipeline")
	cmd.Flags().StringVar(&f.commit, "commit", "", "only those of this commit, branch or tag: whatever git knows by this `name`")
	cmd.Flags().StringVar(&f.branch, "branch", "", "only those that ran on this branch")
	cmd.Flags().StringVar(&f.since, "since", "", "only those that started since: `2d` ago, a day or a time")
	cmd.Flags().StringVar(&f.format, "format", "text", "text or json")
	completeFlag(cmd, "format", "text", "json")
	completeFlag(cmd, "status", statuses...)
	return cmd
}

// filter is what the flags ask for.
func (a *app) filter(ctx context.Context, f runsFlags) (journal.Filter, error) {
	out := journal.Filter{Root: a.here(), Limit: f.number, Pipeline: f.pipeline, Branch: f.branch, Status: f.status}
	if f.all {
		out.Root = ""
	}
	if err := oneOf("--format", f.format, "text", "json"); err != nil {
		return out, err
	}
	if f.number < 0 {
		return out, usagef("0 means all", "-n is a number of runs, not %d", f.number)
	}
	if f.status != "" {
		if err := oneOf("--status", f.status, statuses...); err != nil {
			return out, err
		}
	}
	var err error
	if out.Since, err = since(f.since, time.Now()); err != nil {
		return out, err
	}
	out.Commit, err = a.commitOf(ctx, f.commit)
	return out, err
}

// since reads a moment: a duration before now, a day or a time of here, or one with its zone.
func since(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if d, err := token.ParseDuration(text); err == nil {
		return now.Add(-d), nil
	}
	for _, layout := range []string{time.DateOnly, "2006-01-02 15:04", time.DateTime, time.RFC3339} {
		if t, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usagef("such as 2d, 12h, 2026-11-23 or \"2026-11-23 08:00\"", "--since takes a duration, a day or a time, not %q", text)
}

// hexCommit is the beginning of a commit's digest.
var hexCommit = lazily(`^[0-9a-f]{4,64}$`)

// commitOf is the commit that a name stands for in the repository, or the beginning of one.
func (a *app) commitOf(ctx context.Context, name string) (string, error) {
	if name == "" || hexCommit().MatchString(name) {
		return name, nil
	}
	git := exec.CommandContext(ctx, "git", "rev-parse", "--verify", "--quiet", "--end-of-options", name+"^{commit}")
	git.Dir, git.Env = a.Dir, a.Environ
	out, err := git.Output()
	if err != nil {
		return "", usagef("a commit, a branch or a tag", "git knows no %q", name)
	}
	return strings.TrimSpace(string(out)), nil
}

func (a *app) printRuns(runs []journal.Run, format string) error {
	if format == "json" {
		out := make([]runJSON, len(runs))
		for i, run := range runs {
			out[i] = jsonOf(run)
		}
		return a.writeJSON(out)
	}
	if len(runs) == 0 {
		_, err := fmt.Fprintln(a.Out, "no run is written down")
		return err
	}
	now := time.Now()
	rows := make([][]string, len(runs))
	for i, run := range runs {
		rows[i] = []string{run.ID, run.Pipeline, run.Status, run.Started.Local().Format("2006-01-02 15:04"), took(run, now), short(run.Commit)}
	}
	ui.Grid(a.Out, a.style(), []ui.Column{{Title: "RUN", Whole: true}, {Title: "PIPELINE"}, {Title: "STATUS"}, {Title: "STARTED", Whole: true}, {Title: "TIME", Whole: true}, {Title: "COMMIT"}}, rows)
	return nil
}

// short is a commit as people know it.
func short(commit string) string { return commit[:min(len(commit), 7)] }

// runJSON is a run for scripts.
type runJSON struct {
	ID       string          `json:"id"`
	Pipeline string          `json:"pipeline"`
	Status   string          `json:"status"`
	Started  time.Time       `json:"started"`
	Ended    *time.Time      `json:"ended,omitempty"`
	File     string          `json:"file"`
	Root     string          `json:"root"`
	Profile  string          `json:"profile,omitempty"`
	Commit   string          `json:"commit,omitempty"`
	Branch   string          `json:"branch,omitempty"`
	Event    string          `json:"event,omitempty"`
	Plan     string          `json:"plan,omitempty"`
	Context  string          `json:"context,omitempty"`
	Cause    string          `json:"cause,omitempty"`
	Reason   string          `json:"reason,omitempty"`
	Result   json.RawMessage `json:"result,omitempty"`
}

func jsonOf(r journal.Run) runJSON {
	return runJSON{ID: r.ID, Pipeline: r.Pipeline, Status: r.Status, Started: r.Started.UTC(), Ended: moment(r.Ended), File: r.File, Root: r.Root,
		Profile: r.Profile, Commit: r.Commit, Branch: r.Branch, Event: r.Trigger, Plan: r.Plan, Context: r.Context, Cause: r.Cause, Reason: r.Reason, Result: r.Result}
}

// moment is a time that may be missing.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
