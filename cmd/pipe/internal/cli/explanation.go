package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pipelang/pipe/compiler/lower"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/runtime/engine"
)

// explanationVersion is the value of explanation.Schema.
const explanationVersion = "pipe.explain/v1"

// explanation is all that is said of a step; the text and the JSON are made of it.
type explanation struct {
	Schema   string `json:"schema"`
	Pipeline string `json:"pipeline"`
	Step     string `json:"step"`
	At       string `json:"at"`
	Calls    string `json:"calls"` // the op or pipeline
	Doc      string `json:"doc,omitempty"`
	// Hook is "on failure" or "finally" for a step there.
	Hook    string `json:"hook,omitempty"`
	Profile string `json:"profile,omitempty"`
	Event   string `json:"event"`
	// Within are the steps that call the pipelines which the step stands in, outermost first.
	Within   []neighbour `json:"within,omitempty"`
	Waits    []neighbour `json:"waits_for,omitempty"`
	Needs    []neighbour `json:"needs,omitempty"`
	Bindings []condition `json:"bindings,omitempty"`
	Head     []condition `json:"pipeline_when,omitempty"`
	When     []condition `json:"when,omitempty"`
	For      []loopShown `json:"for,omitempty"`
	Require  []condition `json:"require,omitempty"`
	Approve  *condition  `json:"approve,omitempty"`
	Locks    []string    `json:"locks,omitempty"`
	Allowed  *condition  `json:"allow_failure,omitempty"`
	Verdict  verdict     `json:"verdict"`
	// Cache is what is known of an earlier result, of each instance that runs.
	Cache []cacheShown `json:"cached,omitempty"`
	// Because are the skipped steps behind a skip, each after the one that it skips.
	Because []neighbour  `json:"because,omitempty"`
	Missing []string     `json:"missing,omitempty"` // settings without a usable value
	Table   []profileRow `json:"table"`
}

// neighbour is another step and what is expected of it.
type neighbour struct {
	Step   string `json:"step"`
	How    string `json:"how,omitempty"` // "needs", "reads", "after"
	Fate   string `json:"fate"`
	Reason string `json:"reason,omitempty"`
	// MayFail says that its failure may be allowed, so that this step goes on, or is skipped.
	MayFail bool `json:"may_fail,omitempty"`
}

// verdict is what a run here and now would do with the step.
type verdict struct {
	Fate   string   `json:"fate"`
	Cause  string   `json:"cause,omitempty"`
	Reason string   `json:"reason,omitempty"`
	On     []string `json:"depends_on,omitempty"`
	// Asks is "yes", "maybe" or "" for whether a person is asked first.
	Asks string `json:"asks,omitempty"`
	// Otherwise says that it is another verdict when an earlier step does not succeed.
	Otherwise bool     `json:"only_if_others_succeed,omitempty"`
	Instances *int     `json:"instances,omitempty"`
	Running   *int     `json:"instances_that_run,omitempty"`
	MayRefuse []string `json:"may_refuse,omitempty"`
}

// profileRow is a profile with the verdict for each event.
type profileRow struct {
	Profile string             `json:"profile"`
	Events  map[string]verdict `json:"events"`
	Error   string             `json:"error,omitempty"`
}

// loopShown is a `for`.
type loopShown struct {
	Var  string `json:"var"`
	List string `json:"list"`
	// Values are the elements, as JSON, where they are known; of several loops the combinations.
	Values []string `json:"values,omitempty"`
}

// explanation puts everything together.
func (x *explaining) explanation(ctx context.Context) (*explanation, error) {
	o, err := x.look(ctx, x.flags.profile)
	if err != nil {
		return nil, err
	}
	if o.broken != nil {
		return nil, x.bindFailed(o.broken)
	}
	near, err := x.foresee(ctx, o, x.now(), false, false)
	if err != nil {
		return nil, err
	}
	open, err := x.foresee(ctx, o, x.now(), false, true)
	if err != nil {
		return nil, err
	}
	if err := x.instance(near); err != nil {
		return nil, err
	}
	s := x.spot.step
	out := &explanation{
		Schema: explanationVersion, Pipeline: x.spot.pipeline, Step: x.spot.at, Hook: x.spot.hook,
		At: placeIn(x.spot), Calls: calls(x.spot), Doc: docLine(s.Decl.Doc),
		Profile: x.flags.profile, Event: x.event,
		Verdict: verdictOf(near, open, x.spot.at),
	}
	x.surround(out, near)
	if out.Verdict.Cause == engine.CauseNeedsSkipped {
		out.Because = x.because(near, x.spot.at, nil)
	}
	(&guards{explaining: x, outlook: o, forecast: near, path: x.spot.at}).describe(ctx, out)
	for _, p := range o.settings.Problems(o.bound.reached) {
		text := p.Message
		if strings.HasPrefix(p.Help, "did you mean") {
			text += "; " + p.Help
		}
		out.Missing = append(out.Missing, text)
	}
	if out.Verdict.Fate == string(engine.Runs) {
		if out.Cache, err = x.cache(ctx, near); err != nil {
			return nil, err
		}
	}
	return out, x.table(ctx, out)
}

// instance holds what was asked for to the instances that there are; where their number is not
// known, all of them are meant.
func (x *explaining) instance(f *engine.Forecast) error {
	if _, ok := f.Step(x.spot.at); ok || x.spot.at == x.spot.path {
		return nil
	}
	for i, c := range x.spot.at {
		if c != ']' {
			continue
		}
		asked := x.spot.at[:i+1]
		all := asked[:strings.LastIndexByte(asked, '[')]
		e, known := f.Step(all)
		if _, ok := f.Step(asked); ok || !known || !e.Counted {
			continue
		}
		return usagef(fmt.Sprintf("pipe explain %s tells of all of them", all), "%s has %s, and %s is none of them", all, instances(len(e.Instances)), asked)
	}
	x.spot.at = x.spot.path
	return nil
}

func instances(n int) string {
	if n == 1 {
		return "1 instance"
	}
	return fmt.Sprintf("%d instances", n)
}

// calls names what a step calls.
func calls(s stepSpot) string {
	if s.step.Decl.Inline {
		return "an inline op"
	}
	return s.step.Decl.Callee.String()
}

// parentOf is the path of the step that calls the pipeline a path stands in; "" is the entry's.
func parentOf(path string) string {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return ""
	}
	return path[:i]
}

// surround says what the step stands in, waits for and needs.
func (x *explaining) surround(out *explanation, f *engine.Forecast) {
	for at := parentOf(x.spot.at); at != ""; at = parentOf(at) {
		out.Within = slices.Insert(out.Within, 0, x.neighbour(f, at, ""))
	}
	s, prefix := x.spot.step, ""
	if at := parentOf(x.spot.at); at != "" {
		prefix = at + "/"
	}
	after := afterOf(s.Modifiers)
	for _, n := range s.Needs {
		out.Needs = append(out.Needs, x.neighbour(f, prefix+n, "needs"))
	}
	for _, list := range [][]string{s.ValueEdges, s.OrderEdges} {
		for _, n := range list {
			how := "reads"
			switch {
			case slices.Contains(s.Needs, n):
				how = "needs"
			case slices.Contains(after, n):
				how = "after"
			case slices.Contains(s.OrderEdges, n):
				how = "asks how it ended"
			}
			out.Waits = append(out.Waits, x.neighbour(f, prefix+n, how))
		}
	}
}

func afterOf(items []ast.Item) []string {
	var out []string
	for _, it := range items {
		if it, ok := it.(*ast.After); ok {
			for _, n := range it.Steps {
				out = append(out, n.Text)
			}
		}
	}
	return out
}

// because follows what is needed to the steps whose own guards are false.
func (x *explaining) because(f *engine.Forecast, path string, seen []string) []neighbour {
	var out []neighbour
	at, ok := x.at(path)
	if !ok || slices.Contains(seen, path) {
		return nil
	}
	for _, n := range at.step.Needs {
		need := strings.TrimPrefix(parentOf(path)+"/"+n, "/")
		if one := x.neighbour(f, need, "needs"); one.Fate == string(engine.WillSkip) {
			out = append(append(out, one), x.because(f, need, append(seen, path))...)
		}
	}
	return out
}

// at finds a step of the same pipeline by its path, or that of an instance.
func (x *explaining) at(path string) (stepSpot, bool) {
	path = instanceMark().ReplaceAllString(path, "")
	for _, s := range spotsOf(x.checked.program.Entry.Pipelines[x.spot.pipeline], x.spot.pipeline, "", "") {
		if s.path == path {
			return s, true
		}
	}
	return stepSpot{}, false
}

func (x *explaining) neighbour(f *engine.Forecast, path, how string) neighbour {
	out := neighbour{Step: path, How: how}
	v := verdictOf(f, nil, path)
	out.Fate, out.Reason = v.Fate, v.Reason
	if v.Fate == string(engine.Undecided) {
		out.Reason = "depends on " + strings.Join(v.On, "; ")
	}
	if s, ok := x.at(path); ok {
		out.MayFail = slices.ContainsFunc(s.step.Modifiers, func(it ast.Item) bool { _, ok := it.(*ast.AllowFailure); return ok })
	}
	return out
}

// verdictOf reads a forecast; open is the one in which steps may end in any way, or nil.
func verdictOf(f, open *engine.Forecast, path string) verdict {
	e, ok := f.Step(path)
	if !ok && instanceMark().MatchString(path) {
		return ofInstance(f, open, path)
	}
	if !ok {
		// What calls its pipeline is never going to run.
		above, _ := f.Step(nearest(f, path))
		if above.Fate == engine.Runs {
			none, _ := f.Step(above.Path + "[0]")
			return verdict{Fate: string(engine.WillSkip), Cause: none.Cause, Reason: above.Path + " runs none of its instances"}
		}
		return verdict{Fate: string(above.Fate), Cause: above.Cause, Reason: above.Path + " does not run: " + above.Reason}
	}
	out := verdict{Fate: string(e.Fate), Cause: e.Cause, Reason: e.Reason, On: once(e.On), MayRefuse: e.MayRefuse}
	if e.Fate == engine.Runs || e.Fate == engine.Undecided {
		out.Asks = map[engine.Fate]string{engine.Runs: "yes", engine.Undecided: "maybe"}[e.Asks]
	}
	if e.Counted && out.Fate == string(engine.Runs) {
		n, running := len(e.Instances), 0
		for _, i := range e.Instances {
			if i.Fate == engine.Runs {
				running++
			}
		}
		out.Instances, out.Running = &n, &running
	}
	if open != nil {
		other, _ := open.Step(path)
		out.Otherwise = other.Fate != e.Fate
	}
	return out
}

// ofInstance is a verdict on an instance that a forecast does not know: there is none, or nobody
// can count them.
func ofInstance(f, open *engine.Forecast, path string) verdict {
	for at := path; at != ""; at = parentOf(at) {
		all := strings.TrimSuffix(instanceMark().ReplaceAllString(at[strings.LastIndexByte(at, '/')+1:], ""), "/")
		whole := strings.TrimPrefix(parentOf(at)+"/"+all, "/")
		if e, ok := f.Step(whole); ok && e.Counted && whole != at {
			return verdict{Fate: string(engine.WillSkip), Reason: fmt.Sprintf("%s has %s", whole, instances(len(e.Instances)))}
		}
	}
	return verdictOf(f, open, instanceMark().ReplaceAllString(path, ""))
}

func nearest(f *engine.Forecast, path string) string {
	for at := parentOf(path); at != ""; at = parentOf(at) {
		if _, ok := f.Step(at); ok {
			return at
		}
	}
	return ""
}

func once(list []string) []string {
	var out []string
	for _, s := range list {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// table says what becomes of the step with every profile and event.
func (x *explaining) table(ctx context.Context, out *explanation) error {
	for _, profile := range profiles(x.checked.program) {
		row := profileRow{Profile: profile, Events: map[string]verdict{}}
		o, err := x.look(ctx, profile)
		if err != nil {
			return err
		}
		if o.broken != nil {
			row.Error = brokenText(o.broken)
			out.Table = append(out.Table, row)
			continue
		}
		for _, event := range events {
			f, err := x.foresee(ctx, o, someday(event), true, false)
			if err != nil {
				return err
			}
			row.Events[event] = verdictOf(f, nil, x.spot.at)
		}
		out.Table = append(out.Table, row)
	}
	return nil
}

// brokenText is why there is no plan, in one line.
func brokenText(err error) string {
	var failed *lower.EvalError
	if errors.As(err, &failed) {
		return failed.Error()
	}
	text, _, _ := strings.Cut(err.Error(), "\n")
	return text
}
