package cli

import (
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
	giveUp   string // a run
}

func (a *app) doctorCommand() *cobra.Command {
	var f doctorFlags
	cmd := &cobra.Command{
		Use:   "doctor [--fix [--yes] [--give-up RUN]]",
		Short: "Say what is there to run pipelines with, and what to do about what is not",
		Long: "Looks at the store, git, workspaces, the Docker engine, registries and programs, and says of each whether it is well.\n" +
			"Only what a pipeline of this repository needs can fail. With --fix, what killed runs left is shown and removed,\n" +
			"but for steps that pipe resume finds again; --give-up ends and removes those of a run, too.",
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
			case f.giveUp != "" && !f.fix:
				return usagef("write --fix --give-up "+f.giveUp, "--give-up says what --fix removes, too")
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
	cmd.Flags().StringVar(&f.giveUp, "give-up", "", "with --fix: end and remove what goes on of this killed `run`, too; nobody knows then how its steps ended")
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
		look, cancel := context.WithTimeout(ctx, f.patience)
		defer cancel()
		found, _ := s.Remains(look) // what could not be looked at, its line says
		err = a.writeJSON(doctorJSON{Schema: "pipe.doctor/v1", Checks: lines, Removed: mended.removed, Waiting: found.Waiting})
	} else {
		a.showDoctor(lines)
	}
	if err == nil && (doctor.Worst(lines) == doctor.Fail || mended.failed > 0) {
		return exit(ExitFailed)
	}
	return err
}

type doctorJSON struct {
	Schema string        `json:"schema"`
	Checks []doctor.Line `json:"checks"`
	// Removed is what --fix removed.
	Removed []doctor.Leftover `json:"removed,omitempty"`
	// Waiting is what killed runs may be gone on with.
	Waiting []doctor.Leftover `json:"waiting,omitempty"`
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
		Root: root, Version: version(), Language: load.Language, Environ: a.Environ, StoreDir: dir, Needs: doctor.NewNeeds(), Space: doctor.Space,
		Open: func() (*store.Store, error) { return a.store(secret.NewSealer(a.getenv)) },
	}
	files, _ := walkPipeFiles(root)
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
