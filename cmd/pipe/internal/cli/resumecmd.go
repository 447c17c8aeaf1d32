package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pipelang/pipe/cmd/pipe/internal/ui"
	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/runtime/engine"
	"github.com/pipelang/pipe/runtime/journal"
	"github.com/pipelang/pipe/runtime/repo"
	"github.com/pipelang/pipe/runtime/secret"
	"github.com/pipelang/pipe/runtime/settings"
	"github.com/pipelang/pipe/runtime/store"
)

// resumeFlags are the flags of pipe resume.
type resumeFlags struct {
	runFlags
	from   []string
	assume []string
	anyway bool
}

func (a *app) resumeCommand() *cobra.Command {
	var f resumeFlags
	cmd := &cobra.Command{
		Use:   "resume [RUN] [name=value …]",
		Short: "Go on with a run where it was",
		Long: "Goes on with a run that was killed, waits, failed or was cancelled; without RUN, with the latest of this repository. What has\n" +
			"succeeded is not done again. Parameters and settings that are others now make the steps run again that read them, and what\n" +
			"depends on those; it says which.",
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOf("--format", f.format, "text", "json"); err != nil {
				return err
			}
			if f.jobs < 0 {
				return usagef("0 means the number of cores", "--jobs is a number of steps at a time, not %d", f.jobs)
			}
			return a.resume(cmd, args, f)
		},
	}
	f.flags(cmd)
	cmd.Flags().StringVar(&f.format, "format", "text", "text, or json: one event a line")
	cmd.Flags().StringSliceVar(&f.from, "from", nil, "do these `steps` again, and all that depends on them")
	cmd.Flags().StringArrayVar(&f.assume, "assume", nil, "what became of a step whose end is not known: `STEP=done`, STEP=done:JSON with its result, or STEP=redo")
	cmd.Flags().BoolVar(&f.anyway, "anyway", false, "go on although files of the repository have changed since")
	cmd.Flags().StringSliceVar(&f.yes, "yes", nil, "approve these `steps` without being asked")
	cmd.Flags().IntVar(&f.jobs, "jobs", 0, "how many steps run at a time (default: the number of cores)")
	completeFlag(cmd, "format", "text", "json")
	return cmd
}

// resume goes on with a run.
func (a *app) resume(cmd *cobra.Command, args []string, f resumeFlags) error {
	word, given, err := resumeArgs(args)
	if err != nil {
		return err
	}
	assume, err := assumptions(f.assume)
	if err != nil {
		return err
	}
	sealer := secret.NewSealer(a.getenv)
	place, err := a.store(sealer)
	if err != nil {
		return err
	}
	past, err := a.pastOf(cmd.Context(), place, word)
	if err != nil {
		return err
	}
	if err := f.restore(past); err != nil {
		return err
	}
	b, was, err := a.bindAgain(cmd, past, given, &f)
	if err != nil {
		return err
	}
	again, err := a.whatAgain(past, was, b, f)
	if err != nil {
		return err
	}
	if err := a.refuseChanged(cmd.Context(), place, past, was, b, f); err != nil {
		return err
	}
	r := &resumption{journal: past, assume: assume, given: typed(cmd, args)}
	if r.engine, err = enginePast(past, sealer); err != nil {
		return err
	}
	r.reset = r.engine.Reset(b.plan, again)
	a.tellAgain(was, b, r.engine, f)
	if f.anyway {
		if err := a.record(place.Dir(), wentOn, past.Run.ID, "", "", map[string]string{boundPlan: b.plan.Digest}); err != nil {
			return err
		}
	}
	return a.execute(b, f.runFlags, r)
}

func wordOf(w engine.Assumption) string {
	if w.Done {
		return "done"
	}
	return "redo"
}

// typed are the parameters and flags of a command line as words of one.
func typed(cmd *cobra.Command, args []string) string {
	var out strings.Builder
	for _, arg := range args {
		if name, _, assigned := strings.Cut(arg, "="); assigned && isName(name) {
			out.WriteString(" " + ui.ShellWord(arg))
		}
	}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		switch v := f.Value.(type) {
		case pflag.SliceValue:
			for _, s := range v.GetSlice() {
				out.WriteString(" --" + f.Name + " " + ui.ShellWord(s))
			}
		default:
			if f.NoOptDefVal != "" && f.Value.String() == f.NoOptDefVal {
				out.WriteString(" --" + f.Name)
			} else {
				out.WriteString(" --" + f.Name + "=" + ui.ShellWord(f.Value.String()))
			}
		}
	})
	return out.String()
}

// resumeArgs takes what stands for a run, by default the latest, and parameters.
func resumeArgs(args []string) (word string, given []settings.Assignment, err error) {
	word = latest
	for i, arg := range args {
		name, value, assigned := strings.Cut(arg, "=")
		switch {
		case assigned && isName(name):
			given = append(given, settings.Assignment{Name: name, Value: value})
		case i == 0:
			word = arg
		default:
			return "", nil, usagef("the form is pipe resume [RUN] [name=value …]", "cannot tell what %q means", arg)
		}
	}
	return word, given, nil
}

// assumptions reads STEP=done, STEP=done:JSON and STEP=redo.
func assumptions(list []string) (map[string]engine.Assumption, error) {
	out := map[string]engine.Assumption{}
	for _, text := range list {
		step, word, _ := strings.Cut(text, "=")
		word, value, has := strings.Cut(word, ":")
		switch {
		case step != "" && word == "redo" && !has:
			out[step] = engine.Assumption{}
		case step != "" && word == "done" && !has:
			out[step] = engine.Assumption{Done: true}
		case step != "" && word == "done" && json.Valid([]byte(value)):
			out[step] = engine.Assumption{Done: true, Value: json.RawMessage(value)}
		default:
			return nil, usagef("STEP=done, STEP=done:JSON or STEP=redo", "--assume %q says nothing of a step", text)
		}
	}
	return out, nil
}

// pastOf reads the run that goes on, which no other process may have.
func (a *app) pastOf(ctx context.Context, place *store.Store, word string) (*journal.Past, error) {
	r, err := journal.Open(place.Dir(), place.UnderWay)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	run, err := a.findRun(ctx, r, word)
	if err != nil {
		return nil, err
	}
	// Taken for a moment: a process that is about to end writes to its last.
	release, err := place.Lease(run.ID)
	var busy *store.UnderWayError
	if errors.As(err, &busy) {
		return nil, usagef("wait for it, or end that process", "%v", busy)
	}
	if err != nil {
		return nil, err
	}
	defer release()
	past, err := r.Past(ctx, run, true)
	if err != nil {
		return nil, err
	}
	if past.Attached[attachedPlan] == nil || past.Attached[attachedRepo] == nil {
		return nil, usagef("`pipe run` starts a new one", "run %s did not write down what it runs, so that nothing can go on with it", run.ID)
	}
	return past, nil
}

// restore takes what the run was started with where no flag says otherwise.
func (f *resumeFlags) restore(past *journal.Past) error {
	var was savedFlags
	if err := json.Unmarshal(past.Attached[attachedFlags], &was); err != nil {
		return fmt.Errorf("read the flags of the run: %w", err)
	}
	now := map[string]bool{}
	for _, text := range f.set {
		now[settingOf(text)] = true
	}
	was.Set = slices.DeleteFunc(was.Set, func(text string) bool { return now[settingOf(text)] })
	f.set = append(was.Set, f.set...)
	if f.profile == "" {
		f.profile = was.Profile
	}
	if f.secretsDir == "" {
		f.secretsDir = was.SecretsDir
	}
	f.only, f.failFast, f.noCache = was.Only, was.FailFast, was.NoCache
	return nil
}

// bindAgain makes the plan of today's sources and values, beside the one that the run had.
func (a *app) bindAgain(cmd *cobra.Command, past *journal.Past, given []settings.Assignment, f *resumeFlags) (b *bound, was *plan.Plan, err error) {
	if was, err = plan.Decode(past.Attached[attachedPlan]); err != nil {
		return nil, nil, fmt.Errorf("the plan of run %s: %w", past.Run.ID, err)
	}
	if _, err := os.Stat(filepath.Join(past.Run.Root, filepath.FromSlash(was.Entry))); err != nil {
		return nil, nil, fmt.Errorf("run %s cannot go on: its file %s is not in %s any more; put it back, or start a new run", past.Run.ID, was.Entry, past.Run.Root)
	}
	a.Dir = filepath.Dir(filepath.Join(past.Run.Root, filepath.FromSlash(was.Entry)))
	b, err = a.again(cmd, was, f.runFlags, given)
	if err != nil {
		return nil, nil, err
	}
	defaultsOf(b, cmd, &f.runFlags)
	return b, was, nil
}

// whatAgain says what of the run is done again.
func (a *app) whatAgain(past *journal.Past, was *plan.Plan, b *bound, f resumeFlags) (engine.Again, error) {
	again := engine.Again{Over: past.Run.Status != journal.Interrupted, From: f.from}
	for _, c := range plan.Changes(was, b.plan) {
		if c.List {
			again.Lists = append(again.Lists, c.Path)
		} else {
			again.Changed = append(again.Changed, c.Path)
		}
	}
	names := b.plan.Paths()
	for _, path := range f.from {
		plain := withoutNumbers(path)
		if !slices.Contains(names, plain) {
			return again, usagef(didYouMean(plain, names, "there are: "+list(names)), "--from names no step: %q", path)
		}
		if plain != path && (!strings.HasSuffix(path, "]") || strings.Count(path, "[") > 1) {
			return again, usagef("name the step without numbers, or an instance such as unit[3]", "--from cannot begin at %q", path)
		}
		if plain != path && !slices.ContainsFunc(past.Steps, func(s journal.Step) bool { return s.Path == path }) {
			return again, usagef(instancesOf(past, plain), "--from names no instance: %q", path)
		}
	}
	if past.Run.Status == string(engine.Succeeded) && f.from == nil && again.Changed == nil && again.Lists == nil {
		return again, usagef("--from STEP does a step again, and all that depends on it", "run %s succeeded: there is nothing to go on with", past.Run.ID)
	}
	return again, nil
}

// instancesOf says which instances a run has of a step.
func instancesOf(past *journal.Past, step string) string {
	var all []string
	for _, s := range past.Steps {
		if rest, ok := strings.CutPrefix(s.Path, step+"["); ok && strings.IndexByte(rest, ']') == len(rest)-1 {
			all = append(all, s.Path)
		}
	}
	switch len(all) {
	case 0:
		return step + " has no instances: name it without a number"
	case 1:
		return "there is " + all[0]
	}
	return fmt.Sprintf("there are %d, such as %s and %s", len(all), all[0], all[len(all)-1])
}

// refuseChanged says which files have changed since the run, unless that was said to be all right.
func (a *app) refuseChanged(ctx context.Context, place *store.Store, past *journal.Past, was *plan.Plan, b *bound, f resumeFlags) error {
	changed, err := a.changedFiles(ctx, place, past, was, b)
	if err != nil || len(changed) == 0 {
		return err
	}
	own := ranInPlace(past, was)
	verb := "so nothing was run"
	if f.anyway || own {
		verb = "and it goes on all the same"
	}
	fmt.Fprintf(a.Err, "pipe: files have changed since run %s, %s:\n", past.Run.ID, verb)
	for _, line := range plan.Diff(was, b.plan) {
		if strings.HasPrefix(line, "source ") {
			continue // named below
		}
		fmt.Fprintf(a.Err, "  %s\n", line)
	}
	for i, name := range changed {
		if i == mostFiles {
			fmt.Fprintf(a.Err, "  and %d more\n", len(changed)-i)
			break
		}
		fmt.Fprintf(a.Err, "  %s\n", ui.Line(name))
	}
	if f.anyway || own {
		return nil
	}
	fmt.Fprintf(a.Err, "  help: put them back, or --anyway: steps that are still to run see the files as they are now;\n        --from STEP does one again that has succeeded\n")
	return exit(ExitFailed)
}

// mostFiles is how many changed files are named.
const mostFiles = 20

// changedFiles are the files that are not what they were, the sources of the plan among them.
func (a *app) changedFiles(ctx context.Context, place *store.Store, past *journal.Past, was *plan.Plan, b *bound) ([]string, error) {
	old := map[string]string{}
	for _, s := range was.Sources {
		old[s.Path] = s.Digest
	}
	var out []string
	for _, s := range b.plan.Sources {
		if old[s.Path] != s.Digest {
			out = append(out, s.Path)
		}
	}
	text := past.Attached[attachedFiles]
	if text == nil {
		return out, nil
	}
	var files repo.Snapshot
	if err := json.Unmarshal(text, &files); err != nil {
		return nil, fmt.Errorf("read which files run %s began with: %w", past.Run.ID, err)
	}
	facts, err := repo.Capture(ctx, past.Run.Root, repo.Options{Environ: a.Environ, Except: place.Dir()})
	if err != nil {
		return nil, err
	}
	defer facts.Close()
	drifted, err := facts.Drifted(ctx, files, place.Dir())
	out = append(out, drifted...)
	slices.Sort(out)
	return slices.Compact(out), err
}

// ranInPlace reports whether a step was under way that changes the repository itself.
func ranInPlace(past *journal.Past, p *plan.Plan) bool {
	return slices.ContainsFunc(past.Steps, func(s journal.Step) bool {
		return s.Status == journal.Interrupted && inPlace(p, s.Path)
	})
}

// tellAgain says what has changed since, and what is done again for it.
func (a *app) tellAgain(was *plan.Plan, b *bound, past *engine.Past, f resumeFlags) {
	again := past.Again()
	changes := plan.Changes(was, b.plan)
	if len(changes) == 0 && len(f.from) == 0 {
		return
	}
	for _, line := range plan.Diff(was, b.plan) {
		if strings.HasPrefix(line, "setting ") || strings.HasPrefix(line, "parameter ") {
			fmt.Fprintf(a.Err, "pipe: %s\n", ui.Line(a.masker.Mask(line)))
		}
	}
	fmt.Fprintf(a.Err, "pipe: what is done again, as far as it was done:\n")
	direct := map[string]bool{}
	for _, c := range changes {
		direct[c.Path] = true
		what := list(c.Fields)
		if c.List {
			what += "; instances that are about the same stand"
		}
		fmt.Fprintf(a.Err, "  %s: %s%s\n", c.Path, what, a.through(was, b, c))
	}
	for _, path := range f.from {
		direct[path] = true
		fmt.Fprintf(a.Err, "  %s: named by --from\n", path)
	}
	for _, path := range again {
		if !direct[path] {
			fmt.Fprintf(a.Err, "  %s: depends on those\n", path)
		}
	}
	for _, s := range b.plan.Graph.Finally {
		if !direct[s.Path] && !slices.Contains(again, s.Path) {
			fmt.Fprintf(a.Err, "  %s: belongs to finally, which closes every run\n", s.Path)
		}
	}
}
