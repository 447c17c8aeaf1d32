package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pipelang/pipe/cmd/pipe/internal/summary"
	"github.com/pipelang/pipe/cmd/pipe/internal/ui"
	"github.com/pipelang/pipe/runtime/journal"
	"github.com/pipelang/pipe/runtime/secret"
)

// artifactsFlags are the flags of pipe artifacts.
type artifactsFlags struct {
	to, format string
	force      bool
}

const artifactsForm = "pipe artifacts [RUN] [get STEP[/PATH] …] [--to FOLDER]"

func (a *app) artifactsCommand() *cobra.Command {
	var f artifactsFlags
	cmd := &cobra.Command{
		Use:   "artifacts [RUN] [get STEP[/PATH] …]",
		Short: "List what a run left behind, and fetch it",
		Long: "Lists the files, folders and images in the results of a run's steps, and the files that were kept. `get` writes those of a\n" +
			"step, or below a path of it, into a folder; --to alone writes all. What is secret is written only where it is named in full.\n" +
			"RUN is the beginning of an id, or latest, which is also what is meant without one.",
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOf("--format", f.format, "text", "json"); err != nil {
				return err
			}
			word, wanted, err := artifactsArgs(args)
			if err != nil {
				return err
			}
			return a.withJournal(func(r *journal.Reader) error {
				run, err := a.findRun(cmd.Context(), r, word)
				if err != nil {
					return err
				}
				return a.artifacts(cmd.Context(), r, run, wanted, f)
			})
		},
	}
	cmd.Flags().StringVar(&f.to, "to", "", "the `folder` to write into (default of get: the working directory)")
	cmd.Flags().BoolVar(&f.force, "force", false, "write over what is there")
	cmd.Flags().StringVar(&f.format, "format", "text", "of the list: text or json")
	completeFlag(cmd, "format", "text", "json")
	a.completeArtifacts(cmd)
	return cmd
}

// artifactsArgs takes apart [RUN] [get NAME…]; wanted is nil where nothing is asked for.
func artifactsArgs(args []string) (word string, wanted []string, err error) {
	word = latest
	if len(args) > 0 && args[0] != "get" {
		word, args = args[0], args[1:]
	}
	switch {
	case len(args) == 0:
		return word, nil, nil
	case args[0] != "get":
		return "", nil, usagef("the form is "+artifactsForm, "pipe artifacts takes no %q", args[0])
	case len(args) == 1:
		return "", nil, usagef("`pipe artifacts` lists them", "get takes the names of artifacts: STEP or STEP/PATH")
	}
	return word, args[1:], nil
}

func (a *app) artifacts(ctx context.Context, r *journal.Reader, run journal.Run, wanted []string, f artifactsFlags) error {
	whole, err := summary.Read(ctx, r, run)
	if err != nil {
		return err
	}
	sealer := secret.NewSealer(a.getenv)
	list := append(artifactsOf(whole), secretArtifacts(whole, sealer)...)
	if wanted == nil && f.to == "" {
		return a.listArtifacts(run, list, f.format)
	}
	chosen, err := choose(list, wanted)
	if err != nil {
		return err
	}
	place, err := a.store(sealer)
	if err != nil {
		return err
	}
	to := f.to
	if to == "" {
		to = "."
	}
	return a.fetchArtifacts(ctx, fetching{store: place, to: a.abs(to), shown: to, force: f.force, flat: len(wanted) == 1}, chosen)
}

func (a *app) listArtifacts(run journal.Run, list artifacts, format string) error {
	if format == "json" {
		if list == nil {
			list = artifacts{}
		}
		return a.writeJSON(list)
	}
	if len(list) == 0 {
		_, err := fmt.Fprintf(a.Out, "run %s left no artifacts\n", run.ID)
		return err
	}
	rows := make([][]string, len(list))
	for i, f := range list {
		rows[i] = []string{f.Step, f.Path, f.kindText(), f.sizeText(), f.digestText()}
	}
	ui.Grid(a.Out, a.style(), []ui.Column{{Title: "STEP"}, {Title: "PATH"}, {Title: "KIND"}, {Title: "SIZE"}, {Title: "DIGEST", Cut: true}}, rows)
	_, err := fmt.Fprintf(a.Out, "\nfetch one with pipe artifacts %s get STEP/PATH, all with --to FOLDER\n", run.ID)
	return err
}

func (f artifact) kindText() string {
	if f.Secret {
		return f.Kind + ", secret"
	}
	return f.Kind
}

func (f artifact) sizeText() string {
	switch {
	case f.Kind == "image":
		return ""
	case f.Kind == "dir":
		return fmt.Sprintf("%s in %s", bytesText(f.Size), counting(f.Files, "file"))
	}
	return bytesText(f.Size)
}

func counting(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// digestText is as much of a digest as tells contents apart.
func (f artifact) digestText() string {
	algorithm, sum, _ := strings.Cut(f.Digest, ":")
	if sum == "" {
		return ""
	}
	return algorithm + ":" + sum[:min(len(sum), 12)]
}

// choose takes those that are named, by a step, an instance of it or a path below one; without
// names all. What is secret must be named in full.
func choose(list artifacts, names []string) (artifacts, error) {
	if names == nil {
		var out artifacts
		for _, f := range list {
			if !f.Secret {
				out = append(out, f)
			}
		}
		return out, nil
	}
	var out artifacts
	for _, name := range names {
		name = strings.TrimRight(name, "/")
		found := false
		var all, hidden []string
		for _, f := range list {
			all = append(all, f.full())
			if f.full() != name && !within(f.full(), name) {
				continue
			}
			if f.Secret && f.full() != name {
				hidden = append(hidden, f.full())
				continue
			}
			found = true
			out = append(out, f)
		}
		switch {
		case !found && hidden != nil:
			return nil, usagef("name it in full: "+fewOf(hidden), "what %q left is secret", name)
		case !found:
			return nil, usagef(didYouMean(name, all, "`pipe artifacts` lists them"), "the run has no artifact %q", name)
		}
	}
	return out, nil
}

// fewOf is a list of names for a hint, not too long.
func fewOf(names []string) string { return list(names[:min(len(names), 5)]) }

func (a *app) completeArtifacts(cmd *cobra.Command) {
	cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		var out []string
		_ = a.withJournal(func(r *journal.Reader) error { // what cannot be read offers nothing
			word := latest
			switch {
			case len(args) == 0:
				out = append(a.runWords(cmd, r), "get\tfetch what is named")
				return nil
			case len(args) == 1 && args[0] != "get":
				out = []string{"get\tfetch what is named"}
				return nil
			case args[0] != "get":
				word = args[0]
			}
			run, err := a.findRun(cmd.Context(), r, word)
			if err != nil {
				return err
			}
			whole, err := summary.Read(cmd.Context(), r, run)
			if err != nil {
				return err
			}
			for _, f := range artifactsOf(whole) {
				out = append(out, f.full())
			}
			return nil
		})
		return out, cobra.ShellCompDirectiveNoFileComp
	}
}
