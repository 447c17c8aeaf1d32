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
	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/store"
	"github.com/pipelang/pipe/runtime/target"
)

// opWork is an instance of an op, evaluated, between its lock and its end.
type opWork struct {
	*instance
	op      *opInfo
	scope   *scope // of the op's expressions
	session target.Session
	// placeName is the target's, parts are of the cache key; nil for what is not cached.
	placeName string
	parts     []store.Part
	job       target.Job
	limit     time.Duration
	codes     []int
	services  target.Services // the op's own; nil without any
}

// workOp evaluates the op's attributes and makes its attempts.
func (in *instance) workOp(ctx context.Context, args []local) ending {
	if in.info.op.plan.Native {
		return in.workNative(ctx, args)
	}
	w := &opWork{instance: in, op: in.info.op, scope: in.opScope(args)}
	defer w.unserve()
	if err := w.prepare(ctx, args); err != nil {
		var none *noTargetError
		if errors.As(err, &none) {
			return failed(CauseNoTarget, err.Error())
		}
		return in.graph.evalFailed(ctx, CauseEvalError, "attributes", err)
	}
	p, err := w.retryPolicy(ctx)
	if err != nil {
		return in.graph.evalFailed(ctx, CauseEvalError, "retry", err)
	}
	in.place = w.placeName
	// What goes on began with other files than those that are there now.
	if in.prior.begun {
		w.recallParts()
	} else if end, ended := w.fromCache(ctx); ended {
		return end
	}
	w.keepParts()
	in.pool = cmp.Or(in.info.plan.Pool, in.info.op.plan.Pool)
	return in.repeat(ctx, p, func(n int) ending { return w.attempt(ctx, n) })
}

// opScope is where an op's own expressions are evaluated.
func (in *instance) opScope(args []local) *scope {
	sc := &scope{run: in.run, module: in.info.op.module, locals: args}
	if in.info.op.plan.Inline {
		sc.outer = in.scope
	}
	return sc
}

// retryPolicy is the step's, or else the op's.
func (w *opWork) retryPolicy(ctx context.Context) (policy, error) {
	if r := w.info.plan.Retry; r != nil {
		return w.policy(ctx, r, w.instance.scope)
	}
	return w.policy(ctx, w.op.plan.Retry, w.scope)
}

// attempt makes one attempt and says how it ended.
func (w *opWork) attempt(ctx context.Context, n int) ending {
	job := w.job
	job.Attempt, job.Beside, job.Hold = n, w.besides(), w.holding()
	if !w.run.attempts.begin() {
		return cancelledBy(w.run.hard)
	}
	defer w.run.attempts.end()
	from, written := w.positions(n)
	job.Written = written
	lines := w.run.Bus.LinesFrom(w.path, n, from)
	inner, stop := within(ctx, w.limitOf(n), "the attempt")
	defer stop()
	att, err := w.launch(inner, job, lines)
	lines.Flush()
	if err != nil {
		return w.notRun(ctx, inner, err)
	}
	end := w.exited(ctx, inner, att)
	if end.outcome != Cancelled {
		w.finish(context.WithoutCancel(ctx), att, &end)
	}
	if s, ok := att.(target.Sparer); ok {
		s.Spare()
	}
	end.done, end.awaited = func() { _ = att.Close() }, w.job.InPlace // what it kept is stored
	if _, adopts := w.session.(target.Adopter); !adopts {
		end.done()
		end.done = nil
	}
	return end
}

// notRun is the ending when the place kept an attempt from running, or lost it.
func (w *opWork) notRun(ctx, inner context.Context, err error) ending {
	var late *timeoutError
	switch {
	case ctx.Err() != nil:
		return cancelledBy(ctx)
	case errors.As(context.Cause(inner), &late):
		return timedOut(late)
	}
	if full := roomless(err); full != nil {
		return *full
	}
	if isLost(err) && w.prior.begun {
		return w.unknown()
	}
	var none *target.NoProgramError
	if errors.As(err, &none) {
		return failed(CauseNoProgram, lacking(w.job.Image, none.Text))
	}
	end := failed(CauseTarget, err.Error())
	end.retriable = true
	return end
}

// unknown is the ending of an attempt that was found again and lost then.
func (w *opWork) unknown() ending {
	if w.op.plan.Idempotent {
		end := failed(CauseTarget, target.ErrLost.Error())
		end.retriable = true
		return end
	}
	return ending{outcome: Waiting, cause: CauseUnknown, reason: "nobody knows how it ended"}
}

func timedOut(late *timeoutError) ending {
	end := failed(CauseTimeout, late.Error())
	end.retriable = true
	return end
}

// exited reads how the processes ended.
func (w *opWork) exited(ctx, inner context.Context, att target.Attempt) ending {
	exit := att.Exit()
	w.tellLeft(exit)
	var late *timeoutError
	good := exit.Signal == "" && slices.Contains(w.codes, exit.Code)
	switch {
	case isRoomless(ctx) && (exit.Cancelled || !good):
		return *roomless(context.Cause(ctx))
	case ctx.Err() != nil && (exit.Cancelled || !good):
		// A terminal's interrupt reaches the program before the target does.
		return cancelledBy(ctx)
	case exit.Cancelled && errors.As(context.Cause(inner), &late):
		end := timedOut(late)
		end.exit = &exit.Code
		return end
	case exit.TimedOut:
		end := timedOut(&timeoutError{"the attempt", w.limit})
		end.exit = &exit.Code
		return end
	case good:
		return ending{outcome: Succeeded, exit: &exit.Code}
	}
	end := failed(CauseExit, fmt.Sprintf("exit code %d", exit.Code))
	if exit.Signal != "" {
		end = failed(CauseSignal, "ended by "+exit.Signal)
	}
	if exit.Reason != "" {
		end = failed(CauseExit, exit.Reason)
	}
	end.reason += w.in(exit.Script)
	if exit.Reason != "" && exit.Code == noProgramCode {
		end = failed(CauseNoProgram, lacking(w.job.Image, end.reason))
	}
	end.exit, end.retriable = &exit.Code, true
	return end
}

// tellLeft names processes that outlived the step's programs.
func (w *opWork) tellLeft(exit target.Exit) {
	if exit.Left != "" {
		w.run.Bus.Publish(event.Event{Type: event.Notice, Step: w.path, Text: w.path + ": ended what the step left behind: " + exit.Left})
	}
	if exit.Stuck != "" {
		w.run.Bus.Publish(event.Event{Type: event.Notice, Step: w.path, Text: w.path + ": could not be ended: " + exit.Stuck})
	}
}

// in names the script that failed by its title or number, where there are several.
func (w *opWork) in(script string) string {
	switch n := len(w.job.Scripts); {
	case script == "" || n == 0:
		return ""
	case strings.Trim(script, "0123456789") != "":
		return fmt.Sprintf(" in %q", script)
	case n > 1:
		return " in script " + script
	}
	return ""
}

// finish evaluates the result, which a failed attempt may have too, and stores what is kept.
// What holds a secret without saying so is not stored, nor is anything beside it.
func (w *opWork) finish(ctx context.Context, att target.Attempt, end *ending) {
	outputs, outErr := att.Outputs()
	end.facts = &facts{exit: end.exit, full: true, stdout: att.Stdout, stderr: att.Stderr, outputs: outputs, err: outErr}
	to := w.intake()
	if to != nil {
		defer to.Close()
	}
	v, cause, err := w.returned(ctx, att, end.facts, to)
	if end.outcome == Succeeded && outErr != nil {
		cause, err = CauseResultError, outErr
	}
	if err == nil {
		end.value = v
	} else if end.outcome == Succeeded {
		end.spoil(cause, err.Error())
	}
	if end.outcome == Failed && w.asked() {
		end.facts.settle()
	} else {
		end.facts = nil
	}
	if cause == CauseSecret {
		return
	}
	kept := w.keep(ctx, att, end)
	if end.value != nil && to != nil {
		if err := to.Commit(contents(end.value)...); err != nil {
			end.spoil(storeCause(err), "store the result: "+err.Error())
		}
	}
	w.remember(ctx, att, end, kept)
}

// intake is where files and folders of the result go; nil for a place without a store.
func (w *opWork) intake() target.Intake {
	if w.run.Run.Artifacts == nil || w.op.plan.Return == nil {
		return nil
	}
	return w.run.Run.Artifacts.Take(sealed(w.op.result))
}

// spoil makes a success a failure whose value is no use; what has failed stays as it is.
func (n *ending) spoil(cause, reason string) {
	n.value = nil
	if n.outcome == Succeeded {
		n.outcome, n.cause, n.reason = Failed, cause, reason
	}
}

// asked reports whether a guard may ask how an attempt failed; its output is not kept for nothing.
func (w *opWork) asked() bool {
	for _, r := range []*plan.Retry{w.info.plan.Retry, w.op.plan.Retry} {
		if r != nil && r.When != nil {
			return true
		}
	}
	return w.info.plan.AllowFailure != nil && w.info.plan.AllowFailure.When != nil
}

// returned evaluates `return` over what the attempt left.
func (w *opWork) returned(ctx context.Context, att target.Attempt, f *facts, to target.Intake) (value.Value, string, error) {
	x := w.op.plan.Return
	if x == nil {
		return value.None{}, "", nil
	}
	sc := &scope{run: w.run, module: w.op.module, outer: w.scope, facts: f, answers: &attemptHost{att, to, w.scope.host()}}
	return w.run.result(ctx, x, w.op.result, sc, to)
}

// keep stores the files that the op keeps, whatever the outcome, and gives their paths.
func (w *opWork) keep(ctx context.Context, att target.Attempt, end *ending) []string {
	if len(w.job.Keep) == 0 {
		return nil
	}
	paths, err := att.Kept(ctx, w.run.Find)
	if err != nil {
		w.notKept(err, end)
		return nil
	}
	w.publishKept(paths)
	return paths
}

// notKept fails a step whose files could not be kept, and says of a secret in them even
// where the step has failed already.
func (w *opWork) notKept(err error, end *ending) {
	cause, reason := storeCause(err), "keep: "+err.Error()
	var leak *target.LeakError
	if errors.As(err, &leak) {
		cause, reason = CauseSecret, "kept file "+leak.Error()+": nothing is kept"
		if end.outcome != Succeeded {
			w.run.Bus.Publish(event.Event{Type: event.Notice, Step: w.path, Text: w.path + ": " + reason})
		}
	}
	end.spoil(cause, reason)
}
