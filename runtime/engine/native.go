package engine

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/native"
	"github.com/pipelang/pipe/runtime/target"
)

// workNative makes the attempts of an op that pipe implements itself.
func (in *instance) workNative(ctx context.Context, args []local) ending {
	w := &opWork{instance: in, op: in.info.op, scope: in.opScope(args)}
	if err := w.setLimits(ctx); err != nil {
		return in.graph.evalFailed(ctx, CauseEvalError, "attributes", err)
	}
	place, err := w.namedPlace(ctx)
	if err != nil {
		return in.graph.evalFailed(ctx, CauseEvalError, "target", err)
	}
	w.placeName = place
	p, err := w.retryPolicy(ctx)
	if err != nil {
		return in.graph.evalFailed(ctx, CauseEvalError, "retry", err)
	}
	return in.repeat(ctx, p, func(n int) ending { return w.callNative(ctx, n, args) })
}

// callNative makes one attempt and says how it ended.
func (w *opWork) callNative(ctx context.Context, n int, args []local) ending {
	if !w.run.attempts.begin() {
		return cancelledBy(w.run.hard)
	}
	defer w.run.attempts.end()
	if !w.op.plan.Idempotent {
		// It leaves nothing by which it could be found again, and must not begin twice.
		if err := w.run.written(ctx); err != nil {
			return w.notRun(ctx, ctx, err)
		}
	}
	lines := w.run.Bus.Lines(w.path, n)
	inner, stop := within(ctx, w.limit, "the attempt")
	defer stop()
	call := w.nativeCall(n, args, lines)
	if call.Intake != nil {
		defer call.Intake.Close()
	}
	v, err := w.run.Natives[w.op.id](inner, call)
	lines.Flush()
	if err != nil {
		return w.nativeFailed(ctx, inner, err)
	}
	return w.nativeResult(context.WithoutCancel(ctx), v, call.Intake)
}

func (w *opWork) nativeCall(n int, args []local, out target.Output) *native.Call {
	c := &native.Call{
		Step: w.path, Attempt: n, Args: map[string]value.Value{}, Root: w.run.Run.Root,
		Scratch: filepath.Join(w.run.Run.State, "native"), Environ: w.run.Environ, Artifacts: w.run.Run.Artifacts, Output: out,
		Target: w.run.Targets[w.placeName],
		Notice: func(text string) {
			w.run.Bus.Publish(event.Event{Type: event.Notice, Step: w.path, Text: text})
		},
		Reveal: func(secret string) {
			if w.run.Reveal != nil && secret != "" {
				w.run.Reveal(secret)
			}
		},
	}
	for _, a := range args {
		c.Args[a.name] = a.value
	}
	if c.Artifacts != nil {
		c.Intake = c.Artifacts.Take(sealed(w.op.result))
	}
	return c
}

// nativeFailed is the ending of an attempt that gave an error. Without an exit code of a
// process within it counts as 1, which guards may read.
func (w *opWork) nativeFailed(ctx, inner context.Context, err error) ending {
	var late *timeoutError
	switch {
	case ctx.Err() != nil:
		return cancelledBy(ctx)
	case errors.As(context.Cause(inner), &late):
		return timedOut(late)
	}
	end, code := failed(CauseNative, err.Error()), 1
	end.retriable = true
	var f *native.Failure
	if errors.As(err, &f) {
		end.retriable = !f.Final
		if f.Exit != 0 {
			end.cause, code = CauseExit, f.Exit
		}
	}
	end.exit = &code
	if w.asked() {
		none := func() string { return "" }
		end.facts = &facts{exit: end.exit, full: true, stdout: none, stderr: none}
	}
	return end
}

// nativeResult holds a value to the op's result type, and stores the content that it names.
func (w *opWork) nativeResult(ctx context.Context, v value.Value, to target.Intake) ending {
	zero := 0
	end := ending{outcome: Succeeded, exit: &zero}
	v, cause, err := w.run.fit(ctx, v, w.op.result, to)
	if err != nil {
		end.spoil(cause, err.Error())
		return end
	}
	end.value = v
	if sums := contents(v); to != nil && len(sums) > 0 {
		if err := to.Commit(sums...); err != nil {
			end.spoil(CauseTarget, "store the result: "+err.Error())
		}
	}
	return end
}
