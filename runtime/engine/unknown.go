package engine

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/target"
)

// Assumption is a person's word on a step of which nobody knows how it ended.
type Assumption struct {
	// Done says that it did all that it was to do; else it is done again.
	Done bool
	// Value is its result as JSON, nil for none.
	Value json.RawMessage
}

// UnknownError names the steps of which nobody knows how they ended, and which cannot be done again
// without a person's word. Nothing was started.
type UnknownError struct{ Steps []UnknownStep }

// UnknownStep was started, and may have done all, a part or nothing.
type UnknownStep struct {
	Path    string
	Attempt int
}

func (e *UnknownError) Error() string {
	var names []string
	for _, s := range e.Steps {
		names = append(names, fmt.Sprintf("%s (attempt %d)", s.Path, s.Attempt))
	}
	return "what became of " + strings.Join(names, ", ") + " is not known"
}

// AssumptionError says why a person's word cannot be taken.
type AssumptionError struct{ Message string }

func (e *AssumptionError) Error() string { return e.Message }

// judge finds the steps that were under way and cannot be found again. Those that are idempotent, or
// that a person has spoken of, go on; others are an *UnknownError.
func (r *run) judge() error {
	var unknown []UnknownStep
	spoken := map[string]bool{}
	lost := r.lostSteps()
	for _, s := range lost {
		word, ok := r.Assume[s.Path]
		spoken[s.Path] = ok
		switch {
		case ok && word.Done:
			if err := r.assumeDone(s, word); err != nil {
				return err
			}
		case ok, r.idempotent(s.Path):
			r.traces.lost[s.Path] = s.Attempt
		default:
			unknown = append(unknown, s)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(r.Assume)) {
		if !spoken[path] {
			return notUnknown(path, lost)
		}
	}
	if unknown != nil {
		return &UnknownError{unknown}
	}
	for _, path := range slices.Sorted(maps.Keys(r.Assume)) {
		if r.Assumed != nil {
			if err := r.Assumed(path, r.Assume[path]); err != nil {
				return err
			}
		}
	}
	return nil
}

func notUnknown(path string, lost []UnknownStep) error {
	if len(lost) == 0 {
		return &AssumptionError{fmt.Sprintf("%s is not a step whose end is unknown: there is none in this run", path)}
	}
	var names []string
	for _, s := range lost {
		names = append(names, s.Path)
	}
	return &AssumptionError{fmt.Sprintf("%s is not a step whose end is unknown: those are %s", path, strings.Join(names, ", "))}
}

// lostSteps are the steps of which nobody knows how their last attempt ended.
func (r *run) lostSteps() []UnknownStep {
	var out []UnknownStep
	for i := range r.Past.Steps {
		s := &r.Past.Steps[i]
		if !s.Begun || s.Outcome != "" || r.Past.again[inPlan(s.Path)] || r.stepOf(s.Path) == nil || r.stepOf(s.Path).Graph != nil {
			continue
		}
		list := r.traces.of(s.Path)
		_, adopts := r.opened.open[s.Place].(target.Adopter)
		if len(list) == 0 && (!adopts || r.Past.Restarted) || len(list) > 0 && list[len(list)-1].State == target.Lost {
			out = append(out, UnknownStep{s.Path, max(s.Attempts, lastOf(list))})
		}
	}
	for path, list := range r.traces.step {
		s := r.Past.find(path)
		if (s == nil || !s.Begun && s.Outcome == "") && len(list) > 0 && list[len(list)-1].State == target.Lost && r.stepOf(path) != nil {
			out = append(out, UnknownStep{path, lastOf(list)})
		}
	}
	slices.SortFunc(out, func(a, b UnknownStep) int { return strings.Compare(a.Path, b.Path) })
	return out
}

func lastOf(list []trace) int {
	if len(list) == 0 {
		return 0
	}
	return list[len(list)-1].Attempt
}

// stepOf is the plan's step of a path in the run.
func (r *run) stepOf(path string) *plan.Step {
	s, ok := r.Plan.Step(inPlan(path))
	if !ok {
		return nil
	}
	return s
}

func (r *run) idempotent(path string) bool {
	s := r.stepOf(path)
	return s != nil && r.Plan.Ops[s.Op].Idempotent
}

// assumeDone takes a step for one that succeeded.
func (r *run) assumeDone(u UnknownStep, word Assumption) error {
	s := r.stepOf(u.Path)
	t := r.typeOf(s.Result)
	raw := word.Value
	switch {
	case raw != nil:
		v, err := value.Unmarshal(t, raw)
		if err != nil {
			return &AssumptionError{fmt.Sprintf("the value of %s does not fit %s: %v", u.Path, t, err)}
		}
		if raw, err = value.Marshal(v); err != nil {
			return err
		}
	case s.Result != "nothing" && r.Plan.ReadsValue(s.Path):
		return &AssumptionError{fmt.Sprintf("the value of %s is read: say which it is, as %s=done:JSON, a %s", u.Path, u.Path, t)}
	}
	past := r.Past.find(u.Path)
	if past == nil {
		r.Past.Steps = append(r.Past.Steps, PastStep{Path: u.Path})
		r.Past.index = nil
		past = r.Past.find(u.Path)
	}
	past.Outcome, past.Attempts, past.Value, past.assumed = Succeeded, max(past.Attempts, u.Attempt), raw, true
	past.Reason, past.Cause, past.stands = "a person said that it was done", CauseAssumed, true
	r.end(r.traces.take(u.Path, every))
	return nil
}
