package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pipelang/pipe/cmd/pipe/internal/summary"
	"github.com/pipelang/pipe/cmd/pipe/internal/ui"
	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/runtime/engine"
	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/journal"
)

// showFlags are the flags of pipe show.
type showFlags struct {
	format string
	all    bool
}

func (a *app) showCommand() *cobra.Command {
	var f showFlags
	cmd := &cobra.Command{
		Use:   "show [RUN]",
		Short: "Show how the steps of a run ended",
		Long: "Shows a run: its steps, what its time was made of, its attempts and artifacts, and the end of what the first failure wrote.\n" +
			"RUN is the beginning of an id, or latest, which is also what is meant without one: the latest run of this repository.",
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOf("--format", f.format, "text", "json", "junit", "markdown"); err != nil {
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
				return a.showRun(cmd.Context(), r, run, f)
			})
		},
	}
	cmd.Flags().StringVar(&f.format, "format", "text", "text, json, junit or markdown")
	cmd.Flags().BoolVar(&f.all, "all", false, "every instance of a long `for`, however it ended")
	cmd.Flags().Lookup("all").NoOptDefVal = "true"
	completeFlag(cmd, "format", "text", "json", "junit", "markdown")
	a.completeRuns(cmd, false)
	return cmd
}

func (a *app) showRun(ctx context.Context, r *journal.Reader, run journal.Run, f showFlags) error {
	s, err := readSummary(ctx, r, run)
	if err != nil {
		return err
	}
	switch f.format {
	case "json":
		return a.writeJSON(runAndSteps{jsonOf(run), stepsJSON(s.Steps), s.Critical})
	case "junit":
		return summary.JUnit(a.Out, s, outputs(r, run))
	case "markdown":
		return summary.Markdown(a.Out, s, outputs(r, run), a.goOnCommand(run.ID, run.Status))
	}
	return a.printRun(r, s, f.all)
}

func (a *app) printRun(r *journal.Reader, run *summary.Run, all bool) error {
	style := a.style()
	if len(run.Steps) > 0 {
		table := ui.Table
		if all {
			table = ui.WholeTable
		}
		table(a.Out, style, results(run.Steps))
		fmt.Fprintln(a.Out)
	}
	a.printAttempts(run)
	if s := run.FirstFailure(); s != nil {
		if err := a.showFailure(r, run.Run, &s.Step, fewLines); err != nil {
			return err
		}
	}
	if run.Result != nil && string(run.Result) != "null" {
		fmt.Fprintf(a.Out, "result %s\n", event.EscapeJSON([]byte(indented(run.Result))))
	}
	if n, size := artifactsOf(run).total(); n > 0 {
		fmt.Fprintf(a.Out, "artifacts: %d, %s; see pipe artifacts %s\n", n, bytesText(size), run.ID)
	}
	if path := criticalText(run); path != "" {
		fmt.Fprintf(a.Out, "critical path: %s\n", path)
	}
	fmt.Fprintf(a.Out, "run %s of %s %s", run.ID, ui.Line(run.Pipeline), ui.Outcome(style, engine.Outcome(run.Status)))
	if t := took(run.Run, time.Now()); t != "" {
		fmt.Fprintf(a.Out, " in %s", t)
	}
	fmt.Fprintf(a.Out, ", started %s%s\n", run.Started.Local().Format(dayAndTime), ui.Line(origin(run.Run)))
	if run.Reason != "" {
		fmt.Fprintf(a.Out, "%s\n", ui.Lines(run.Reason))
	}
	a.goesOn(run.ID, engine.Outcome(run.Status))
	return nil
}

// printAttempts tells the attempts of steps that made several.
func (a *app) printAttempts(run *summary.Run) {
	some := false
	for i := range run.Steps {
		s := &run.Steps[i]
		if len(s.Attempts) < 2 {
			continue
		}
		some = true
		fmt.Fprintf(a.Out, "attempts of %s\n", ui.Line(s.Path))
		for _, t := range s.Attempts {
			text := t.Outcome
			if text == "" {
				text = s.Status
			}
			if d := t.Took(); d > 0 {
				text += " in " + ui.Duration(d)
			}
			if t.Reason != "" {
				text += ": " + t.Reason
			}
			fmt.Fprintf(a.Out, "  %d  %s\n", t.Number, ui.Line(text))
		}
	}
	if some {
		fmt.Fprintln(a.Out)
	}
}

// readSummary reads a run with its critical path.
func readSummary(ctx context.Context, r *journal.Reader, run journal.Run) (*summary.Run, error) {
	s, err := summary.Read(ctx, r, run)
	if err != nil {
		return nil, err
	}
	attached, err := r.Attached(ctx, run.ID)
	if err != nil {
		return nil, err
	}
	if p, err := plan.Decode(attached[attachedPlan]); err == nil { // one that did not write down what it runs has none
		s.Follow(waitsOf(&p.Graph))
	}
	return s, nil
}

// waitsOf are the steps that each step of a pipeline waits for; hooks wait for all that comes before them.
func waitsOf(g *plan.Graph) map[string][]string {
	out := map[string][]string{}
	var before []string
	for _, part := range [][]plan.Step{g.Steps, g.OnFailure, g.Finally} {
		var paths []string
		for i := range part {
			s := &part[i]
			paths = append(paths, s.Path)
			if out[s.Path] = s.Edges(); len(out[s.Path]) == 0 {
				out[s.Path] = before
			}
		}
		before = append(slices.Clone(before), paths...)
	}
	return out
}

// criticalText is the critical path with the time of each step; "" where it says nothing.
func criticalText(run *summary.Run) string {
	if len(run.Critical) < 2 {
		return ""
	}
	var parts []string
	for _, path := range run.Critical {
		parts = append(parts, ui.Line(path)+" "+ui.Duration(run.Find(path).Duration))
	}
	return strings.Join(parts, " → ")
}

// outputs gives the end of what a step wrote, as plain lines.
func outputs(r *journal.Reader, run journal.Run) summary.Output {
	return func(s *summary.Step) []string {
		t := ending{most: mostLines}
		if s.Step.Attempts == 0 || r.Output(run.ID, s.Path, s.Step.Attempts, t.add) != nil {
			return nil // what cannot be read says nothing
		}
		var lines []string
		if t.all > len(t.events) {
			lines = append(lines, fmt.Sprintf("… %d lines before: pipe logs %s %s", t.all-len(t.events), run.ID, ui.ShellWord(s.Path)))
		}
		for _, e := range t.events {
			lines = append(lines, ui.Plain(e.Text))
		}
		return lines
	}
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
func results(steps []summary.Step) []engine.StepResult {
	out := make([]engine.StepResult, len(steps))
	for i, s := range steps {
		out[i] = engine.StepResult{Path: s.Path, Outcome: engine.Outcome(s.Status), Allowed: s.Allowed, Duration: s.Duration,
			Attempts: s.Step.Attempts, Reason: s.Reason, Cause: s.Cause, Cached: s.Cached}
		if s.Cached != nil && s.Reason == "" {
			out[i].Reason = "from run " + s.Cached.Run + ", made " + s.Cached.Time.Local().Format(dayAndTime)
		}
	}
	return out
}

// runAndSteps is a run with its steps for scripts.
type runAndSteps struct {
	runJSON
	Steps []stepJSON `json:"steps"`
	// Critical is the critical path.
	Critical []string `json:"critical_path,omitempty"`
}

type stepJSON struct {
	Step     string          `json:"step"`
	Status   string          `json:"status"`
	Allowed  bool            `json:"allowed,omitempty"`
	Attempts int             `json:"attempts,omitempty"`
	Ready    *time.Time      `json:"ready,omitempty"`
	Started  *time.Time      `json:"started,omitempty"`
	Ended    *time.Time      `json:"ended,omitempty"`
	Seconds  float64         `json:"seconds,omitempty"`
	ExitCode *int            `json:"exit_code,omitempty"`
	Cause    string          `json:"cause,omitempty"`
	Reason   string          `json:"reason,omitempty"`
	Cached   *event.Origin   `json:"cached,omitempty"`
	Value    json.RawMessage `json:"value,omitempty"`
	// History has the attempts where there are several.
	History []attemptJSON `json:"history,omitempty"`
}

type attemptJSON struct {
	Attempt  int        `json:"attempt"`
	Outcome  string     `json:"outcome,omitempty"`
	Started  time.Time  `json:"started"`
	Ended    *time.Time `json:"ended,omitempty"`
	ExitCode *int       `json:"exit_code,omitempty"`
	Cause    string     `json:"cause,omitempty"`
	Reason   string     `json:"reason,omitempty"`
}

func attemptsJSON(s summary.Step) []attemptJSON {
	if len(s.Attempts) < 2 {
		return nil
	}
	var out []attemptJSON
	for _, t := range s.Attempts {
		out = append(out, attemptJSON{t.Number, t.Outcome, t.Started.UTC(), moment(t.Ended), t.ExitCode, t.Cause, t.Reason})
	}
	return out
}

func stepsJSON(steps []summary.Step) []stepJSON {
	out := make([]stepJSON, len(steps))
	for i, s := range steps {
		out[i] = stepJSON{Step: s.Path, Status: s.Status, Allowed: s.Allowed, Attempts: s.Step.Attempts, Ready: moment(s.Ready), History: attemptsJSON(s), Started: moment(s.Started), Ended: moment(s.Ended),
			Seconds: s.Duration.Seconds(), ExitCode: s.ExitCode, Cause: s.Cause, Reason: s.Reason, Cached: s.Cached, Value: s.Result}
	}
	return out
}
