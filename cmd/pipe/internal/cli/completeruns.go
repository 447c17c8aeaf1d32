package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/pipelang/pipe/runtime/journal"
)

// completeRuns offers the runs of this repository with what they are and, where a command takes
// them, the steps of the run that was named, or of the latest.
func (a *app) completeRuns(cmd *cobra.Command, steps bool) {
	cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
		var out []string
		_ = a.withJournal(func(r *journal.Reader) error { // what cannot be read offers nothing
			if len(args) == 0 {
				out = append(out, a.runWords(cmd, r)...)
			}
			if steps && len(args) < 2 {
				out = append(out, a.stepWords(cmd, r, args)...)
			}
			return nil
		})
		return out, cobra.ShellCompDirectiveNoFileComp
	}
}

func (a *app) runWords(cmd *cobra.Command, r *journal.Reader) []string {
	runs, err := r.Runs(cmd.Context(), journal.Filter{Root: a.here(), Limit: 30})
	if err != nil || len(runs) == 0 {
		return nil
	}
	out := []string{latest}
	for _, run := range runs {
		out = append(out, run.ID+"\t"+strings.Join(strings.Fields(run.Pipeline+" "+run.Status), " "))
	}
	return out
}

func (a *app) stepWords(cmd *cobra.Command, r *journal.Reader, args []string) []string {
	word := latest
	if len(args) == 1 && isRun(args[0]) {
		word = args[0]
	}
	run, err := a.findRun(cmd.Context(), r, word)
	if err != nil {
		return nil
	}
	return run.Steps
}
