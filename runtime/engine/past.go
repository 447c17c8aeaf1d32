package engine

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/event"
)

// Past is what earlier processes wrote down of a run that goes on. Reset says what of it no
// longer counts; Run then goes on with the rest.
type Past struct {
	// Steps and instances, each above what is below it.
	Steps []PastStep
	// Hooks are how the steps of a pipeline ended whose hooks had begun, by the path of the step that called
	// it; "" is the whole run.
	Hooks map[string]PastEnd
	// Restarted says that the machine went down since, with what a place had not put down for good: that it knows
	// nothing of an attempt does not say that it never began.
	Restarted bool
	// Written is where the output of an attempt stands whose end is not written down; nil is at its start.
	Written func(step string, attempt int) map[event.Stream]event.Position

	index map[string]*PastStep
	// again are the steps, by their path in the plan, that are done again whatever became of them.
	again map[string]bool
}

// PastStep is what has become of a step or an instance.
type PastStep struct {
	Path string
	// Outcome is how it ended; "" for what has not, waits, or is decided anew.
	Outcome Outcome
	// Begun says that an attempt was started of which no end is written down.
	Begun bool
	// Waits says that it waited when it was last heard of, for Cause and Reason.
	Waits    bool
	Attempts int
	First    int // attempt from which on they count for retry
	Allowed  bool
	Reason   string
	Cause    string
	Exit     *int
	Started  time.Time
	Duration time.Duration
	Value    json.RawMessage // a result, whole; nil for none
	Cached   *event.Origin
	Element  string // as event.Record has it
	Place    string // the target of the last attempt

	stands, assumed bool
}

// PastEnd is how the steps of a pipeline ended.
type PastEnd struct {
	Outcome       Outcome
	Cause, Reason string
	Exit          *int
	Failed        string // the path of the step that failed first
}

func (p *Past) find(path string) *PastStep {
	if p == nil {
		return nil
	}
	if p.index == nil {
		p.index = make(map[string]*PastStep, len(p.Steps))
		for i := range p.Steps {
			p.index[p.Steps[i].Path] = &p.Steps[i]
		}
	}
	return p.index[path]
}

// stood is a step that ended before and stays as it is.
func (r *run) stood(path string) *PastStep {
	if s := r.Past.find(path); s != nil && s.stands {
		return s
	}
	return nil
}

// below are the steps under one, and the instances of it, with all that is under those.
func (p *Past) below(path string) []*PastStep {
	var out []*PastStep
	for i := range p.Steps {
		if s := &p.Steps[i]; beneath(s.Path, path) {
			out = append(out, s)
		}
	}
	return out
}

// beneath reports whether a path is below a step, or an instance of it.
func beneath(path, step string) bool {
	rest, ok := strings.CutPrefix(path, step)
	return ok && rest != "" && (rest[0] == '/' || rest[0] == '[')
}

var instanceNumbers = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\[\d+\]`) })

// inPlan is the path in the plan of a step or an instance.
func inPlan(path string) string {
	if !strings.Contains(path, "[") {
		return path
	}
	return instanceNumbers().ReplaceAllString(path, "")
}

// parents are what a path stands below, innermost first.
func parents(path string) []string {
	var out []string
	for {
		at := strings.LastIndexAny(path, "/[")
		if at < 0 {
			return out
		}
		path = path[:at]
		out = append(out, path)
	}
}

// pipelineOf is the path of the step that called the pipeline in which a step stands, "" for the run's own.
func pipelineOf(path string) string {
	at := strings.LastIndexByte(path, '/')
	if at < 0 {
		return ""
	}
	return path[:at]
}

// restored is the ending of a step that stays as it is; ok is false where its result cannot be read.
func (r *run) restored(s *PastStep, t *types.Type) (end ending, ok bool) {
	end = ending{outcome: s.Outcome, allowed: s.Allowed, cause: s.Cause, reason: s.Reason, exit: s.Exit, attempts: s.Attempts,
		duration: s.Duration, cached: s.Cached, element: s.Element, past: !s.assumed}
	switch {
	case s.Value != nil:
		v, err := value.Unmarshal(t, s.Value)
		if err != nil {
			return end, false
		}
		r.reveal(v, t)
		r.revealStored(v, t)
		end.value = v
	case s.Outcome == Succeeded:
		end.value = value.None{}
	}
	return end, true
}

// pastRows are the rows of what is below a step that stays as it is.
func (r *run) pastRows(path string) []*row {
	var out []*row
	for _, s := range r.Past.below(path) {
		if s.Outcome != "" {
			out = append(out, s.row())
		}
	}
	return out
}

func (s *PastStep) row() *row {
	return newRow(s.Path, ending{outcome: s.Outcome, allowed: s.Allowed, duration: s.Duration, attempts: s.Attempts,
		reason: s.Reason, cause: s.Cause, cached: s.Cached})
}

// numbers are what instances are called: one that was there before keeps its number, wherever
// its element now stands, and new ones get numbers that nobody had.
func (p *Past) numbers(path string, elements []string) []int {
	out := make([]int, len(elements))
	had, taken, next := p.instances(path)
	for i, e := range elements {
		out[i] = -1
		if list := had[e]; e != "" && len(list) > 0 {
			out[i], had[e] = list[0], list[1:]
		}
	}
	next = max(next, len(elements))
	for i := range out {
		switch {
		case out[i] >= 0:
		case !taken[i]:
			out[i] = i
		default:
			out[i] = next
			next++
		}
	}
	return out
}

// instances are the numbers that elements had, in their order, those of them that are taken, and the
// first that is free behind all of them.
func (p *Past) instances(path string) (had map[string][]int, taken map[int]bool, next int) {
	had, taken = map[string][]int{}, map[int]bool{}
	if p == nil {
		return had, taken, 0
	}
	for i := range p.Steps {
		n, ok := instanceOf(p.Steps[i].Path, path)
		if !ok {
			continue
		}
		next = max(next, n+1)
		if e := p.Steps[i].Element; e != "" {
			had[e], taken[n] = append(had[e], n), true
		}
	}
	for _, list := range had {
		slices.Sort(list)
	}
	return had, taken, next
}
