// Package engine runs a plan: it decides when each step may start, evaluates guards and
// arguments, makes attempts on targets, and says how everything ended. It knows no syntax,
// no terminal, and no place where programs run but through package target.
//
// Nothing here polls. A step is decided on the goroutine that ended the last of its edges; an
// attempt gets a goroutine when it gets one of the Jobs, so that a `for` over ten thousand
// elements has as many goroutines as attempts under way, and those that wait for something else.
package engine

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/native"
	"github.com/pipelang/pipe/runtime/store"
	"github.com/pipelang/pipe/runtime/target"
)

// Options of a run.
type Options struct {
	Plan *plan.Plan
	Run  target.Run
	// Setting gives the values that the plan leaves out: secrets.
	Setting func(name string) (value.Value, bool)
	// Context holds git, run and ci as captured at start: records by those names.
	Context map[string]value.Value
	// ContextDigest is the digest of Context, for run.started.
	ContextDigest string
	// Repo answers glob, text, json, yaml and git.changed for the repository as it was at start.
	// Paths and globs that it is asked for are relative to the root.
	Repo expr.Host
	// RepoIn gives a Repo whose paths, asked for and answered, are relative to a folder; nil
	// makes those asked for relative to the root and asks Repo.
	RepoIn func(folder string) expr.Host
	// Targets by name; "host" runs what names none, "docker" what has an image.
	Targets map[string]target.Target
	// Natives implement the ops that are native, by ID.
	Natives native.Register
	Bus     *event.Bus
	// Reveal is told of every secret that turns up while running, so that it is masked from then on.
	// It may be called from several goroutines.
	Reveal func(secret string)
	// Find starts a search for the secrets that are known by then; nil leaves the content of
	// files and folders unsearched.
	Find func() target.Finder
	// Fingerprint stands for a secret in a cache key: the same for the same value, and telling
	// nothing about it.
	Fingerprint func(value []byte) (string, error)
	// Cache has the results of steps that ask for caching; nil has none. The caller holds a Lease.
	Cache *store.Store
	// NoCache runs every step, and keeps its result all the same.
	NoCache bool
	// Locked fails a step whose image has no digest.
	Locked bool
	// Jobs bounds the attempts under way; 0 is the number of cores.
	Jobs     int
	FailFast bool
	// Only names steps by path; they and what they need run, the rest is left out.
	Only []string
	// Decided gives what a person has said to a question already; nil is nobody.
	Decided func(ctx context.Context, a Approval) (Answer, error)
	// Approve asks a person, one question at a time; nil means that nobody is there and the run ends waiting.
	Approve func(ctx context.Context, a Approval) (Answer, error)
	// Locks holds lock files for locks and pools across runs; "" keeps them to this run.
	Locks string
	// Kill is closed for the second interrupt: nothing is waited for any more, finally included.
	Kill <-chan struct{}
	// Environ is pipe's own environment, for inherit.
	Environ []string
	// Journal writes down what the Bus publishes; nil is nobody.
	Journal Journal
	// Seal encrypts results that events do not show whole; nil leaves them out.
	Seal func(plain []byte) ([]byte, error)
	// Past is what earlier processes did of this run, after Reset; nil for one that starts. Reset is
	// what that gave.
	Past  *Past
	Reset []string
	// Assume is what a person says of steps of which nobody knows how they ended.
	Assume map[string]Assumption
	// Assumed is told of each that is taken, before anything starts; nil is nobody.
	Assumed func(step string, a Assumption) error
}

// Approval is what a person is asked.
type Approval struct {
	Step    string
	Message string
	// Args are the evaluated arguments; a secret one is "***".
	Args map[string]value.Value
	// Digest stands for the arguments, secret ones too.
	Digest string
}

// Answer is what a person says to an approval.
type Answer struct {
	Outcome Verdict
	// Reason is what a refusal says, in one line; "" is that it was denied.
	Reason string
}

// Verdict is how a person answered.
type Verdict uint8

const (
	Unanswered Verdict = iota // the step waits
	Granted
	Denied
)

const (
	// FinallyDeadline is how long the `finally` of one pipeline may take.
	FinallyDeadline = 5 * time.Minute
	// DefaultGrace is how long an attempt has between SIGINT and SIGKILL.
	DefaultGrace = 10 * time.Second
	// killWait is how long targets have to let go after a second interrupt.
	killWait = 3 * time.Second
)

// run is one run of a plan.
type run struct {
	Options
	records map[string]*types.Type
	// conditions are what the fields of records ask of their values.
	conditions *plan.Conditions
	types      sync.Map // plan.Type to *types.Type
	programs   sync.Map // *plan.Expr to *program, where its value is not in the plan
	constants  constants
	keyTexts   keyTexts
	modules    map[string]*module
	ops        map[string]*opInfo
	settings   value.Record
	slots      *slots
	locks      *locks
	pools      *pools
	asking     chan struct{} // holds one token: the right to ask a person
	opened     sessions
	attempts   underWay
	traces     traces
	closing    closings
	crashed    chan *Panic   // holds the first panic of a goroutine
	kill       chan struct{} // closed when targets are to let go at once
	// hard ends when nothing is waited for any more.
	hard context.Context
}

// Run runs a plan to its end. When ctx ends, the run is cancelled and `finally` still runs.
// The error is for what kept the run from starting; a failed run is a Result. A panic inside
// the run is one of Run itself, with a *Panic.
func Run(ctx context.Context, o Options) (*Result, error) {
	r, root, err := newRun(ctx, o)
	if err != nil {
		return nil, err
	}
	params, err := r.rootParams(ctx, root)
	if err != nil {
		return nil, err
	}
	if err := r.open(ctx, root); err != nil {
		return nil, err
	}
	if err := r.foresee(ctx, root); err != nil {
		_ = r.opened.close() // the run does not start, and this is not why
		return nil, err
	}
	if err := r.takeUp(ctx); err != nil {
		return nil, err // places stay open: to close them would end what goes on
	}
	return r.supervise(ctx, root, params)
}

func newRun(ctx context.Context, o Options) (*run, *graphInfo, error) {
	if o.Jobs <= 0 {
		o.Jobs = runtime.GOMAXPROCS(0)
	}
	kill := make(chan struct{})
	if o.Run.Kill == nil {
		o.Run.Kill = kill
	}
	if o.Run.Environ == nil {
		o.Run.Environ = o.Environ
	}
	r := &run{Options: o, asking: make(chan struct{}, 1), crashed: make(chan *Panic, 1), kill: kill}
	files := lockFiles{o.Locks, r}
	r.locks, r.pools = newLocks(files), newPools(files, o.Plan.Pools)
	r.traces.step, r.traces.lost = map[string][]trace{}, map[string]int{}
	r.slots = newSlots(o.Jobs, r.guarded)
	r.asking <- struct{}{}
	records, err := o.Plan.Records()
	if err != nil {
		return nil, nil, fmt.Errorf("the plan is broken: %w", err)
	}
	r.records, r.conditions = records, plan.NewConditions(o.Plan.Types, o.Plan.Modules)
	r.readModules()
	if err := r.readSettings(); err != nil {
		return nil, nil, err
	}
	sel, err := selectSteps(o.Plan, o.Only)
	if err != nil {
		return nil, nil, err
	}
	root, err := r.graphInfo(&o.Plan.Graph, sel)
	if err != nil {
		return nil, nil, err
	}
	return r, root, r.precheck(root)
}

// takeUp finds out what of a past run is under way, and refuses what cannot go on.
func (r *run) takeUp(ctx context.Context) error {
	if r.Past == nil {
		return nil
	}
	if err := r.readTraces(ctx); err != nil {
		return fmt.Errorf("find out what goes on of the run: %w", err)
	}
	if err := r.judge(); err != nil {
		return err
	}
	r.endAgain()
	return nil
}

// supervise runs the root graph and gives up on it when Kill closes.
func (r *run) supervise(ctx context.Context, root *graphInfo, params []local) (*Result, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	hard, stopHard := context.WithCancel(context.WithoutCancel(ctx))
	defer stopHard()
	r.hard = hard
	began := time.Now()
	ctx, lacking := r.watchRoom(ctx)
	defer lacking()
	r.publishStart()
	r.warm(root)
	_ = r.written(ctx) // or the steps would be done again by a process that knows nothing of the run
	ended := make(chan *Result, 1)
	go r.guarded(func() {
		res := r.runRoot(ctx, root, params)
		r.endRest()
		if r.settleAll() {
			res.Left = r.opened.close()
		}
		ended <- res
	})()
	res, crash := r.await(ended, func() { stop(); stopHard() })
	if crash != nil {
		stop()
		stopHard()
		r.giveUp()
		panic(crash)
	}
	res.Duration = time.Since(began)
	r.publishEnd(res)
	return res, nil
}

// await waits for the end, whatever it is. After a kill it waits a moment for targets to let
// go; then there is no table: what it would hold is still being written.
func (r *run) await(ended <-chan *Result, stop func()) (*Result, *Panic) {
	select {
	case res := <-ended:
		return res, nil
	case crash := <-r.crashed:
		return nil, crash
	case <-r.Kill:
	}
	stop()
	close(r.kill)
	timer := time.NewTimer(killWait)
	defer timer.Stop()
	select {
	case res := <-ended:
		return res, nil
	case crash := <-r.crashed:
		r.kill = make(chan struct{}) // the one that targets know is closed
		return nil, crash
	case <-timer.C:
		return &Result{Outcome: Cancelled, Error: "interrupted twice, and a target did not let go"}, nil
	}
}

func (r *run) publishStart() {
	e := event.Event{Type: event.RunStarted, Pipeline: r.Plan.Pipeline, Plan: r.Plan.Digest, Context: r.ContextDigest}
	if r.Past != nil {
		e.Type, e.Reset = event.RunResumed, r.Reset
	}
	r.Bus.Publish(e)
}

func (r *run) publishEnd(res *Result) {
	r.Bus.Publish(event.Event{Type: event.RunFinished, Pipeline: r.Plan.Pipeline, Outcome: string(res.Outcome),
		Reason: res.Error, Duration: res.Duration, Value: encode(res.Value, r.typeOf(r.Plan.Graph.Result))})
}
