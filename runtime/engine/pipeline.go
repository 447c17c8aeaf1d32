package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

// runRoot runs the whole pipeline.
func (r *run) runRoot(ctx context.Context, info *graphInfo, params []local) *Result {
	g := r.newGraph(info, "", params, nil)
	end := g.do(ctx, 0)
	res := &Result{Outcome: end.outcome, Steps: flatten(nil, g.rows()), Error: end.reason}
	switch end.outcome {
	case Succeeded:
		res.Value = end.value
	case Skipped:
		res.Outcome, res.Steps = Succeeded, g.allSkipped(end)
	case Failed:
		if g.first != nil {
			res.Failed = g.first.path
		}
	}
	return res
}

// allSkipped is the table of a pipeline whose own guard was false.
func (g *graphRun) allSkipped(end ending) []StepResult {
	var out []StepResult
	for _, s := range g.info.steps {
		if s.section == mainSection {
			g.run.publishFinished(s.plan.Name, end, s.typ)
			out = append(out, newRow(s.plan.Name, end).StepResult)
		}
	}
	return out
}

// rootParams evaluates the pipeline's parameters, each in sight of those before it.
func (r *run) rootParams(ctx context.Context, info *graphInfo) ([]local, error) {
	sc := &scope{run: r, module: info.module}
	for i := range r.Plan.Params {
		p := &r.Plan.Params[i]
		if p.Value == nil {
			sc.locals = append(sc.locals, local{p.Name, value.None{}})
			continue
		}
		v, err := r.eval(ctx, p.Value, r.typeOf(p.Type), sc)
		if err != nil {
			return nil, fmt.Errorf("parameter %s: %w", p.Name, err)
		}
		r.reveal(v, r.typeOf(p.Type))
		sc.locals = append(sc.locals, local{p.Name, v})
		if err := r.admit(ctx, p, v, sc); err != nil {
			return nil, err
		}
	}
	return sc.locals, nil
}

// where checks what a parameter asks of its value. What it says quotes nothing of a secret: why a
// condition cannot be evaluated is left out, and so is a message that is no plain text.
func (r *run) where(ctx context.Context, p *plan.Param, v value.Value, sc *scope) error {
	if p.Where == nil || v == (value.None{}) {
		return nil
	}
	secret, message := isSecret(r.typeOf(p.Type)), p.Else
	if secret && message != nil && message.CEL != "" {
		message = nil
	}
	in := &scope{run: r, module: sc.module, outer: sc, locals: []local{{"self", v}}}
	ok, err := r.eval(ctx, p.Where, types.BoolType, in)
	if err != nil && secret {
		return fmt.Errorf("parameter %s: its condition cannot be evaluated (%s)", p.Name, p.Where.At)
	}
	if err != nil {
		return fmt.Errorf("parameter %s: %w", p.Name, err)
	}
	if ok == value.Bool(true) {
		return nil
	}
	if message == nil {
		return fmt.Errorf("parameter %s: %s is not true", p.Name, textOf(p.Where))
	}
	said, err := r.eval(ctx, message, types.StringType, in)
	if err != nil {
		return fmt.Errorf("parameter %s: %w", p.Name, err)
	}
	text, _ := value.Env(said)
	return fmt.Errorf("parameter %s: %s", p.Name, text)
}

// do runs the graph to its end, hooks included. limit is a deadline from outside, 0 for none.
func (g *graphRun) do(ctx context.Context, limit time.Duration) ending {
	defer g.services.close()
	end, locked, hooks := g.recallMain(ctx)
	if !hooks {
		var ended bool
		if end, ended = g.headWhen(ctx); ended {
			return end
		}
		end, locked = g.body(ctx, limit)
	}
	g.mainEnded(end)
	g.endServices()
	if locked && end.outcome != Waiting && g.hasHooks(end.outcome) {
		g.publishHooks(end)
	}
	if end.outcome == Failed {
		g.runSection(ctx, failureSection)
	}
	if !locked || end.outcome == Waiting {
		// A lock that was never had leaves nothing to clean up, and a run that waits goes on later.
		return end
	}
	return g.finally(end)
}

// mainEnded notes how main ended, for `run` in the hooks.
func (g *graphRun) mainEnded(end ending) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ended = &status{outcome: end.outcome, error: end.reason}
	if g.first != nil {
		g.ended.failed = g.first.path
	}
}

func (g *graphRun) headWhen(ctx context.Context) (ending, bool) {
	var guards []*plan.Expr
	for i := range g.info.plan.When {
		guards = append(guards, &g.info.plan.When[i])
	}
	return g.guards(ctx, guards, g.scope)
}

// body is the head and the steps. locked says that the graph's own locks were had.
func (g *graphRun) body(ctx context.Context, limit time.Duration) (end ending, locked bool) {
	if end, ok := g.require(ctx, g.info.plan.Require, g.scope); !ok {
		return end, true
	}
	release, end, ok := g.lock(ctx, g.info.plan.Locks, g.scope, nil)
	if !ok {
		return end, false
	}
	defer release()
	own, err := g.duration(ctx, g.info.plan.Timeout, g.scope, 0)
	if err != nil {
		return g.evalFailed(ctx, CauseEvalError, "timeout", err), true
	}
	if limit == 0 || own > 0 && own < limit {
		limit = own
	}
	inner, stop := within(ctx, limit, "the pipeline")
	defer stop()
	g.runSection(inner, mainSection)
	return g.conclude(ctx, inner), true
}

// within bounds a context; 0 is no bound.
func within(ctx context.Context, limit time.Duration, what string) (context.Context, context.CancelFunc) {
	if limit <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, limit, &timeoutError{what, limit})
}

// conclude says how main ended, and what the graph returns.
func (g *graphRun) conclude(ctx, inner context.Context) ending {
	var late *timeoutError
	cut := g.firstOf(mainSection, Cancelled)
	switch {
	case g.first != nil && isRoomless(ctx):
		return g.redEnding()
	case cut != nil && ctx.Err() != nil:
		return cancelledBy(ctx)
	case g.first != nil:
		end := g.redEnding()
		end.value, _ = g.returned(ctx)
		return end
	case cut != nil && errors.As(context.Cause(inner), &late):
		end := failed(CauseTimeout, late.what+" was "+late.Error())
		end.retriable = true
		return end
	case cut != nil:
		return ending{outcome: Cancelled, cause: cut.cause, reason: cut.reason}
	}
	if waits := g.firstOf(mainSection, Waiting); waits != nil {
		return ending{outcome: Waiting, cause: waits.cause, reason: waits.reason}
	}
	v, end := g.returned(ctx)
	if end != nil {
		return *end
	}
	return ending{outcome: Succeeded, value: v}
}

// firstOf is the first step of a section, in the order of the plan, that ended so.
func (g *graphRun) firstOf(sec section, o Outcome) *ending {
	g.mu.Lock()
	defer g.mu.Unlock()
	for id := g.info.bounds[sec][0]; id < g.info.bounds[sec][1]; id++ {
		if n := &g.nodes[id]; n.ended && n.ending.outcome == o {
			end := n.ending
			return &end
		}
	}
	return nil
}

// redEnding is a graph's failure by its first red step. A further attempt helps only when it
// may help every red step.
func (g *graphRun) redEnding() ending {
	g.mu.Lock()
	defer g.mu.Unlock()
	end := failed(CauseStepFailed, g.first.describe())
	end.exit, end.retriable = g.first.exit, true
	end.facts = &facts{exit: g.first.exit}
	for i := range g.nodes {
		if n := &g.nodes[i]; n.ended && n.ending.red() {
			end.retriable = end.retriable && n.ending.retriable
		}
	}
	return end
}

// returned evaluates the graph's return, where it can be: with --only, what it reads may be left out.
func (g *graphRun) returned(ctx context.Context) (value.Value, *ending) {
	x := g.info.plan.Return
	if x == nil {
		return value.None{}, nil
	}
	v, cause, err := g.run.result(context.WithoutCancel(ctx), x, g.info.result, g.scope, nil)
	if err == nil {
		return v, nil
	}
	if len(g.run.Only) > 0 && isUnknown(err) {
		return nil, nil
	}
	end := failed(cause, err.Error())
	return nil, &end
}

// finally runs the finally section with a deadline of its own, whatever has been cancelled.
func (g *graphRun) finally(end ending) ending {
	if g.info.bounds[finallySection][0] == g.info.bounds[finallySection][1] {
		return end
	}
	ctx, stop := within(g.run.hard, FinallyDeadline, "finally")
	defer stop()
	g.runSection(ctx, finallySection)
	if end.outcome != Succeeded {
		return end
	}
	if red := g.firstRed(finallySection); red != nil {
		return failed(CauseFinally, "finally: "+red.describe())
	}
	return end
}

// firstRed is the first step of a section that failed or was not done in time.
func (g *graphRun) firstRed(sec section) *redStep {
	g.mu.Lock()
	defer g.mu.Unlock()
	for id := g.info.bounds[sec][0]; id < g.info.bounds[sec][1]; id++ {
		if n := &g.nodes[id]; n.ended && (n.ending.red() || n.ending.outcome == Cancelled) {
			return &redStep{g.path + g.name(id), n.ending}
		}
	}
	return nil
}
