package cli

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/pipelang/pipe/cmd/pipe/internal/summary"
	"github.com/pipelang/pipe/runtime/journal"
	"github.com/pipelang/pipe/runtime/store"
)

// writeReports writes a run that has ended where it is asked for: as JUnit XML into a file, "" for
// none, and as a page for GitHub behind those of other steps of its job.
func (a *app) writeReports(ctx context.Context, place *store.Store, id, junit string) error {
	page := a.getenv("GITHUB_STEP_SUMMARY")
	if junit == "" && page == "" {
		return nil
	}
	r, err := journal.Open(place.Dir(), place.UnderWay)
	if err != nil {
		return err
	}
	defer r.Close()
	runs, err := r.Runs(ctx, journal.Filter{Prefix: id, Limit: 1})
	if err != nil {
		return err
	}
	if len(runs) == 0 {
		return fmt.Errorf("run %s is not in the journal", id)
	}
	run, err := readSummary(ctx, r, runs[0])
	if err != nil {
		return err
	}
	return errors.Join(a.writeJUnit(junit, run, outputs(r, runs[0])), a.writePage(page, run, outputs(r, runs[0])))
}

func (a *app) writeJUnit(path string, run *summary.Run, output summary.Output) error {
	if path == "" {
		return nil
	}
	f, err := os.Create(a.abs(path))
	if err != nil {
		return fmt.Errorf("write JUnit XML: %w", err)
	}
	return errors.Join(summary.JUnit(f, run, output), f.Close())
}

func (a *app) writePage(path string, run *summary.Run, output summary.Output) error {
	if path == "" {
		return nil
	}
	f, err := os.OpenFile(a.abs(path), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return fmt.Errorf("write the summary for GitHub: %w", err)
	}
	return errors.Join(summary.Markdown(f, run, output, a.goOnCommand(run.ID, run.Status)), f.Close())
}
