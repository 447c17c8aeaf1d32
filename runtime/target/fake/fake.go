// Package fake is a target that runs nothing: each step does what a test scripted for its
// path. Time passes by time.Sleep alone, so that tests under testing/synctest take none. It
// knows no processes, no workspaces, and no plan.
//
// A step without a script succeeds at once. A script is found by the step's path in the run
// ("deploy/push", "unit[3]"), then by the path with every instance as [*] ("unit[*]"), then
// by the path without instances ("unit"):
//
//	t := fake.New()
//	t.On("unit", fake.Act{Exit: 1}, fake.Act{Stdout: "ok\n"}) // fails once, then succeeds
//	t.On("load[2]", fake.Act{Takes: 3 * time.Second})
package fake

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/target"
)

// Act is what one attempt does, in this order: Hook, Stdout and Stderr, Takes, and its end.
type Act struct {
	// Takes is how long the attempt runs.
	Takes time.Duration
	// Exit is the code it ends with; Signal the signal that ended it, whose code is 128+N by the test's choice.
	Exit   int
	Signal string
	// Script is the title of the script that failed.
	Script         string
	Stdout, Stderr string
	// Outputs is what the attempt wrote to $PIPE_OUTPUT; OutputsErr is why it cannot be read.
	Outputs    map[string]string
	OutputsErr error
	// Files are the workspace's files by path.
	Files map[string]string
	// Err keeps the attempt from running or says that it was lost; Start returns it after Takes.
	Err error
	// Unsteady attempts began with other files than Survey saw.
	Unsteady bool
	// Stubborn attempts end only when their grace is over, after ctx has ended.
	Stubborn bool
	// Hook is called first and may write, block or look at the job. What it returns wins over Err.
	Hook func(ctx context.Context, job target.Job, out target.Output) error
}

// ErrLost is a ready-made Act.Err: the place went away.
var ErrLost = errors.New("the container was lost")

// Target is the fake. Its methods are safe for concurrent use.
type Target struct {
	mu      sync.Mutex
	acts    map[string][]Act
	starts  map[string]int
	jobs    []target.Job
	running int
	peak    int
	opened  int
	closed  int
	left    []leftover
	adopted []target.Job
	acked   map[ackKey]int64

	// Default is what steps without a script do.
	Default Act
	// Quiet keeps no jobs, for benchmarks.
	Quiet bool
	// OpenErr is returned by Open.
	OpenErr error
	// CloseErr is returned by the Close of sessions.
	CloseErr error
	// Tree is the repository's files by path, for Survey.
	Tree map[string]string
	// SurveyErr is returned by Survey.
	SurveyErr error
}

// New is a target whose every step succeeds at once.
func New() *Target { return &Target{acts: map[string][]Act{}, starts: map[string]int{}} }

// On scripts a step: its n-th attempt does the n-th act, further ones the last.
func (t *Target) On(step string, acts ...Act) *Target {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.acts[step] = acts
	return t
}

// Jobs are the attempts that were started, in order.
func (t *Target) Jobs() []target.Job {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]target.Job(nil), t.jobs...)
}

// Started are the steps whose attempts were started, in order, a step once for each attempt.
func (t *Target) Started() []string {
	var out []string
	for _, j := range t.Jobs() {
		out = append(out, j.Step)
	}
	return out
}

// Job is the last attempt of a step, and whether there was one.
func (t *Target) Job(step string) (target.Job, bool) {
	jobs := t.Jobs()
	for i := len(jobs) - 1; i >= 0; i-- {
		if jobs[i].Step == step {
			return jobs[i], true
		}
	}
	return target.Job{}, false
}

// Peak is the most attempts that were under way at a time.
func (t *Target) Peak() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.peak
}

// Running is how many attempts are under way.
func (t *Target) Running() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.running
}

// Sessions is how many sessions were opened and closed.
func (t *Target) Sessions() (opened, closed int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.opened, t.closed
}

// Open implements target.Target.
func (t *Target) Open(context.Context, target.Run) (target.Session, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.OpenErr != nil {
		return nil, t.OpenErr
	}
	t.opened++
	return session{t}, nil
}

type session struct{ t *Target }

func (s session) Close() error {
	s.t.mu.Lock()
	defer s.t.mu.Unlock()
	s.t.closed++
	return s.t.CloseErr
}

// Survey implements target.Surveyor over the Tree.
func (s session) Survey(_ context.Context, job target.Job) (target.Survey, error) {
	s.t.mu.Lock()
	defer s.t.mu.Unlock()
	var manifest strings.Builder
	n := 0
	for _, p := range slices.Sorted(maps.Keys(s.t.Tree)) {
		if slices.ContainsFunc(job.Inputs, func(g string) bool { ok, _ := path.Match(g, p); return ok }) {
			n++
			fmt.Fprintln(&manifest, p, digest(s.t.Tree[p]))
		}
	}
	return target.Survey{Digest: digest(manifest.String()), Files: n}, s.t.SurveyErr
}

// Start implements target.Session.
func (s session) Start(ctx context.Context, job target.Job, out target.Output) (target.Attempt, error) {
	act := s.t.begin(job)
	defer s.t.end()
	if act.Hook != nil {
		if err := act.Hook(ctx, job, out); err != nil {
			return nil, err
		}
	}
	write(out, job, event.Stdout, act.Stdout)
	write(out, job, event.Stderr, act.Stderr)
	if !pass(ctx, act.Takes) {
		if act.Stubborn {
			time.Sleep(job.Grace)
			return &attempt{act: act, exit: target.Exit{Code: 137, Signal: "SIGKILL", Cancelled: true}}, nil
		}
		return &attempt{act: act, exit: target.Exit{Code: 130, Signal: "SIGINT", Cancelled: true}}, nil
	}
	if act.Err != nil {
		return nil, act.Err
	}
	return &attempt{act: act, exit: target.Exit{Code: act.Exit, Signal: act.Signal, Script: act.Script}}, nil
}

func write(out target.Output, job target.Job, stream event.Stream, text string) {
	if text == "" {
		return
	}
	section := ""
	if len(job.Scripts) > 0 {
		section = job.Scripts[0].Title
	}
	out.Write(stream, section, []byte(text))
}

// pass lets time go by and reports whether ctx lasted.
func pass(ctx context.Context, d time.Duration) bool {
	if ctx.Err() != nil {
		return false
	}
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (t *Target) begin(job target.Job) Act {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.running++
	t.peak = max(t.peak, t.running)
	if !t.Quiet {
		t.jobs = append(t.jobs, job)
	}
	acts := t.script(job.Step)
	if len(acts) == 0 {
		return t.Default
	}
	n := t.starts[job.Step]
	t.starts[job.Step]++
	return acts[min(n, len(acts)-1)]
}

func (t *Target) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.running--
}

var instances = regexp.MustCompile(`\[\d+\]`)

func (t *Target) script(step string) []Act {
	if len(t.acts) == 0 {
		return nil
	}
	if acts, ok := t.acts[step]; ok {
		return acts
	}
	if acts, ok := t.acts[instances.ReplaceAllString(step, "[*]")]; ok {
		return acts
	}
	return t.acts[instances.ReplaceAllString(step, "")]
}
