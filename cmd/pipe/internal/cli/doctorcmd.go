package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pipelang/pipe/cmd/pipe/internal/doctor"
	"github.com/pipelang/pipe/cmd/pipe/internal/ui"
	"github.com/pipelang/pipe/compiler/lint"
	"github.com/pipelang/pipe/compiler/load"
	"github.com/pipelang/pipe/compiler/lower"
	"github.com/pipelang/pipe/runtime/secret"
	"github.com/pipelang/pipe/runtime/settings"
	"github.com/pipelang/pipe/runtime/store"
	"github.com/pipelang/pipe/runtime/target/docker"
)

// doctorFlags are the flags of pipe doctor.
type doctorFlags struct {
	format   string
	patience time.Duration
	fix, yes bool
}

func (a *app) doctorCommand() *cobra.Command {
	var f doctorFlags
	cmd := &cobra.Command{
		Use:   "doctor [--fix [--yes]]",
		Short: "Say what is there to run pipelines with, and what to do about what is not",
		Long: "Looks at the store, git, workspaces, the Docker engine, registries and programs, and says of each whether it is well.\n" +
			"Only what a pipeline of this repository needs can fail. With --fix, what killed runs left is shown and removed.",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("it looks at the repository that you are in", "pipe doctor takes no arguments, found %q", args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := oneOf("--format", f.format, "text", "json"); err != nil {
				return err
			}
			switch {
			case f.patience <= 0:
				return usagef("such as 5s", "--timeout takes a duration above zero, not %v", f.patience)
			case f.yes && !f.fix:
				return usagef("write --fix --yes", "--yes says that --fix need not ask")
			case f.fix && f.format == "json" && !f.yes:
				return usagef("write --fix --yes --format json", "--fix asks, which --format json cannot")
			}
			return a.doctor(cmd.Context(), f)
		},
	}
	cmd.Flags().StringVar(&f.format, "format", "text", "text or json")
	cmd.Flags().DurationVar(&f.patience, "timeout", 5*time.Second, "how long each check may take")
	cmd.Flags().BoolVar(&f.fix, "fix", false, "remove what killed runs left: folders, and what carries pipe's labels on the engine")
	cmd.Flags().BoolVar(&f.yes, "yes", false, "with --fix: do not ask")
	completeFlag(cmd, "format", "text", "json")
	return cmd
}

func (a *app) doctor(ctx context.Context, f doctorFlags) error {
	s, err := a.aroundHere(ctx)
	if err != nil {
		return err
	}
	var mended mending
	if f.fix {
		if mended, err = a.mend(ctx, s, f); err != nil {
			return err
		}
	}
	lines := doctor.Examine(ctx, s.Checks(), f.patience)
	if f.format == "json" {
		err = a.writeJSON(doctorJSON{Schema: "pipe.doctor/v1", Checks: lines, Removed: mended.removed})
	} else {
		a.showDoctor(lines)
	}
	if err == nil && (doctor.Worst(lines) == doctor.Fail || mended.failed) {
		return exit(ExitFailed)
	}
	return err
}

type doctorJSON struct {
	Schema string        `json:"schema"`
	Checks []doctor.Line `json:"checks"`
	// Removed is what --fix removed.
	Removed []doctor.Leftover `json:"removed,omitempty"`
}

// aroundHere gathers what the checks look at; files with errors are looked at as far as they go.
func (a *app) aroundHere(ctx context.Context) (*doctor.Surroundings, error) {
	root, err := load.Root(a.Dir)
	if err != nil {
		return nil, err
	}
	dir, err := a.storeDir()
	if err != nil {
		return nil, err
	}
	s := &doctor.Surroundings{
		Root: root, Version: version(), Language: load.Language, Environ: a.Environ, StoreDir: dir, Needs: doctor.NewNeeds(),
		Open: func() (*store.Store, error) { return a.store(secret.NewSealer(a.getenv)) },
	}
	files, err := walkPipeFiles(root)
	if err != nil {
		return nil, err
	}
	s.Files = len(files)
	shared := &session{cache: &load.Cache{}, roots: map[string]lint.Options{}}
	for _, file := range files {
		if err := a.addNeeds(ctx, s, file, shared); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (a *app) addNeeds(ctx context.Context, s *doctor.Surroundings, file string, shared *session) error {
	c, err := a.checkIn(file, nil, shared)
	if err != nil {
		return err
	}
	s.Needs.Add(c.program)
	if c.errors() {
		s.Broken = append(s.Broken, a.display(file))
		return nil
	}
	if err := a.addEngines(ctx, s.Needs, c); err != nil {
		return err
	}
	w := &wanted{uses: map[string][]lower.Image{}}
	for _, name := range c.program.Load.Config.Lock.Images {
		s.Needs.Image(name, "pipe.toml")
	}
	if err := a.addImages(ctx, w, c, nil); err != nil {
		return err
	}
	for name, uses := range w.uses {
		for _, u := range uses {
			s.Needs.Image(name, u.At)
		}
	}
	return nil
}

// addEngines adds the engines that a file's targets name, with the settings as a run here would have
// them.
func (a *app) addEngines(ctx context.Context, n *doctor.Needs, c checked) error {
	names := pipelineNames(c.program)
	if len(names) == 0 {
		return nil
	}
	draft, err := lower.New(c.program, names[0])
	if err != nil {
		return err
	}
	found, err := a.resolveFor(ctx, c, draft, settings.Sources{Environ: a.Environ, Dir: filepath.Join(c.program.Load.Root, filepath.FromSlash(c.program.Load.Entry.Folder))})
	if err != nil {
		return err
	}
	declared := draft.Targets(lower.Values{Setting: found.Known})
	for _, name := range slices.Sorted(maps.Keys(declared)) {
		t := declared[name]
		if t.Kind != "docker" {
			continue
		}
		e := doctor.DeclaredEngine{Name: name, At: t.At}
		made, err := a.declaredTarget(t)
		if place, is := made.(docker.Target); is {
			e.Where = place.Endpoint
		}
		var late *lateFieldError
		if errors.As(err, &late) {
			err = fmt.Errorf("%s is %s, which has no value here", late.field, late.text)
		}
		e.Unknown = err
		n.Engine(e)
	}
	return nil
}

// mending is what --fix did.
type mending struct {
	removed []doctor.Leftover
	failed  bool
}

// mend shows what killed runs left, asks, and removes it.
func (a *app) mend(ctx context.Context, s *doctor.Surroundings, f doctorFlags) (m mending, err error) {
	look, cancel := context.WithTimeout(ctx, f.patience)
	defer cancel()
	found, err := s.Leftovers(look)
	if err != nil {
		fmt.Fprintf(a.Err, "pipe: not everything could be looked through: %s\n", ui.Line(err.Error()))
	}
	if len(found) == 0 {
		return m, nil
	}
	for _, l := range found {
		fmt.Fprintf(a.Err, "left by a killed run: %s\n", ui.Line(l.String()))
	}
	if !f.yes && !a.agreed(len(found)) {
		return m, nil
	}
	for _, l := range found {
		if err := l.Remove(ctx); err != nil {
			m.failed = true
			fmt.Fprintf(a.Err, "pipe: %s stays: %s\n", ui.Line(l.String()), ui.Line(err.Error()))
			continue
		}
		m.removed = append(m.removed, l)
	}
	fmt.Fprintf(a.Err, "%d of %d removed\n", len(m.removed), len(found))
	return m, nil
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

// showDoctor prints a line for each thing, with the way out below what is not well.
func (a *app) showDoctor(lines []doctor.Line) {
	width := 0
	for _, l := range lines {
		width = max(width, len(l.Check))
	}
	width = min(width, 24)
	counts := map[doctor.Level]int{}
	for _, l := range lines {
		counts[l.Level]++
		text := l.Text
		if l.Level != doctor.OK && len(l.NeededBy) > 0 && l.NeededBy[0] != "pipe" {
			text += " (needed at " + firstPlaces(l.NeededBy) + ")"
		}
		head := fmt.Sprintf("%-4s  %-*s  ", l.Level, width, l.Check)
		a.wrapped(head, text)
		if l.Level != doctor.OK && l.Help != "" {
			a.wrapped(strings.Repeat(" ", width+8)+"→ ", l.Help)
		}
	}
	fmt.Fprintln(a.Out, doctorSummary(counts))
}

// wrapped prints a text behind a head, further lines below the text.
func (a *app) wrapped(head, text string) {
	columns := len([]rune(head))
	for i, line := range ui.Fold(ui.Line(text), a.Width-columns) {
		if i > 0 {
			head = strings.Repeat(" ", columns)
		}
		fmt.Fprintln(a.Out, head+line)
	}
}

func doctorSummary(counts map[doctor.Level]int) string {
	switch {
	case counts[doctor.Fail] > 0:
		return fmt.Sprintf("%d failed, %d to look at", counts[doctor.Fail], counts[doctor.Warn])
	case counts[doctor.Warn] > 0:
		return fmt.Sprintf("nothing that is needed is missing; %d to look at", counts[doctor.Warn])
	}
	return "all is well"
}

func firstPlaces(places []string) string {
	if len(places) > 3 {
		return strings.Join(places[:3], ", ") + fmt.Sprintf(" and %d more", len(places)-3)
	}
	return strings.Join(places, ", ")
}
