package cli

import (
	"context"
	"fmt"

	"github.com/pipelang/pipe/cmd/pipe/internal/ui"
	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/engine"
	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/journal"
	"github.com/pipelang/pipe/runtime/store"
)

// end is what the end of a run is told with.
type end struct {
	id, format string
	junit      string // where JUnit XML goes, "" for nowhere
	store      *store.Store
	seen       func(step string) bool // whether the output of a step was shown just now
	mask       event.Masker
	lost       bool // nothing of the run is written down
}

// ended prints how a run ended, and gives the exit code.
func (a *app) ended(r *engine.Result, e end) error {
	if e.format == "text" {
		a.printEnd(r, e)
	}
	if r.Left != nil {
		fmt.Fprintf(a.Err, "pipe: %s\n  help: what is left of the run, the next one removes, or pipe doctor --fix\n", ui.Lines(e.mask.Mask(r.Left.Error())))
	}
	if err := a.writeReports(context.Background(), e.store, e.id, e.junit); err != nil {
		fmt.Fprintf(a.Err, "pipe: %s\n", ui.Lines(err.Error()))
		if r.Outcome == engine.Succeeded {
			return exit(ExitFailed)
		}
	}
	switch r.Outcome {
	case engine.Succeeded, engine.Skipped:
		return nil
	case engine.Waiting:
		return exit(ExitWaiting)
	case engine.Cancelled:
		return exit(ExitInterrupted)
	}
	return exit(ExitFailed)
}

func (a *app) printEnd(r *engine.Result, e end) {
	style := a.style()
	fmt.Fprintln(a.Out)
	for i := range r.Steps {
		r.Steps[i].Reason = e.mask.Mask(r.Steps[i].Reason)
	}
	if len(r.Steps) > 0 {
		ui.Table(a.Out, style, r.Steps)
		fmt.Fprintln(a.Out)
	}
	if r.Outcome == engine.Failed {
		a.endFailure(e)
	}
	if text := resultText(r.Value); text != "" {
		fmt.Fprintf(a.Out, "result %s\n", event.EscapeJSON([]byte(e.mask.Mask(text))))
	}
	fmt.Fprintf(a.Out, "run %s %s in %s\n", e.id, ui.Outcome(style, r.Outcome), ui.Duration(r.Duration))
	if r.Error != "" {
		fmt.Fprintf(a.Out, "%s\n", ui.Lines(e.mask.Mask(r.Error)))
	}
	if e.lost {
		return // nothing can go on with it, or show it
	}
	a.goesOn(e.id, r.Outcome)
	a.stoppedBy(e.id, r)
	if r.Outcome == engine.Failed && started(r.Steps, r.Failed) {
		fmt.Fprintf(a.Out, "see pipe logs %s %s\n", e.id, ui.ShellWord(r.Failed))
	}
}

// isLost reports whether the journal, which could not be written, has nothing of a run.
func isLost(place *store.Store, id string) bool {
	r, err := journal.Open(place.Dir(), place.UnderWay)
	if err != nil {
		return true
	}
	defer r.Close()
	runs, err := r.Runs(context.Background(), journal.Filter{Prefix: id, Limit: 1})
	return err != nil || len(runs) == 0
}

// goesOn says how a run is gone on with.
func (a *app) goesOn(id string, o engine.Outcome) {
	if next := a.goOnCommand(id, string(o)); next != "" {
		fmt.Fprintf(a.Out, "go on with %s\n", next)
	}
}

// goOnCommand goes on with a run that ended so; "" for one that is over.
func (a *app) goOnCommand(id, status string) string {
	switch status {
	case string(engine.Failed), string(engine.Cancelled), journal.Interrupted:
		return "pipe resume " + id
	}
	return ""
}

// endFailure prints what the first failure wrote, from the journal. Where that cannot be read,
// standard error has said why, and the lines were there while it ran.
func (a *app) endFailure(e end) {
	r, err := journal.Open(e.store.Dir(), e.store.UnderWay)
	if err != nil {
		return
	}
	defer r.Close()
	_ = a.failureOf(context.Background(), r, e.id, e.seen)
}

// started reports whether a step made an attempt, and so may have written something.
func started(steps []engine.StepResult, path string) bool {
	for _, s := range steps {
		if s.Path == path {
			return s.Attempts > 0
		}
	}
	return false
}

// resultText is what a pipeline returned as indented JSON, or "" for nothing.
func resultText(v value.Value) string {
	if _, none := v.(value.None); v == nil || none {
		return ""
	}
	raw, err := value.Marshal(v)
	if err != nil {
		return ""
	}
	return indented(raw)
}
