package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

var errFailFast = errors.New("another step failed")

// timeoutError says that something was not done in time.
type timeoutError struct {
	what  string
	after time.Duration
}

func (e *timeoutError) Error() string { return "not done within " + value.FormatDuration(e.after) }

// cancelledBy is the ending of what was cut short by its context.
func cancelledBy(ctx context.Context) ending {
	end := ending{outcome: Cancelled, cause: CauseCancelled, reason: "the run was cancelled"}
	var late *timeoutError
	var full *roomError
	switch cause := context.Cause(ctx); {
	case errors.As(cause, &full):
		end.cause, end.reason = CauseDiskFull, full.Error()
	case errors.Is(cause, errFailFast):
		end.cause, end.reason = CauseFailFast, "another step failed"
	case errors.As(cause, &late):
		end.reason = late.what + " was " + late.Error()
	}
	return end
}

// decide applies the rules by which a step ends without starting, in their order. When none
// does, it returns the values of the step's bindings.
func (s *sectionRun) decide(info *stepInfo) (ending, []local, bool) {
	g := s.g
	if s.ctx.Err() != nil {
		return cancelledBy(s.ctx), nil, true
	}
	if end, ended := g.ruleWaiting(info); ended {
		return end, nil, true
	}
	bindings, missing, end, ended := g.ruleNeeds(s.ctx, info)
	if ended {
		return g.allow(s.ctx, info, g.stepScope(info, bindings), end), nil, true
	}
	if end, ended := g.ruleWhen(s.ctx, info, bindings); ended {
		return g.allow(s.ctx, info, g.stepScope(info, bindings), end), nil, true
	}
	if end, ended := g.ruleEdges(info); ended {
		return end, nil, true
	}
	if missing != "" {
		return ending{outcome: Abandoned, cause: CauseUpstreamFailed, reason: missing + " depends on a step that has no result"}, nil, true
	}
	if info.plan.Never {
		return g.never(info), nil, true
	}
	return ending{}, bindings, false
}

// never is the ending of a step that the plan knows will be skipped, and whose guards are not why.
func (g *graphRun) never(info *stepInfo) ending {
	if inner := info.plan.Graph; inner != nil {
		for i := range inner.When {
			if w := &inner.When[i]; string(w.Value) == "false" {
				return skipped(CauseGuardFalse, "when "+textOf(w)+" is false")
			}
		}
	}
	for _, name := range info.plan.Needs {
		if id, ok := g.info.index[name]; ok && g.info.steps[id].plan.Never {
			return skipped(CauseNeedsSkipped, name+" was skipped")
		}
	}
	return skipped(CauseNeedsSkipped, "what it needs has no value")
}

// ruleWaiting keeps a step undecided while an edge waits for a person.
func (g *graphRun) ruleWaiting(info *stepInfo) (ending, bool) {
	for _, e := range info.edges {
		if n, _ := g.outcome(e.to); n.outcome == Waiting {
			return ending{outcome: Waiting, cause: CauseUpstreamWaits, reason: "waits for " + g.name(e.to)}, true
		}
	}
	return ending{}, false
}

func (g *graphRun) name(id int) string { return g.info.steps[id].plan.Name }

// ruleNeeds skips a step that needs what has no result. It evaluates the bindings; missing
// names one that is not known, which only a failed step can cause.
func (g *graphRun) ruleNeeds(ctx context.Context, info *stepInfo) (bindings []local, missing string, end ending, ended bool) {
	for _, e := range info.edges {
		n, _ := g.outcome(e.to)
		switch {
		case !e.needs:
		case n.outcome == Skipped:
			return nil, "", skipped(CauseNeedsSkipped, g.name(e.to)+" was skipped"), true
		case n.outcome == Failed && n.allowed:
			return nil, "", skipped(CauseNeedsSkipped, g.name(e.to)+" failed, as it may"), true
		}
	}
	if end, ended := g.ruleHookNeeds(info); ended {
		return nil, "", end, true
	}
	for i := range info.plan.Bindings {
		b := &info.plan.Bindings[i]
		v, err := g.run.eval(ctx, &b.Value, types.OptionalOf(g.run.typeOf(b.Type)), g.stepScope(info, bindings))
		switch {
		case err != nil && isUnknown(err):
			missing = b.Name
		case err != nil:
			return bindings, "", g.evalFailed(ctx, CauseGuardError, "needs "+b.Name, err), true
		case v == value.None{}:
			return nil, "", skipped(CauseNeedsSkipped, b.Name+" has no value"), true
		}
		bindings = append(bindings, local{b.Name, v})
	}
	return bindings, missing, ending{}, false
}

// ruleHookNeeds skips a step of a hook that needs a step of main which did not succeed: to
// hooks its result is an optional.
func (g *graphRun) ruleHookNeeds(info *stepInfo) (ending, bool) {
	for _, name := range info.plan.Needs {
		id, ok := g.info.index[name]
		if g.info.left[name] && info.section != mainSection {
			return skipped(CauseNeedsSkipped, name+" was left out"), true
		}
		if !ok || g.info.steps[id].section == info.section {
			continue
		}
		switch n, ended := g.outcome(id); {
		case !ended && g.foreseen != nil: // a forecast leaves it open
		case !ended:
			return skipped(CauseNeedsSkipped, name+" has no result"), true
		case n.outcome != Succeeded:
			return skipped(CauseNeedsSkipped, name+" "+past(n.outcome)), true
		}
	}
	return ending{}, false
}

func skipped(cause, reason string) ending {
	return ending{outcome: Skipped, cause: cause, reason: reason}
}

// ruleWhen evaluates the guards that do not name a loop variable.
func (g *graphRun) ruleWhen(ctx context.Context, info *stepInfo, bindings []local) (ending, bool) {
	// A step that never runs has no edges: what its guards ask of others may not have ended.
	if len(info.plan.When) == 0 || info.plan.Never && !guardedOff(info.plan) {
		return ending{}, false
	}
	sc := g.stepScope(info, bindings)
	var guards []*plan.Expr
	for i := range info.plan.When {
		if w := &info.plan.When[i]; !w.Instance {
			guards = append(guards, &w.Expr)
		}
	}
	return g.guards(ctx, guards, sc)
}

// guardedOff reports that the plan knows a guard of the step to be false.
func guardedOff(s *plan.Step) bool {
	return slices.ContainsFunc(s.When, func(w plan.Guard) bool { return string(w.Value) == "false" })
}

// guards are joined as CEL's && joins: false wins over unknown, which wins over an error.
func (g *graphRun) guards(ctx context.Context, guards []*plan.Expr, sc *scope) (ending, bool) {
	var bad, open *ending
	for _, x := range guards {
		v, err := g.run.eval(ctx, x, types.BoolType, sc)
		switch {
		case err == nil && v == value.Bool(true):
		case err == nil:
			return skipped(CauseGuardFalse, "when "+textOf(x)+" is false"), true
		case isUnknown(err):
			open = &ending{outcome: Abandoned, cause: CauseUpstreamFailed, reason: "when " + textOf(x) + " depends on a step that has no result"}
		case bad == nil:
			end := g.evalFailed(ctx, CauseGuardError, "when "+textOf(x), err)
			bad = &end
		}
	}
	switch {
	case open != nil:
		return *open, true
	case bad != nil:
		return *bad, true
	}
	return ending{}, false
}

// textOf is an expression as a reason shows it.
func textOf(x *plan.Expr) string {
	text := cmp.Or(x.CEL, x.Text, string(x.Value))
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > 120 {
		text = strings.ToValidUTF8(text[:120], "") + "…"
	}
	return text
}

// ruleEdges abandons a step whose value edge has no value to come.
func (g *graphRun) ruleEdges(info *stepInfo) (ending, bool) {
	for _, e := range info.edges {
		n, _ := g.outcome(e.to)
		if e.value && (n.red() || n.outcome == Abandoned || n.outcome == Cancelled) {
			return ending{outcome: Abandoned, cause: CauseUpstreamFailed, reason: fmt.Sprintf("%s %s", g.name(e.to), past(n.outcome))}, true
		}
	}
	return ending{}, false
}

func past(o Outcome) string {
	if o == Failed {
		return "failed"
	}
	return "was " + string(o)
}

// evalFailed is the ending of a step whose expression could not be evaluated.
func (g *graphRun) evalFailed(ctx context.Context, cause, what string, err error) ending {
	if ctx.Err() != nil {
		return cancelledBy(ctx)
	}
	var unlocked *unlockedError
	if errors.As(err, &unlocked) {
		return failed(CauseUnlocked, err.Error())
	}
	var service *serviceError
	if errors.As(err, &service) {
		return failed(CauseTarget, service.Error()) // what mentioned it is not to blame
	}
	return failed(cause, what+": "+err.Error())
}

// allow marks a failure that keeps the run green.
func (g *graphRun) allow(ctx context.Context, info *stepInfo, sc *scope, end ending) ending {
	a := info.plan.AllowFailure
	if a == nil || end.outcome != Failed {
		return end
	}
	if a.When == nil {
		end.allowed = true
		return end
	}
	// facts are missing when nothing was attempted: a guard that asks for them is then not true.
	asked := &scope{run: g.run, module: sc.module, outer: sc, facts: end.facts}
	v, err := g.run.eval(context.WithoutCancel(ctx), a.When, types.BoolType, asked)
	end.allowed = err == nil && v == value.Bool(true)
	return end
}
