package cli

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/compiler/lower"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/engine"
	"github.com/pipelang/pipe/runtime/repo"
	"github.com/pipelang/pipe/runtime/settings"
)

// explainFlags are the flags of pipe explain.
type explainFlags struct {
	sources
	format, event string
}

// events are what starts a run, in the order of the table's columns.
var events = []string{repo.EventPush, repo.EventPullRequest, repo.EventTag, repo.EventSchedule, repo.EventManual, repo.EventNone}

func (a *app) explainCommand() *cobra.Command {
	var f explainFlags
	cmd := &cobra.Command{
		Use:   "explain [FILE|FOLDER] [PIPELINE] STEP [name=value …]",
		Short: "Say why a step would run, wait or be skipped",
		Long: "Says what a step waits for and needs, and what its guards come to with the values that a run here and\n" +
			"now would have; then the same for every profile and event. Nothing runs. A step of a called pipeline is\n" +
			"named by its path, as in build/test. Steps before it are taken to succeed where they run.",
		Example: "  pipe explain deploy                        here and now\n" +
			"  pipe explain deploy --profile production   with a profile's values\n" +
			"  pipe explain deploy --event pull_request   as if a pull request had started the run\n" +
			"  pipe explain ship deploy version=1.2       a step of the pipeline ship, with its parameter",
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOf("--format", f.format, "text", "json"); err != nil {
				return err
			}
			if cmd.Flags().Changed("event") {
				if err := oneOf("--event", f.event, events...); err != nil {
					return err
				}
			}
			return a.explain(cmd.Context(), args, f)
		},
	}
	f.flags(cmd)
	cmd.Flags().StringVar(&f.format, "format", "text", "text or json")
	cmd.Flags().StringVar(&f.event, "event", "", "what starts the run: push, pull_request, tag, schedule, manual or none (default: what started this one)")
	completeFlag(cmd, "format", "text", "json")
	completeFlag(cmd, "event", events...)
	a.completePipelines(cmd)
	return cmd
}

func (a *app) explain(ctx context.Context, args []string, f explainFlags) error {
	inv, step, err := a.locateStep(args)
	if err != nil {
		return err
	}
	c, err := a.check(inv.path)
	if err != nil {
		return err
	}
	if c.errors() {
		a.showDiagnostics(a.Err, c.found)
		return exit(ExitFailed)
	}
	spot, err := findStep(c.program, inv.pipeline, step)
	if err != nil {
		return err
	}
	x := &explaining{app: a, checked: c, spot: spot, flags: f}
	if x.draft, err = lower.New(c.program, spot.pipeline); err != nil {
		return err
	}
	if err := x.arguments(inv); err != nil {
		return err
	}
	if err := x.facts(ctx); err != nil {
		return err
	}
	defer x.repo.Close()
	out, err := x.explanation(ctx)
	if err != nil {
		return err
	}
	return a.show(out, f.format)
}

// show prints an explanation, in which nothing that was looked up as a secret can stand.
func (a *app) show(out *explanation, format string) error {
	var b bytes.Buffer
	to := *a
	to.Out = &b
	if format == "json" {
		if err := to.writeJSON(out); err != nil {
			return err
		}
	} else {
		explainText(&b, a.style(), out)
	}
	_, err := io.WriteString(a.Out, a.masker.Mask(b.String()))
	return err
}

// explaining is one call of explain under way.
type explaining struct {
	*app
	checked checked
	spot    stepSpot
	flags   explainFlags
	draft   *lower.Draft
	args    map[string]value.Value
	repo    *repo.Repo
	event   string // that is taken to start the run
}

// arguments reads the parameters; those that are missing are not known.
func (x *explaining) arguments(inv invocation) (err error) {
	params := x.draft.Params()
	for i := range params {
		params[i].Required = false
	}
	if x.args, err = parseArgs(params, inv.args); err != nil {
		return settingMeant(x.checked, inv, err)
	}
	return nil
}

// facts captures the repository and the CI as they are now.
func (x *explaining) facts(ctx context.Context) (err error) {
	now := time.Now()
	x.repo, err = repo.Capture(ctx, x.checked.program.Load.Root, repo.Options{Run: newRunID(now), Environ: x.Environ, Started: now, Except: x.ownFolder()})
	if err != nil {
		return err
	}
	x.event = x.flags.event
	if ci, ok := x.repo.Values()["ci"].(value.Record); ok && x.event == "" {
		text, _ := value.Env(ci["event"])
		x.event = text
	}
	return nil
}

// now are the facts of this checkout, with the event that was asked for.
func (x *explaining) now() map[string]value.Value {
	out := x.repo.Values()
	out["run"] = value.Record{"id": expr.Late{Name: "run.id"}, "started": expr.Late{Name: "run.started"}}
	ci, _ := out["ci"].(value.Record)
	if have, _ := value.Env(ci["event"]); have == x.event {
		return out
	}
	out["ci"] = ciOn(x.event, value.Record{"name": ci["name"], "actor": ci["actor"], "url": ci["url"]})
	return out
}

// someday are the facts of a run of which only the event is known.
func someday(event string) map[string]value.Value {
	return map[string]value.Value{"ci": ciOn(event, value.Record{
		"name": expr.Late{Name: "ci.name"}, "actor": expr.Late{Name: "ci.actor"}, "url": expr.Late{Name: "ci.url"},
	})}
}

// ciOn adds what follows from an event.
func ciOn(event string, out value.Record) value.Record {
	out["event"] = value.String(event)
	if event == repo.EventPullRequest {
		pr := value.Record{}
		for _, name := range []string{"number", "title", "author", "branch", "base"} {
			pr[name] = expr.Late{Name: "ci.pull_request." + name}
		}
		out["pull_request"] = pr
	}
	return out
}

// outlook is a plan with the settings that it was made with.
type outlook struct {
	bound    *bound
	settings *settings.Set
	known    value.Record
	broken   error // why there is no plan
}

// look resolves the settings with a profile and makes the plan.
func (x *explaining) look(ctx context.Context, profile string) (*outlook, error) {
	s := x.flags.sources
	s.profile = profile
	set, err := x.resolve(ctx, x.checked, x.draft, s)
	if err != nil {
		return nil, err
	}
	out := &outlook{settings: set, known: value.Record{}, bound: &bound{checked: x.checked, draft: x.draft, settings: set}}
	for _, r := range set.All() {
		switch r.Value.(type) {
		case nil:
			out.known[r.Decl.Name] = expr.Late{Name: "settings." + r.Decl.Name}
		case value.None:
		default:
			out.known[r.Decl.Name] = r.Value
		}
	}
	out.bound.plan, out.bound.reached, out.broken = x.draft.Bind(lower.Values{Profile: profile, Args: x.args, Setting: set.Known})
	return out, nil
}

// foresee makes a forecast of a plan.
func (x *explaining) foresee(ctx context.Context, o *outlook, facts map[string]value.Value, later, anyEnd bool) (*engine.Forecast, error) {
	return engine.Foresee(ctx, engine.Outlook{
		Plan: o.bound.plan, Settings: o.known, Context: facts, AnyEnd: anyEnd,
		RepoIn: func(folder string) expr.Host { return repoHost{x.repo.Host(folder), later} },
	})
}

// repoHost answers for the files as they are; what changed is open for another run than one now.
type repoHost struct {
	expr.Host
	later bool
}

// Call implements expr.Host.
func (h repoHost) Call(ctx context.Context, function string, args []value.Value) (value.Value, error) {
	if h.later && function == "git.changed" {
		return nil, &expr.UnknownError{Names: []string{function}}
	}
	return h.Host.Call(ctx, function, args)
}

// profiles are the rows of the table; "" is none.
func profiles(p *check.Program) []string {
	out := []string{""}
	for _, x := range p.Profiles {
		if !slices.Contains(out, x.Name) {
			out = append(out, x.Name)
		}
	}
	return out
}

// locateStep reads positional arguments: a file or folder, the pipeline, the step, parameters.
func (a *app) locateStep(args []string) (inv invocation, step string, err error) {
	var plain, file []string
	for _, arg := range args {
		name, v, assigned := strings.Cut(arg, "=")
		switch {
		case assigned && isName(name):
			inv.args = append(inv.args, settings.Assignment{Name: name, Value: v})
		case strings.HasSuffix(arg, ".pipe") || strings.HasPrefix(arg, ".") || strings.HasPrefix(arg, "/") || strings.HasSuffix(arg, "/"):
			file = append(file, arg)
		default:
			plain = append(plain, arg)
		}
	}
	if len(file) == 0 && len(plain) > 1 && a.looksLikePath(plain[0]) && len(pipeFiles(a.abs(plain[0]))) > 0 {
		file, plain = plain[:1], plain[1:]
	}
	const form = "the form is [FILE|FOLDER] [PIPELINE] STEP [name=value …]"
	switch {
	case len(file) > 1:
		return inv, "", usagef(form, "two files are named, %s and %s", file[0], file[1])
	case len(plain) > 2:
		return inv, "", a.unclearStep(plain[2], form)
	case len(plain) == 2:
		inv.pipeline, step = plain[0], plain[1]
	case len(plain) == 1:
		step = plain[0]
	}
	if len(file) == 1 {
		inv.path, err = a.existing(file[0])
	} else {
		inv.path, err = a.search(inv.pipeline)
	}
	return inv, step, err
}

func (a *app) unclearStep(arg, form string) error {
	if isName(arg) {
		form = "a parameter is written " + arg + "=VALUE; " + form
	}
	return usagef(form, "cannot tell what %q means", arg)
}
