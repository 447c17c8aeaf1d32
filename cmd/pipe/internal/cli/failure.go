package cli

import (
	"context"
	"fmt"

	"github.com/pipelang/pipe/cmd/pipe/internal/summary"
	"github.com/pipelang/pipe/cmd/pipe/internal/ui"
	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/journal"
)

const (
	// mostLines and mostText are how much of what a failed step wrote ends a run.
	mostLines = 1000
	mostText  = 256 << 10
	// fewLines are shown of it where much else is.
	fewLines = 20
)

// ending is the end of what an attempt wrote.
type ending struct {
	most   int // lines
	events []event.Event
	bytes  int
	all    int // how many there were
}

func (t *ending) add(e event.Event) {
	t.all++
	t.bytes += len(e.Text)
	t.events = append(t.events, e)
	for len(t.events) > t.most || t.bytes > mostText && len(t.events) > 1 {
		t.bytes -= len(t.events[0].Text)
		t.events = t.events[1:]
	}
}

// showFailure prints the end of what the step that failed first wrote in its last attempt, and the command
// for the rest.
func (a *app) showFailure(r *journal.Reader, run journal.Run, failed *journal.Step, most int) error {
	t := ending{most: most}
	if err := r.Output(run.ID, failed.Path, failed.Attempts, t.add); err != nil || t.all == 0 {
		return err
	}
	see := "pipe logs " + run.ID + " " + ui.ShellWord(failed.Path)
	if t.all > len(t.events) {
		fmt.Fprintf(a.Out, "the last %d of %d lines of %s, which failed first; all of them: %s\n", len(t.events), t.all, ui.Line(failed.Path), see)
	} else {
		fmt.Fprintf(a.Out, "what %s wrote, which failed first:\n", ui.Line(failed.Path))
	}
	log := ui.NewLog(a.Out, a.style(), []string{failed.Path})
	for _, e := range t.events {
		log.Sink(e)
	}
	fmt.Fprintln(a.Out)
	return nil
}

// failureOf finds a run's first failure and shows what it wrote, unless that was seen just now.
func (a *app) failureOf(ctx context.Context, r *journal.Reader, id string, seen func(step string) bool) error {
	runs, err := r.Runs(ctx, journal.Filter{Prefix: id, Limit: 1})
	if err != nil || len(runs) == 0 {
		return err
	}
	run, err := summary.Read(ctx, r, runs[0])
	if err != nil {
		return err
	}
	failed := run.FirstFailure()
	if failed == nil || seen(failed.Path) {
		return nil
	}
	return a.showFailure(r, run.Run, &failed.Step, mostLines)
}
