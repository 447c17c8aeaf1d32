// Package summary makes one picture of a run from its journal, and writes it for others than the
// terminal: as JUnit XML and as a page of Markdown. It knows nothing of plans, terminals and
// stores, and decides nothing about how a run went.
package summary

import (
	"context"
	"strings"
	"time"

	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/journal"
)

// Run is a run with what became of each step.
type Run struct {
	journal.Run
	Steps []Step // in the order of the plan
	// Critical are the paths of the steps that the run's time was made of, in order: each waited for
	// the one before, which ended last of all that it waited for. Called pipelines are one step. See Follow.
	Critical []string
}

// Step is a step or an instance.
type Step struct {
	journal.Step
	Ready    time.Time // when what it waits for had ended; zero for what was never ready
	Attempts []Attempt // those that were made, in order
	Kept     []string  // absolute paths
	Reports  []Report  // of tests, in its result
	// Whole says that it is made of others: a `for` with instances, a called pipeline with steps.
	Whole bool
}

// Attempt is one attempt of a step.
type Attempt struct {
	Number   int
	Started  time.Time
	Ended    time.Time // zero while it goes on
	Outcome  string    // failed or unknown, for one that was followed by another; else the step's
	Reason   string
	Cause    string
	ExitCode *int
}

// Read reads a run.
func Read(ctx context.Context, r *journal.Reader, run journal.Run) (*Run, error) {
	steps, err := r.Steps(ctx, run)
	if err != nil {
		return nil, err
	}
	out := &Run{Run: run, Steps: make([]Step, len(steps))}
	index := make(map[string]*Step, len(steps))
	for i, s := range steps {
		if s.Status == journal.Again && !run.Ended.IsZero() {
			s.Status, s.Reason = "skipped", "not done this time"
		}
		out.Steps[i] = Step{Step: s, Reports: ReportsIn(s.Result)}
		index[s.Path] = &out.Steps[i]
	}
	for path := range index {
		for _, sign := range []byte{'/', '['} {
			if at := strings.LastIndexByte(path, sign); at > 0 && index[path[:at]] != nil {
				index[path[:at]].Whole = true
			}
		}
	}
	if err := r.Events(ctx, run.ID, func(e event.Event) { index[e.Step].take(e) }); err != nil {
		return nil, err
	}
	return out, nil
}

// take notes what an event says of a step.
func (s *Step) take(e event.Event) {
	if s == nil {
		return
	}
	switch e.Type {
	case event.StepReady:
		s.Ready = e.Time
	case event.StepStarted:
		s.begin(e)
	case event.StepAttempt:
		if n := len(s.Attempts); n > 0 {
			s.Attempts[n-1].end(e.Time, "failed", e)
		}
		s.Attempts = append(s.Attempts, Attempt{Number: e.Attempt, Started: e.Time})
	case event.StepFinished:
		if n := len(s.Attempts); n > 0 {
			s.Attempts[n-1].end(e.Time, e.Outcome, e)
		}
	case event.StepKept:
		s.Kept = keptIn(e.Value)
	}
}

// begin notes an attempt. One before it that has no end was lost with the run's supervisor.
func (s *Step) begin(e event.Event) {
	if n := len(s.Attempts); n > 0 && s.Attempts[n-1].Outcome == "" {
		last := &s.Attempts[n-1]
		if last.Number == e.Attempt {
			return // a later process goes on with it
		}
		last.Outcome, last.Cause, last.Reason = "unknown", "unknown", "how it ended is not known"
	}
	s.Attempts = append(s.Attempts, Attempt{Number: e.Attempt, Started: e.Time})
}

func (a *Attempt) end(at time.Time, outcome string, e event.Event) {
	a.Ended, a.Outcome, a.Reason, a.Cause, a.ExitCode = at, outcome, e.Reason, e.Cause, e.ExitCode
}

// Took is how long an attempt went on; 0 for one that has not ended.
func (a Attempt) Took() time.Duration {
	if a.Ended.IsZero() {
		return 0
	}
	return a.Ended.Sub(a.Started)
}

// Follow finds the critical path. waits says, for each step of the run itself by its path, which steps it
// waits for; it begins with the step that ended last, and what ended last of those that a step waits for is
// what it waited for.
func (r *Run) Follow(waits map[string][]string) {
	var last *Step
	top := map[string]*Step{}
	for i := range r.Steps {
		s := &r.Steps[i]
		if _, ok := waits[s.Path]; !ok || s.Ended.IsZero() {
			continue
		}
		top[s.Path] = s
		if last == nil || s.Ended.After(last.Ended) {
			last = s
		}
	}
	r.Critical = nil
	for last != nil {
		if !last.Started.IsZero() {
			r.Critical = append([]string{last.Path}, r.Critical...)
		}
		var before *Step
		for _, path := range waits[last.Path] {
			if s := top[path]; s != nil && (before == nil || s.Ended.After(before.Ended)) {
				before = s
			}
		}
		delete(top, last.Path) // whatever waits says, the path ends
		last = before
	}
}

// Find is the step of a path, nil where the run has none.
func (r *Run) Find(path string) *Step {
	for i := range r.Steps {
		if r.Steps[i].Path == path {
			return &r.Steps[i]
		}
	}
	return nil
}

// FirstFailure is the step that failed first and is not allowed to, nil without one; those that
// failed because of what is below them end later.
func (r *Run) FirstFailure() *Step {
	var first *Step
	for i := range r.Steps {
		s := &r.Steps[i]
		if s.Status == failed && !s.Allowed && (first == nil || s.Ended.Before(first.Ended)) {
			first = s
		}
	}
	return first
}

// failed is the outcome of a step that failed.
const failed = "failed"
