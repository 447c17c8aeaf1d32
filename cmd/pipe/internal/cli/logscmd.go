package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/pipelang/pipe/cmd/pipe/internal/ui"
	"github.com/pipelang/pipe/runtime/engine"
	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/journal"
)

// logsFlags are the flags of pipe logs.
type logsFlags struct {
	follow     bool
	timestamps bool
	failed     bool
	attempt    int
	section    string
	format     string
}

func (a *app) logsCommand() *cobra.Command {
	var f logsFlags
	cmd := &cobra.Command{
		Use:   "logs [RUN] [STEP]",
		Short: "Print what the steps of a run wrote",
		Long: "Prints a run as it was seen while it ran, or one step of it with what is below. RUN is the beginning of an id, or latest,\n" +
			"which is also what is meant without one: the latest run of this repository. -f stays until the run, or the step, ends.",
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOf("--format", f.format, "text", "json"); err != nil {
				return err
			}
			if f.attempt < 0 {
				return usagef("they count from 1", "--attempt is the number of an attempt, not %d", f.attempt)
			}
			word, rest, err := runArgs(cmd, args, "pipe logs [RUN] [STEP]", 2)
			if err != nil {
				return err
			}
			return a.withJournal(func(r *journal.Reader) error { return a.logs(cmd.Context(), r, word, rest, f) })
		},
	}
	cmd.Flags().BoolVarP(&f.follow, "follow", "f", false, "stay with a run under way until it ends")
	cmd.Flags().IntVar(&f.attempt, "attempt", 0, "only this attempt, counted from 1")
	cmd.Flags().BoolVar(&f.failed, "failed", false, "only the steps that failed")
	cmd.Flags().StringVar(&f.section, "section", "", "only what the scripts with this `title` wrote")
	cmd.Flags().BoolVarP(&f.timestamps, "timestamps", "t", false, "the day and time before each line")
	cmd.Flags().StringVar(&f.format, "format", "text", "text, or json: one event a line")
	completeFlag(cmd, "format", "text", "json")
	a.completeRuns(cmd, true)
	return cmd
}

func (a *app) logs(ctx context.Context, r *journal.Reader, word string, rest []string, f logsFlags) error {
	run, err := a.findRun(ctx, r, word)
	if err != nil {
		return err
	}
	steps, err := r.Steps(ctx, run)
	if err != nil {
		return err
	}
	step := ""
	if len(rest) > 0 {
		step = rest[0]
		if err := hasStep(step, run, steps); err != nil && !r.Wrote(run.ID, step) {
			return err
		}
	}
	keep := f.keeps(step, steps)
	out := ui.NewLazy(a.Out)
	sink := event.JSON(out)
	if f.format == "text" {
		log := ui.NewLog(out, a.style(), run.Steps)
		if f.timestamps {
			log.Stamp(dayAndTime + ".000")
		}
		sink = log.Sink
	}
	ctx, over := context.WithCancel(ctx)
	defer over()
	err = r.Replay(ctx, run.ID, f.follow, func(e event.Event) {
		if keep(e) {
			sink(e)
		}
		if e.Step == step && e.Type == event.StepFinished && f.follow {
			over() // the step that is followed has ended
		}
	})
	if err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("read run %s: %w", run.ID, err)
	}
	return errors.Join(out.Flush(), a.tellInterrupted(ctx, r, run, f))
}

// tellInterrupted says of a run that was followed that its process went away before it ended.
func (a *app) tellInterrupted(ctx context.Context, r *journal.Reader, run journal.Run, f logsFlags) error {
	if !f.follow || ctx.Err() != nil {
		return nil
	}
	now, err := r.Runs(ctx, journal.Filter{Prefix: run.ID, Limit: 1})
	if err != nil || len(now) == 0 || now[0].Status != journal.Interrupted {
		return err
	}
	_, err = fmt.Fprintf(a.Err, "pipe: run %s was interrupted: its process is gone\n  help: pipe resume %s goes on with it\n", run.ID, run.ID)
	return err
}

// keeps chooses events: of a step and what is below it, "" for all, and what the flags say.
func (f logsFlags) keeps(step string, steps []journal.Step) func(event.Event) bool {
	failed := map[string]bool{}
	for _, s := range steps {
		failed[s.Path] = s.Status == string(engine.Failed)
	}
	return func(e event.Event) bool {
		return (step == "" || within(e.Step, step) || within(withoutNumbers(e.Step), step)) && (f.attempt == 0 || e.Attempt == f.attempt) &&
			(f.section == "" || e.Section == f.section && e.Type == event.StepOutput) && (!f.failed || failed[e.Step])
	}
}
