package cli

import (
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/pipelang/pipe/cmd/pipe/internal/ui"
	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/runtime/engine"
	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/journal"
	"github.com/pipelang/pipe/runtime/repo"
	"github.com/pipelang/pipe/runtime/secret"
	"github.com/pipelang/pipe/runtime/store"
	"github.com/pipelang/pipe/runtime/target"
	"github.com/pipelang/pipe/stdlib/natives"
)

// runFlags are the flags of pipe run.
type runFlags struct {
	sources
	format   string
	progress string
	junit    string
	planFile string
	only     []string
	yes      []string
	jobs     int
	failFast bool
	noCache  bool
	locked   bool
}

func (a *app) runCommand() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run [FILE|FOLDER] [PIPELINE] [name=value …]",
		Short: "Run a pipeline on this machine",
		Long: "Checks, plans and runs a pipeline. Without a file, the nearest folder with .pipe files is meant, up\n" +
			"to the repository's root; a module with one pipeline, or one called main, needs no name.\n" +
			"A list is given by repetition (x=a x=b) or as JSON (x=[\"a\",\"b\"]).",
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOf("--format", f.format, "text", "json"); err != nil {
				return err
			}
			if err := oneOf("--progress", f.progress, "auto", "live", "plain"); err != nil {
				return err
			}
			if f.jobs < 0 {
				return usagef("0 means the number of cores", "--jobs is a number of steps at a time, not %d", f.jobs)
			}
			if dir, err := a.storeDir(); err == nil { // told below, when the store is opened
				a.ahead = journal.OpenAhead(dir)
			}
			b, err := a.toRun(cmd, args, f)
			if err != nil {
				return err
			}
			defaultsOf(b, cmd, &f)
			f.locked = a.wantsLock(cmd, b, f.locked)
			return a.run(b, f)
		},
	}
	f.flags(cmd)
	cmd.Flags().StringVar(&f.format, "format", "text", "text, or json: one event a line")
	cmd.Flags().StringVar(&f.progress, "progress", "auto", "auto, live: a display drawn anew, or plain: lines with the time; live on a terminal and outside of CI by default")
	cmd.Flags().StringVar(&f.junit, "junit", "", "write how the steps ended to this `file`, as JUnit XML")
	cmd.Flags().StringVar(&f.planFile, "plan", "", "run exactly the plan in this `file`, or say what drifted")
	cmd.Flags().StringSliceVar(&f.only, "only", nil, "run only these `steps`, and what they need")
	cmd.Flags().StringSliceVar(&f.yes, "yes", nil, "approve these `steps` without being asked")
	cmd.Flags().IntVar(&f.jobs, "jobs", 0, "how many steps run at a time (default: the number of cores)")
	cmd.Flags().BoolVar(&f.failFast, "fail-fast", false, "cancel everything else at the first failure")
	cmd.Flags().BoolVar(&f.noCache, "no-cache", false, "run cached steps too, and keep their new results")
	cmd.Flags().BoolVar(&f.locked, "locked", false, "refuse to run where pipe.lock does not pin every image (default: in CI, where there is a pipe.lock)")
	completeFlag(cmd, "format", "text", "json")
	completeFlag(cmd, "progress", "auto", "live", "plain")
	a.completePipelines(cmd)
	return cmd
}

// defaultsOf takes what flags leave open from pipe.toml.
func defaultsOf(b *bound, cmd *cobra.Command, f *runFlags) {
	config := b.program.Load.Config.Run
	if !cmd.Flags().Changed("jobs") {
		f.jobs = config.Jobs
	}
	if !cmd.Flags().Changed("fail-fast") {
		f.failFast = config.FailFast
	}
}

// toRun finds what to run: a plan made now, or one from a file.
func (a *app) toRun(cmd *cobra.Command, args []string, f runFlags) (*bound, error) {
	if f.planFile != "" {
		return a.fromPlan(cmd, args, f)
	}
	inv, err := a.locate(args)
	if err != nil {
		return nil, err
	}
	b, err := a.bind(cmd.Context(), inv, f.sources)
	if err != nil {
		return nil, err
	}
	if err := a.refuseUnlocked(cmd, b, f.locked); err != nil {
		return nil, err
	}
	return b, a.fetch(cmd.Context(), b)
}

// run runs a bound plan and shows how it goes and ends.
func (a *app) run(b *bound, f runFlags) error {
	if err := knownSteps(b.plan, "--only", f.only); err != nil {
		return err
	}
	return a.execute(b, f, nil)
}

// execute runs a bound plan, or goes on with a run of it.
func (a *app) execute(b *bound, f runFlags, past *resumption) error {
	if err := approvable(b.plan, f.yes); err != nil {
		return err
	}
	targets, err := a.targets(b.plan)
	if err != nil {
		return err
	}
	x := &execution{id: newRunID(time.Now()), started: time.Now(), past: past, ahead: a.ahead}
	if past != nil {
		x.id, x.started = past.journal.Run.ID, past.journal.Run.Started
	}
	sealer := secret.NewSealer(a.getenv)
	if err := a.prepare(x, b.program.Load.Root, sealer); err != nil {
		return err
	}
	x.setup.Plan = b.plan.Digest
	show := a.shows(x.id, b.program.Load.Root, b.plan, f)
	defer show.stop()
	ctx, kill, stop := interrupts(a.Err)
	defer stop()
	done, err := a.open(ctx, x, b.program.Load.Root)
	if err != nil {
		return err
	}
	defer done()
	context, err := repo.Digest(x.facts.Values())
	if err != nil {
		return err
	}
	if err := x.write(b, f); err != nil {
		return err
	}
	masker, written := a.masker, x.written
	written.Attach("branch", []byte(fact(x.facts.Values(), "git", "branch")))
	defer func() { _ = written.Close() }() // told below, where there is a run to tell of
	files := x.watchFiles(ctx, b.plan)
	defer files.end(ctx, false)
	bus := event.NewBus(x.id, masker, show.sink, written.Sink, x.sink, files.sink)
	bus.OnGlimpse(show.glimpse)
	warnShort(b.settings, bus)
	options := engine.Options{
		Plan: b.plan, Run: x.setup, Setting: b.settings.Value,
		Context: x.facts.Values(), ContextDigest: context, Repo: x.facts, RepoIn: x.reads(sealer, masker).in,
		Targets: targets,
		Natives: natives.Register(),
		Bus:     bus, Reveal: masker.Add, Fingerprint: sealer.Fingerprint, Seal: sealer.Seal,
		Find: func() target.Finder { return masker.Finder() },
		Jobs: a.roomFor(f.jobs), FailFast: f.failFast, Only: f.only,
		Cache: x.place, NoCache: f.noCache, Locked: f.locked,
		Locks: filepath.Join(x.place.Dir(), "locks"), Kill: kill, Environ: a.Environ,
		Journal: written,
	}
	if past != nil {
		options.Past, options.Reset, options.Assume = past.engine, past.reset, past.assume
		options.Assumed = func(step string, word engine.Assumption) error {
			return a.record(x.place.Dir(), wasAssumed, x.id, step, wordOf(word), map[string]string{boundPlan: b.plan.Digest})
		}
	}
	d := &decisions{app: a, x: x, plan: b.plan.Digest, yes: f.yes, mask: masker, bus: bus, ask: a.approver(f.format, show.asker, masker)}
	options.Decided = d.decided
	if d.ask != nil {
		options.Approve = d.approve
	}
	result, err := engine.Run(ctx, options)
	if err != nil {
		x.keepState = past != nil
		return a.notRun(x, err)
	}
	show.stop()
	files.end(ctx, result.Outcome != engine.Succeeded)
	x.place.Remember()
	fault := written.Leave()
	x.keepState = fault != nil
	a.unwritten(fault)
	return a.ended(result, end{id: x.id, format: f.format, junit: f.junit, store: x.place, seen: show.seen, mask: masker,
		lost: fault != nil && isLost(x.place, x.id)})
}

// prepare opens the store and makes the folders of a run.
func (a *app) prepare(x *execution, root string, sealer *secret.Sealer) (err error) {
	if x.place, err = a.store(sealer); err != nil {
		return err
	}
	dir := x.place.Dir()
	r := target.Run{ID: x.id, Root: root, Artifacts: x.place, Store: dir, Keep: filepath.Join(dir, "runs", x.id, "kept"), Environ: a.Environ}
	if r.Cache, err = x.place.Cache(root); err != nil {
		return err
	}
	if r.Digests, err = x.place.Digests(root); err != nil {
		return err
	}
	if err := x.place.Recent(root); err != nil {
		return err
	}
	state := x.place.State
	if x.past != nil {
		state = x.place.StateAgain
	}
	if r.State, err = state(x.id); err != nil {
		return err
	}
	x.setup = r
	return os.MkdirAll(filepath.Join(dir, "locks"), 0o700)
}

// store opens the store of this environment.
func (a *app) store(sealer *secret.Sealer) (*store.Store, error) {
	dir, err := a.storeDir()
	if err != nil {
		return nil, err
	}
	return store.Open(dir, sealer)
}

func (a *app) style() ui.Style { return ui.Style{Color: a.colored(), Width: a.Width} }

// prefixes are the steps as their lines begin; an instance of a `for` has its number behind it.
func prefixes(p *plan.Plan) []string {
	var out []string
	for s := range p.Graph.All() {
		name := s.Path
		if len(s.For) > 0 {
			name += "[0]"
		}
		out = append(out, name)
	}
	return out
}

func knownSteps(p *plan.Plan, flag string, named []string) error {
	names := p.Paths()
	for _, name := range named {
		if !slices.Contains(names, name) {
			return usagef(didYouMean(name, names, "there are: "+list(names)), "%s names no step: %q", flag, name)
		}
	}
	return nil
}

// approvable checks that what is approved in advance asks at all.
func approvable(p *plan.Plan, yes []string) error {
	var asks []string
	for s := range p.Graph.All() {
		if s.Approve != nil {
			asks = append(asks, s.Path)
		}
	}
	for _, name := range yes {
		if plain := withoutNumbers(name); !slices.Contains(asks, plain) {
			return usagef(didYouMean(plain, asks, "those that ask: "+list(asks)), "--yes names no step that asks for approval: %q", name)
		}
	}
	return nil
}
