package cli

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pipelang/pipe/compiler/load"
	"github.com/pipelang/pipe/lang/diag"
)

// lockFlags are the flags of pipe lock.
type lockFlags struct {
	set           []string
	format        string
	check, update bool
}

func (a *app) lockCommand() *cobra.Command {
	var f lockFlags
	cmd := &cobra.Command{
		Use:   "lock [--check | --update [NAME …]]",
		Short: "Pin the images of every pipeline by digest",
		Long: "Asks registries what the images that the repository's pipelines name stand for, and writes it to pipe.lock.\n" +
			"What is pinned stays pinned until --update; what nothing names any more is removed. Plans carry the digests.\n" +
			"Names are taken as defaults, profiles and --set give them; pipe.toml's [lock] images = [\"…\"] adds others.",
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case f.check && f.update:
				return usagef("--check changes nothing", "--check and --update exclude each other")
			case len(args) > 0 && !f.update:
				return usagef("write: pipe lock --update "+args[0], "pipe lock takes names of images with --update only, found %q", args[0])
			}
			if err := oneOf("--format", f.format, "text", "json"); err != nil {
				return err
			}
			return a.lock(cmd.Context(), args, f)
		},
	}
	cmd.Flags().BoolVar(&f.check, "check", false, "change nothing, ask no registry, and fail where pipe run --locked would, or where a pin is unused")
	cmd.Flags().BoolVar(&f.update, "update", false, "ask again for what is pinned, all of it or the images named, and show what moved")
	cmd.Flags().StringArrayVar(&f.set, "set", nil, "a setting's value, `name=value`, that names of images depend on")
	cmd.Flags().StringVar(&f.format, "format", "text", "text or json")
	completeFlag(cmd, "format", "text", "json")
	cmd.ValidArgsFunction = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return a.pinnedNames(), cobra.ShellCompDirectiveNoFileComp
	}
	return cmd
}

// lock brings pipe.lock to what the pipelines name.
func (a *app) lock(ctx context.Context, names []string, f lockFlags) error {
	w, err := a.wanted(ctx, f.set)
	if err != nil {
		return err
	}
	if err := w.knows(names); err != nil {
		return err
	}
	report := w.compare()
	if !f.check {
		a.ask(ctx, report, askFor(names, f.update))
	}
	written := false
	if text := report.lock().Text(); !f.check && report.differs(w.lock, text, w.text) {
		if err := replaceFile(filepath.Join(w.root, load.LockFile), text); err != nil {
			return fmt.Errorf("%s cannot be written: %w", load.LockFile, reason(err))
		}
		written = true
	}
	if f.format == "json" {
		err = a.writeJSON(report.json(written))
	} else {
		a.showLock(report, written, f.check)
	}
	if err == nil && report.failed(f.check) {
		return exit(ExitFailed)
	}
	return err
}

// askFor says which pins registries are asked for: those that are missing, and those to move.
func askFor(names []string, update bool) func(pinChange) bool {
	named := map[string]bool{}
	for _, n := range names {
		named[n] = true
	}
	return func(c pinChange) bool {
		return c.Kind == pinMissing || update && c.Kind == pinKept && (len(names) == 0 || named[c.Name])
	}
}

// knows refuses names that are not among the images.
func (w *wanted) knows(names []string) error {
	var all []string
	for n := range w.uses {
		all = append(all, n)
	}
	for _, n := range names {
		if _, ok := w.uses[n]; !ok {
			return usagef(nearImage(n, all), "no pipeline names the image %q", n)
		}
	}
	return nil
}

// nearImage is the way out for a name that no image has: one that is near as a whole, or in what stands
// before its tag and behind its last slash, which is what people write of it.
func nearImage(name string, among []string) string {
	if help := diag.DidYouMean(name, among); help != "" {
		return help
	}
	short := map[string][]string{}
	for _, n := range among {
		short[shortImage(n)] = append(short[shortImage(n)], n)
	}
	near := short[shortImage(name)]
	if near == nil {
		near = short[diag.Suggest(shortImage(name), slices.Collect(maps.Keys(short)))]
	}
	switch {
	case len(near) == 1:
		return fmt.Sprintf("did you mean %q?", near[0])
	case len(near) > 1:
		return "there are: " + list(slices.Sorted(slices.Values(near)))
	}
	return "pipe lock lists the images"
}

// shortImage is an image's name without registry, folders, tag and digest.
func shortImage(name string) string {
	name, _, _ = strings.Cut(path.Base(name), "@")
	name, _, _ = strings.Cut(name, ":")
	return name
}

// pinnedNames are those in the lock, for completion.
func (a *app) pinnedNames() []string {
	root, err := load.Root(a.Dir)
	if err != nil {
		return nil
	}
	text, err := os.ReadFile(filepath.Join(root, load.LockFile))
	if err != nil {
		return nil
	}
	return load.LockedNames(string(text))
}
