package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/pipelang/pipe/cmd/pipe/internal/ui"
	"github.com/pipelang/pipe/runtime/engine"
	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/journal"
)

func (a *app) showCommand() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "show [RUN]",
		Short: "Show how the steps of a run ended",
		Long:  "Shows a run: its steps, and the end of what the first failure wrote. RUN is the beginning of an id, or latest,\nwhich is also what is meant without one: the latest run of this repository.",
		Args:  cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOf("--format", format, "text", "json"); err != nil {
				return err
			}
			word, _, err := runArgs(cmd, args, "pipe show [RUN]", 1)
			if err != nil {
				return err
			}
			return a.withJournal(func(r *journal.Reader) error {
				run, err := a.findRun(cmd.Context(), r, word)
				if err != nil {
					return err
				}
				return a.showRun(cmd.Context(), r, run, format)
			})
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	completeFlag(cmd, "format", "text", "json")
	return cmd
}

func (a *app) showRun(ctx context.Context, r *journal.Reader, run journal.Run, format string) error {
	steps, err := r.Steps(ctx, run)
	if err != nil {
		return err
	}
	if format == "json" {
		return a.writeJSON(runAndSteps{jsonOf(run), stepsJSON(steps)})
	}
	style := a.style()
	if len(steps) > 0 {
		ui.Table(a.Out, style, results(steps))
		fmt.Fprintln(a.Out)
	}
	if failed := firstFailure(steps); failed != nil {
		if err := a.showFailure(r, run, failed, fewLines); err != nil {
			return err
		}
	}
	if run.Result != nil && string(run.Result) != "null" {
		fmt.Fprintf(a.Out, "result %s\n", event.EscapeJSON([]byte(indented(run.Result))))
	}
	fmt.Fprintf(a.Out, "run %s of %s %s", run.ID, ui.Line(run.Pipeline), ui.Outcome(style, engine.Outcome(run.Status)))
	if t := took(run, time.Now()); t != "" {
		fmt.Fprintf(a.Out, " in %s", t)
	}
	fmt.Fprintf(a.Out, ", started %s%s\n", run.Started.Local().Format(dayAndTime), ui.Line(origin(run)))
	if run.Reason != "" {
		fmt.Fprintf(a.Out, "%s\n", ui.Lines(run.Reason))
	}
	return nil
}

// origin says what a run ran on and what started it.
func origin(run journal.Run) string {
	text := ""
	if run.Commit != "" {
		text += ", commit " + short(run.Commit)
	}
	if run.Trigger != "" && run.Trigger != "none" {
		text += ", by " + run.Trigger
	}
	if run.Profile != "" {
		text += ", profile " + run.Profile
	}
	return text
}

// results are the rows of the table that ended the run.
func results(steps []journal.Step) []engine.StepResult {
	out := make([]engine.StepResult, len(steps))
	for i, s := range steps {
		out[i] = engine.StepResult{Path: s.Path, Outcome: engine.Outcome(s.Status), Allowed: s.Allowed, Duration: s.Duration,
			Attempts: s.Attempts, Reason: s.Reason, Cause: s.Cause, Cached: s.Cached}
	}
	return out
}

// runAndSteps is a run with its steps for scripts.
type runAndSteps struct {
	runJSON
	Steps []stepJSON `json:"steps"`
}

type stepJSON struct {
	Step     string          `json:"step"`
	Status   string          `json:"status"`
	Allowed  bool            `json:"allowed,omitempty"`
	Attempts int             `json:"attempts,omitempty"`
	Started  *time.Time      `json:"started,omitempty"`
	Ended    *time.Time      `json:"ended,omitempty"`
	Seconds  float64         `json:"seconds,omitempty"`
	ExitCode *int            `json:"exit_code,omitempty"`
	Cause    string          `json:"cause,omitempty"`
	Reason   string          `json:"reason,omitempty"`
	Cached   *event.Origin   `json:"cached,omitempty"`
	Value    json.RawMessage `json:"value,omitempty"`
}

func stepsJSON(steps []journal.Step) []stepJSON {
	out := make([]stepJSON, len(steps))
	for i, s := range steps {
		out[i] = stepJSON{Step: s.Path, Status: s.Status, Allowed: s.Allowed, Attempts: s.Attempts, Started: moment(s.Started), Ended: moment(s.Ended),
			Seconds: s.Duration.Seconds(), ExitCode: s.ExitCode, Cause: s.Cause, Reason: s.Reason, Cached: s.Cached, Value: s.Result}
	}
	return out
}
