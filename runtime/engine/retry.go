package engine

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

// policy says how often and when to try again.
type policy struct {
	count   int // further attempts
	every   time.Duration
	backoff float64
	max     time.Duration // 0 is no limit
	when    *plan.Expr
	scope   *scope
}

func (in *instance) policy(ctx context.Context, r *plan.Retry, sc *scope) (policy, error) {
	p := policy{backoff: 1, scope: sc}
	if r == nil {
		return p, nil
	}
	p.when = r.When
	v, err := in.run.eval(ctx, &r.Count, types.IntType, sc)
	if err != nil {
		return p, err
	}
	n, _ := v.(value.Int)
	p.count = int(max(n, 0))
	if p.every, err = in.graph.duration(ctx, r.Every, sc, 0); err != nil {
		return p, fmt.Errorf("every: %w", err)
	}
	if p.max, err = in.graph.duration(ctx, r.Max, sc, 0); err != nil {
		return p, fmt.Errorf("max: %w", err)
	}
	if r.Backoff == nil {
		return p, nil
	}
	if v, err = in.run.eval(ctx, r.Backoff, types.FloatType, sc); err != nil {
		return p, fmt.Errorf("backoff: %w", err)
	}
	if f, ok := v.(value.Float); ok && f > 0 {
		p.backoff = float64(f)
	}
	return p, nil
}

// duration evaluates an attribute; absent is otherwise.
func (g *graphRun) duration(ctx context.Context, x *plan.Expr, sc *scope, otherwise time.Duration) (time.Duration, error) {
	if x == nil {
		return otherwise, nil
	}
	v, err := g.run.eval(ctx, x, types.DurationType, sc)
	if err != nil {
		return 0, err
	}
	d, ok := v.(value.Duration)
	if !ok {
		return otherwise, nil
	}
	return time.Duration(d), nil
}

// wait is the pause before the attempt after the n-th.
func (p *policy) wait(n int) time.Duration {
	d := float64(p.every) * math.Pow(p.backoff, float64(n-1))
	if p.max > 0 && d > float64(p.max) {
		return p.max
	}
	return time.Duration(min(d, math.MaxInt64/2))
}

// again reports whether an attempt that failed is followed by another.
func (in *instance) again(ctx context.Context, p *policy, n int, end ending) bool {
	if end.outcome != Failed || !end.retriable || n > p.count || ctx.Err() != nil {
		return false
	}
	if p.when == nil {
		return true
	}
	asked := &scope{run: in.run, module: p.scope.module, outer: p.scope, facts: end.facts}
	v, err := in.run.eval(ctx, p.when, types.BoolType, asked)
	return err == nil && v == value.Bool(true)
}

// repeat makes attempts until one succeeds or no further one is allowed. Between them no slot is held.
func (in *instance) repeat(ctx context.Context, p policy, attempt func(n int) ending) ending {
	end := ending{cause: in.prior.cause, reason: in.prior.reason}
	for n := in.prior.next; ; n++ {
		release, refused, ok := in.enter(ctx)
		if !ok {
			refused.done = end.done
			return refused
		}
		in.begin(n, end)
		end = attempt(n)
		release()
		made := n - in.prior.first + 1
		if _, begun := in.run.traces.find(in.path, n+1); begun {
			continue
		}
		if !in.again(ctx, &p, made, end) {
			return end
		}
		if err := in.outside(ctx, func() error { return pause(ctx, p.wait(made)) }); err != nil {
			done := end.done
			end = cancelledBy(ctx)
			end.done = done
			return end
		}
	}
}

// pause lets time go by unless ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return context.Cause(ctx)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
