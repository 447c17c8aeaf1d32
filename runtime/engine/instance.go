package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/event"
)

// instance is one run of a step, or one of many under `for`. It is used by one goroutine.
type instance struct {
	run   *run
	info  *stepInfo
	graph *graphRun // that the step stands in
	path  string
	// element stands for what the instance is about; "" for a step without `for`.
	element string
	scope   *scope
	prior   prior
	// guarded says that guards which name a loop variable are still to be asked.
	guarded bool
	// slot says that one of the Jobs is held.
	slot bool
	// place is the target of its attempts, "" for a called pipeline.
	place    string
	started  time.Time
	ended    time.Time // of the last attempt, where that was before this process; else zero
	attempts int
	below    []*row
	held     heldLocks
	pool     string // of whose slots each attempt needs one
	poolSlot *grant // of the attempt under way; nil where it needs none
}

// do takes the instance from its guards to its end.
func (in *instance) do(ctx context.Context) ending {
	end := in.sequence(ctx)
	end.attempts, end.duration = in.attempts, since(in.started)
	if in.ended.After(in.started) {
		end.duration = in.ended.Sub(in.started)
	}
	end = in.graph.allow(ctx, in.info, in.scope, end)
	end.facts = nil // they may hold much output
	return end
}

func (in *instance) sequence(ctx context.Context) ending {
	if ctx.Err() != nil {
		return cancelledBy(ctx)
	}
	in.prior = in.run.recall(in.path)
	in.run.end(in.prior.over)
	if !in.prior.begun {
		if end, ended := in.admitted(ctx); ended {
			return end
		}
	}
	args, err := in.args(ctx)
	if err != nil {
		return in.graph.evalFailed(ctx, CauseEvalError, "arguments", err)
	}
	if !in.prior.begun {
		if end, ok := in.approve(ctx, args); !ok {
			return end
		}
	}
	release, end, ok := in.graph.lock(ctx, in.info.plan.Locks, in.scope, in)
	if !ok {
		return end
	}
	defer release()
	return in.work(ctx, args)
}

// admitted asks guards and requirements, and reports whether the instance ends by them.
func (in *instance) admitted(ctx context.Context) (ending, bool) {
	if end, ended := in.guards(ctx); ended {
		return end, true
	}
	end, ok := in.graph.require(ctx, in.info.plan.Require, in.scope)
	return end, !ok
}

// guards asks the guards that name a loop variable.
func (in *instance) guards(ctx context.Context) (ending, bool) {
	if !in.guarded {
		return ending{}, false
	}
	var guards []*plan.Expr
	for i := range in.info.plan.When {
		if w := &in.info.plan.When[i]; w.Instance {
			guards = append(guards, &w.Expr)
		}
	}
	if len(guards) == 0 {
		return ending{}, false
	}
	return in.graph.guards(ctx, guards, in.scope)
}

// require fails unless every condition is true.
func (g *graphRun) require(ctx context.Context, list []plan.Require, sc *scope) (ending, bool) {
	for i := range list {
		q := &list[i]
		v, err := g.run.eval(ctx, &q.Cond, types.BoolType, sc)
		if err != nil {
			return g.evalFailed(ctx, CauseGuardError, "require "+textOf(&q.Cond), err), false
		}
		if v == value.Bool(true) {
			continue
		}
		if q.Else == nil {
			return failed(CauseRequire, "require "+textOf(&q.Cond)+" is false"), false
		}
		message, err := g.run.eval(ctx, q.Else, types.StringType, sc)
		if err != nil {
			return g.evalFailed(ctx, CauseGuardError, "require "+textOf(&q.Cond)+" is false, and its message", err), false
		}
		text, _ := value.Env(message)
		return failed(CauseRequire, text), false
	}
	return ending{}, true
}

// args evaluates a step's arguments, and checks what the parameters ask of them.
func (in *instance) args(ctx context.Context) ([]local, error) {
	out := make([]local, 0, len(in.info.plan.Args))
	for i := range in.info.plan.Args {
		a := &in.info.plan.Args[i]
		t := in.run.typeOf(a.Type)
		v, err := in.run.eval(ctx, &a.Value, t, in.scope)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a.Name, err)
		}
		in.run.reveal(v, t)
		if a.From != "" {
			v = eachText(v, func(s string) string { return plan.Anchor(a.From, s) })
		}
		out = append(out, local{a.Name, v})
	}
	return in.complete(ctx, out)
}

// complete adds defaults and checks what the parameters and their types ask.
func (in *instance) complete(ctx context.Context, args []local) ([]local, error) {
	params := in.params()
	sc := &scope{run: in.run, module: in.called(), locals: args}
	for i := range params {
		p := &params[i]
		v, ok := lookup(sc.locals, p.Name)
		if !ok {
			var err error
			if v, err = in.defaultOf(ctx, p, sc); err != nil {
				return nil, err
			}
			sc.locals = append(sc.locals, local{p.Name, v})
		}
		if err := in.run.admit(ctx, p, v, sc); err != nil {
			return nil, err
		}
	}
	return sc.locals, nil
}

func (in *instance) defaultOf(ctx context.Context, p *plan.Param, sc *scope) (value.Value, error) {
	if p.Value == nil {
		return value.None{}, nil
	}
	v, err := in.run.eval(ctx, p.Value, in.run.typeOf(p.Type), sc)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.Name, err)
	}
	in.run.reveal(v, in.run.typeOf(p.Type))
	return v, nil
}

func (in *instance) params() []plan.Param {
	if in.info.graph != nil {
		return in.info.graph.plan.Params
	}
	return in.info.op.plan.Params
}

// called is the module of what the step calls.
func (in *instance) called() *module {
	if in.info.graph != nil {
		return in.info.graph.module
	}
	return in.info.op.module
}

func lookup(list []local, name string) (value.Value, bool) {
	for i := range list {
		if list[i].name == name {
			return list[i].value, true
		}
	}
	return nil, false
}

// work makes the attempts.
func (in *instance) work(ctx context.Context, args []local) ending {
	if in.info.graph != nil {
		return in.workGraph(ctx, args)
	}
	return in.workOp(ctx, args)
}

// workGraph runs a called pipeline.
func (in *instance) workGraph(ctx context.Context, args []local) ending {
	limit, err := in.graph.duration(ctx, in.info.plan.Timeout, in.scope, 0)
	if err != nil {
		return in.graph.evalFailed(ctx, CauseEvalError, "timeout", err)
	}
	policy, err := in.policy(ctx, in.info.plan.Retry, in.scope)
	if err != nil {
		return in.graph.evalFailed(ctx, CauseEvalError, "retry", err)
	}
	return in.repeat(ctx, policy, func(n int) ending {
		g := in.run.newGraph(in.info.graph, in.path+"/", args, in.graph)
		g.caller = in
		end := g.do(ctx, limit)
		in.below = g.rows()
		return end
	})
}

// begin publishes the start of an attempt; last is how the one before ended.
func (in *instance) begin(n int, last ending) {
	in.attempts = n
	typ := event.StepAttempt
	if in.started.IsZero() {
		typ, in.started = event.StepStarted, time.Now()
		if !in.prior.started.IsZero() {
			in.started = in.prior.started
		}
	}
	in.run.Bus.Publish(event.Event{Type: typ, Step: in.path, Attempt: n, Cause: last.cause, Reason: last.reason, ExitCode: last.exit,
		Record: event.Record{Element: in.element, Place: in.place, First: in.prior.first}})
	in.run.settle(last)
}

// release gives the slot back, where one is held.
func (in *instance) release() {
	if in.slot {
		in.slot = false
		in.run.slots.release()
	}
}

// outside calls wait without holding a slot.
func (in *instance) outside(ctx context.Context, wait func() error) error {
	held := in.slot
	in.release()
	if err := wait(); err != nil {
		return err
	}
	if !held {
		return nil
	}
	if err := in.run.slots.acquire(ctx); err != nil {
		return err
	}
	in.slot = true
	return nil
}
