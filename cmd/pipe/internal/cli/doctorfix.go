package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pipelang/pipe/cmd/pipe/internal/doctor"
	"github.com/pipelang/pipe/cmd/pipe/internal/ui"
	"github.com/pipelang/pipe/runtime/journal"
	"github.com/pipelang/pipe/runtime/store"
)

// mending is what --fix did.
type mending struct {
	removed []doctor.Leftover
	failed  int
}

// mend shows what killed runs left, says what stays of it, asks, and removes the rest.
func (a *app) mend(ctx context.Context, s *doctor.Surroundings, f doctorFlags) (m mending, err error) {
	look, cancel := context.WithTimeout(ctx, f.patience)
	defer cancel()
	found, err := s.Remains(look)
	if err != nil {
		fmt.Fprintf(a.Err, "pipe: not everything could be looked through: %s\n", ui.Line(err.Error()))
	}
	remove := found.Leftovers
	for _, l := range remove {
		fmt.Fprintf(a.Err, "left by a killed run: %s\n", ui.Line(l.String()))
	}
	run := ""
	if f.giveUp != "" {
		if run, err = a.killedRun(ctx, s, found, f.giveUp); err != nil {
			return m, err
		}
	}
	for _, l := range found.Waiting {
		if l.Run != run {
			fmt.Fprintf(a.Err, "stays: %s\n", ui.Line(l.Stays(time.Now())))
			continue
		}
		fmt.Fprintf(a.Err, "given up: %s\n", ui.Line(l.String()))
		remove = append(remove, l)
	}
	if len(remove) == 0 || !f.yes && !a.agreed(len(remove)) {
		return m, nil
	}
	if run == "" {
		m.remove(ctx, a, remove)
	} else if err := m.giveUp(ctx, a, s, run, remove); err != nil {
		return m, err
	}
	fmt.Fprintf(a.Err, "%d of %d removed\n", len(m.removed), len(m.removed)+m.failed)
	return m, nil
}

// giveUp removes what a killed run has, unless somebody goes on with it by now.
func (m *mending) giveUp(ctx context.Context, a *app, s *doctor.Surroundings, run string, all []doctor.Leftover) error {
	release, err := lease(s, run)
	if err != nil {
		return err
	}
	m.remove(ctx, a, all)
	release()
	// What the run had beside its steps is of no use any more, either.
	found, _ := s.Remains(ctx)
	m.remove(ctx, a, found.Leftovers)
	return nil
}

func (m *mending) remove(ctx context.Context, a *app, all []doctor.Leftover) {
	for _, l := range all {
		if err := l.Remove(ctx); err != nil {
			m.failed++
			fmt.Fprintf(a.Err, "pipe: %s stays: %s\n", ui.Line(l.String()), ui.Line(err.Error()))
			continue
		}
		m.removed = append(m.removed, l)
	}
}

// killedRun is the run that a word means, of which something must go on without its pipe.
func (a *app) killedRun(ctx context.Context, s *doctor.Surroundings, found doctor.Remains, word string) (string, error) {
	runs := map[string]bool{}
	for _, l := range found.Waiting {
		if strings.HasPrefix(l.Run, word) {
			runs[l.Run] = true
		}
	}
	if len(runs) == 1 {
		for run := range runs {
			return run, nil
		}
	}
	var run journal.Run
	err := a.withJournal(func(r *journal.Reader) (err error) {
		run, err = a.findRun(ctx, r, word)
		return err
	})
	if err != nil {
		return "", err
	}
	release, err := lease(s, run.ID) // for a moment: only then is it known that no process has the run
	if err != nil {
		return "", err
	}
	release()
	if !slices.ContainsFunc(found.Waiting, func(l doctor.Leftover) bool { return l.Run == run.ID }) {
		return "", usagef("`pipe doctor` lists the runs of which something does", "nothing goes on of run %s, which is %s", run.ID, run.Status)
	}
	return run.ID, nil
}

// lease takes a run: no process has it then, or goes on with it until it is released.
func lease(s *doctor.Surroundings, run string) (release func(), err error) {
	place, err := s.Open()
	if err != nil {
		return nil, err
	}
	release, err = place.Lease(run)
	var busy *store.UnderWayError
	if errors.As(err, &busy) {
		return nil, usagef("end that process: Ctrl-C there, or SIGINT to it", "%v", busy)
	}
	return release, err
}

// agreed asks on a terminal; elsewhere nothing is removed without --yes.
func (a *app) agreed(n int) bool {
	if !a.Answers {
		fmt.Fprintln(a.Err, "nothing was removed: nobody can be asked here, and --yes was not given")
		return false
	}
	fmt.Fprintf(a.Err, "remove these %d? [y/N] ", n)
	answer, err := bufio.NewReader(a.In).ReadString('\n')
	answer = strings.ToLower(strings.TrimSpace(answer))
	return err == nil && (answer == "y" || answer == "yes")
}
