package cli

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/pipelang/pipe/cmd/pipe/internal/ui"
	"github.com/pipelang/pipe/runtime/journal"
)

func (a *app) runsCommand() *cobra.Command {
	var n int
	var all bool
	var format string
	cmd := &cobra.Command{
		Use:   "runs",
		Short: "List the runs of this repository, newest first",
		Long: "Lists the runs of this repository, newest first. One that says running and whose process is gone is interrupted.\n" +
			"The last 100 runs of the store are kept, and all of the last 30 days.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := oneOf("--format", format, "text", "json"); err != nil {
				return err
			}
			if n < 0 {
				return usagef("0 means all", "-n is a number of runs, not %d", n)
			}
			f := journal.Filter{Root: a.here(), Limit: n}
			if all {
				f.Root = ""
			}
			return a.withJournal(func(r *journal.Reader) error {
				runs, err := r.Runs(cmd.Context(), f)
				if err != nil {
					return err
				}
				return a.printRuns(runs, format)
			})
		},
	}
	cmd.Flags().IntVarP(&n, "number", "n", 20, "how many, at most; 0 for all")
	cmd.Flags().BoolVar(&all, "all", false, "those of every repository")
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	completeFlag(cmd, "format", "text", "json")
	return cmd
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
		rows[i] = []string{run.ID, run.Pipeline, run.Status, run.Started.Local().Format(dayAndTime), took(run, now), short(run.Commit)}
	}
	ui.Grid(a.Out, a.style(), []ui.Column{{Title: "RUN"}, {Title: "PIPELINE"}, {Title: "STATUS"}, {Title: "STARTED"}, {Title: "TIME"}, {Title: "COMMIT"}}, rows)
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
	Event    string          `json:"event,omitempty"`
	Plan     string          `json:"plan,omitempty"`
	Context  string          `json:"context,omitempty"`
	Cause    string          `json:"cause,omitempty"`
	Reason   string          `json:"reason,omitempty"`
	Result   json.RawMessage `json:"result,omitempty"`
}

func jsonOf(r journal.Run) runJSON {
	return runJSON{ID: r.ID, Pipeline: r.Pipeline, Status: r.Status, Started: r.Started.UTC(), Ended: moment(r.Ended), File: r.File, Root: r.Root,
		Profile: r.Profile, Commit: r.Commit, Event: r.Trigger, Plan: r.Plan, Context: r.Context, Cause: r.Cause, Reason: r.Reason, Result: r.Result}
}

// moment is a time that may be missing.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
