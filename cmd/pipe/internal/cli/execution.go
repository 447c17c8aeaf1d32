package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/pipelang/pipe/cmd/pipe/internal/ui"
	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/runtime/engine"
	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/journal"
	"github.com/pipelang/pipe/runtime/repo"
	"github.com/pipelang/pipe/runtime/store"
	"github.com/pipelang/pipe/runtime/target"
)

// What a run attaches to its journal, by name; reads are named after what is read, and
// questions after the step that asks.
const (
	attachedPlan     = "plan"
	attachedRepo     = "repository"
	attachedFlags    = "flags"
	attachedFiles    = "files"
	attachedBoot     = "boot"
	attachedRead     = "read/"
	attachedQuestion = "question/"
)

// execution is a run under way in this process: one that starts, or one that goes on.
type execution struct {
	id      string
	started time.Time
	place   *store.Store
	setup   target.Run
	facts   *repo.Repo
	written *journal.Journal
	ahead   *journal.Ahead // for one that starts
	past    *resumption    // nil for one that starts
	// attach puts what a later process needs beside the run.
	attach func()
	// keepState says that a process that comes later needs what places keep of the run.
	keepState bool
}

// resumption is what a run goes on with.
type resumption struct {
	journal *journal.Past
	engine  *engine.Past
	reset   []string
	assume  map[string]engine.Assumption
	// given is what was asked for beside the run, as it is typed: the run that stops before it starts has not taken it over.
	given string
}

// open takes the run for this process and looks at the repository. done gives it back.
func (a *app) open(ctx context.Context, x *execution, root string) (done func(), err error) {
	release, err := x.place.Lease(x.id)
	if err != nil {
		return nil, err
	}
	o := repo.Options{Run: x.id, Environ: a.Environ, Started: x.started, Except: x.place.Dir()}
	if x.past != nil {
		o.Memory = x.past.journal.Attached[attachedRepo]
	}
	if x.facts, err = repo.Capture(ctx, root, o); err != nil {
		release()
		return nil, err
	}
	return func() {
		x.facts.Close()
		if !x.keepState {
			_ = os.RemoveAll(x.setup.State) // what stays is small
		}
		release()
	}, nil
}

// write starts the journal of the run, or goes on with it.
func (x *execution) write(b *bound, f runFlags) error {
	limits := journal.Limits{Forget: func(run string) { x.place.ForgetState(run) }}
	if x.past == nil {
		x.written = x.ahead.Start(runInfo(x.id, b, x.facts.Values(), x.started), limits)
	} else {
		x.past.journal.Run.Steps = b.plan.Paths()
		x.written = journal.Resume(x.place.Dir(), x.past.journal, limits)
	}
	memory, err := x.facts.Memory()
	if err != nil {
		return err
	}
	flags, err := json.Marshal(keptFlags(b, f))
	if err != nil {
		return err
	}
	x.attach = func() {
		x.written.Attach(attachedPlan, b.text)
		x.written.Attach(attachedRepo, memory)
		x.written.Attach(attachedFlags, flags)
		x.written.Attach(attachedBoot, []byte(bootID()))
	}
	if x.past == nil {
		x.attach()
	}
	return nil
}

// sink is for the bus of the run: what one that goes on is now takes the place of what it was when it does go
// on, and not before: a process that is refused changes nothing.
func (x *execution) sink(e event.Event) {
	if e.Type == event.RunResumed {
		x.attach()
	}
}

// savedFlags are the flags of a run that hold when it goes on. Secrets are not among them.
type savedFlags struct {
	Set        []string `json:"set,omitempty"`
	Profile    string   `json:"profile,omitempty"`
	SecretsDir string   `json:"secrets_dir,omitempty"`
	Only       []string `json:"only,omitempty"`
	FailFast   bool     `json:"fail_fast,omitempty"`
	NoCache    bool     `json:"no_cache,omitempty"`
}

func keptFlags(b *bound, f runFlags) savedFlags {
	secret := map[string]bool{}
	for _, s := range b.draft.Settings() {
		secret[s.Name] = s.Secret
	}
	out := savedFlags{Profile: f.profile, SecretsDir: f.secretsDir, Only: f.only, FailFast: f.failFast, NoCache: f.noCache}
	for _, text := range f.set {
		if name, _, _ := strings.Cut(settingOf(text), "."); !secret[name] {
			out.Set = append(out.Set, text)
		}
	}
	return out
}

// settingOf is the name in name=value.
func settingOf(assignment string) string {
	name, _, _ := strings.Cut(assignment, "=")
	return name
}

// inPlace reports whether a step, named by its path in a run, changes the repository itself.
func inPlace(p *plan.Plan, path string) bool {
	if len(p.Effects.Changes) == 0 {
		return false
	}
	s, ok := p.Step(withoutNumbers(path))
	return ok && p.Ops[s.Op].InPlace
}

// withoutNumbers is the path in the plan of an instance.
func withoutNumbers(path string) string {
	for {
		open := strings.IndexByte(path, '[')
		if open < 0 {
			return path
		}
		end := strings.IndexByte(path[open:], ']')
		if end < 0 {
			return path
		}
		path = path[:open] + path[open+end+1:]
	}
}

// notRun says why a run did not go on, where a person can do something about it.
func (a *app) notRun(x *execution, err error) error {
	var unknown *engine.UnknownError
	var word *engine.AssumptionError
	switch {
	case errors.As(err, &unknown):
		a.tellUnknown(x, unknown)
		return exit(ExitWaiting)
	case errors.As(err, &word):
		return usagef("--assume STEP=done, STEP=done:JSON or STEP=redo", "%s", word.Message)
	}
	return err
}

func (a *app) tellUnknown(x *execution, e *engine.UnknownError) {
	id := x.id
	fmt.Fprintf(a.Err, "pipe: run %s stops: %s, and not every step may be done twice; nothing was started\n", id, ui.Line(e.Error()))
	words := "pipe resume " + id
	if x.past != nil {
		words += x.past.given
	}
	for _, s := range e.Steps {
		words += " --assume " + ui.ShellWord(s.Path) + "=done"
	}
	fmt.Fprintf(a.Err, "  help: look at what it did (pipe logs %s %s), then say what holds: %s (or =redo; =done:JSON gives its result)\n",
		id, ui.ShellWord(e.Steps[0].Path), words)
	fmt.Fprintf(a.Err, "  help: an op that is `idempotent` runs again without being asked about\n")
}

// stoppedBy says how a run that waits goes on.
func (a *app) stoppedBy(id string, r *engine.Result) {
	var ask, unknown []string
	for _, s := range r.Steps {
		switch {
		case s.Outcome == engine.Waiting && s.Cause == engine.CauseApproval:
			ask = append(ask, s.Path)
		case s.Outcome == engine.Waiting && s.Cause == engine.CauseUnknown:
			unknown = append(unknown, s.Path)
		}
	}
	ask = slices.DeleteFunc(ask, func(path string) bool {
		return slices.ContainsFunc(ask, func(o string) bool { return o != path && within(o, path) })
	})
	for _, path := range ask {
		fmt.Fprintf(a.Out, "%s asks: pipe approve %s %s, then pipe resume %s\n", path, id, ui.ShellWord(path), id)
	}
	for _, path := range unknown {
		fmt.Fprintf(a.Out, "how %s ended is not known: pipe resume %s --assume %s=done (or =redo)\n", path, id, ui.ShellWord(path))
	}
}
