package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/pipelang/pipe/lang/token"
	"github.com/pipelang/pipe/runtime/journal"
	"github.com/pipelang/pipe/runtime/secret"
	"github.com/pipelang/pipe/runtime/store"
)

// pruneGrace is how young content stays that nothing refers to: locks keep what runs on this
// machine use, and clocks of a shared folder may differ.
const pruneGrace = time.Minute

func (a *app) storeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "store",
		Short: "Show what the store holds",
		Long:  "Shows how much the store holds: cached results, content by digest, digests of files, named cache folders,\nruns with what they wrote and kept, the journal of all of them, and the state of runs under way.",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			place, err := a.store(secret.NewSealer(a.getenv))
			if err != nil {
				return err
			}
			parts, err := place.Usage(cmd.Context())
			if err != nil {
				return err
			}
			return a.printUsage(place.Dir(), parts)
		},
	}
	cmd.AddCommand(a.pruneCommand())
	return cmd
}

func (a *app) printUsage(dir string, parts []store.Usage) error {
	fmt.Fprintf(a.Out, "%-8s  %8s  %9s\n", "PART", "FILES", "SIZE")
	all := store.Usage{Name: "all"}
	for _, p := range parts {
		fmt.Fprintf(a.Out, "%-8s  %8d  %9s\n", p.Name, p.Files, bytesText(p.Bytes))
		all.Files, all.Bytes = all.Files+p.Files, all.Bytes+p.Bytes
	}
	fmt.Fprintf(a.Out, "%-8s  %8d  %9s\n", all.Name, all.Files, bytesText(all.Bytes))
	_, err := fmt.Fprintln(a.Out, dir)
	return err
}

func (a *app) pruneCommand() *cobra.Command {
	var size, age string
	var dry bool
	cmd := &cobra.Command{
		Use:   "prune",
		Short: "Remove cached results and content that nothing refers to",
		Long: "Removes cached results that were not used for a while, then the longest unused until the rest is small enough,\n" +
			"and the content that neither a result nor a run that is still listed refers to. What a run under way stored or\n" +
			"found as files stays, and so do named cache folders and the kept files of runs. The state of interrupted runs that are\n" +
			"not listed any more goes, too, unless something of them still works.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o := store.PruneOptions{Grace: pruneGrace, DryRun: dry}
			var err error
			if o.MaxSize, err = token.ParseSize(size); err != nil {
				return usagef("such as 10GiB or 500MB", "--max-size takes a size, not %q", size)
			}
			if o.OlderThan, err = token.ParseDuration(age); err != nil || o.OlderThan <= 0 {
				return usagef("such as 30d or 12h", "--older-than takes a duration, not %q", age)
			}
			return a.prune(cmd, o)
		},
	}
	cmd.Flags().StringVar(&size, "max-size", "10GiB", "how large cached results may be, with their content")
	cmd.Flags().StringVar(&age, "older-than", "30d", "how long a result may go unused")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "say what would be removed, and remove nothing")
	return cmd
}

func (a *app) prune(cmd *cobra.Command, o store.PruneOptions) error {
	place, err := a.store(secret.NewSealer(a.getenv))
	if err != nil {
		return err
	}
	states, err := a.forgetStates(cmd.Context(), place, o.DryRun)
	if err != nil {
		return err
	}
	o.Held = func(ctx context.Context) ([]string, bool, error) { return heldByRuns(ctx, place) }
	freed, err := place.Prune(cmd.Context(), o)
	if err != nil {
		return err
	}
	verb := "removed"
	if o.DryRun {
		verb = "would remove"
	}
	if states > 0 {
		fmt.Fprintf(a.Out, "%s the state of %d runs that nobody can go on with\n", verb, states)
	}
	_, err = fmt.Fprintf(a.Out, "%s %d cached results and %d pieces of content: %s; %s stay\n",
		verb, freed.Results, freed.Objects, bytesText(freed.Bytes), bytesText(freed.Left))
	return err
}

// forgetStates removes the state of interrupted runs that are not listed any more.
func (a *app) forgetStates(ctx context.Context, place *store.Store, dry bool) (int, error) {
	r, err := journal.Open(place.Dir(), place.UnderWay)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	runs, err := r.Runs(ctx, journal.Filter{})
	if err != nil {
		return 0, err
	}
	known := map[string]bool{}
	for _, run := range runs {
		known[run.ID] = true
	}
	return place.ForgetStates(func(run string) bool { return known[run] }, dry)
}

// heldByRuns is what the results of the runs in the journal refer to.
func heldByRuns(ctx context.Context, place *store.Store) (digests []string, sealed bool, err error) {
	r, err := journal.Open(place.Dir(), place.UnderWay)
	if err != nil {
		return nil, false, err
	}
	defer r.Close()
	return r.Digests(ctx)
}

// bytesText is a size for people: three digits at most, 12 B, 3.4 KiB, 205 MiB.
func bytesText(n int64) string {
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	f, unit := float64(n)/1024, 0
	for units := len("KMGT"); f >= 1000 && unit < units-1; unit++ {
		f /= 1024
	}
	if f < 10 {
		return fmt.Sprintf("%.1f %ciB", f, "KMGT"[unit])
	}
	return fmt.Sprintf("%.0f %ciB", f, "KMGT"[unit])
}
