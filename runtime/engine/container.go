package engine

import (
	"context"
	"fmt"
	"strconv"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/target"
)

// setContainer evaluates what the op's container is held to.
func (w *opWork) setContainer(ctx context.Context) error {
	op := &w.op.plan
	c := &w.job.Container
	c.Capabilities = op.Capabilities
	var err error
	if c.Network, err = w.text(ctx, "network", op.Network); err != nil {
		return err
	}
	if c.User, err = w.text(ctx, "user", op.User); err != nil {
		return err
	}
	return w.setAmounts(ctx, c)
}

// setAmounts evaluates numbers; an absent one is zero, and leaves it to the place.
func (w *opWork) setAmounts(ctx context.Context, c *target.Container) error {
	for _, a := range []struct {
		name string
		x    *plan.Expr
		as   *types.Type
		set  func(float64)
	}{
		{"cpu", w.op.plan.CPU, types.JSONType, func(n float64) { c.CPU = n }},
		{"memory", w.op.plan.Memory, types.SizeType, func(n float64) { c.Memory = int64(n) }},
		{"pids", w.op.plan.PIDs, types.IntType, func(n float64) { c.PIDs = int64(n) }},
	} {
		if a.x == nil {
			continue
		}
		v, err := w.run.eval(ctx, a.x, a.as, w.scope)
		if err != nil {
			return fmt.Errorf("%s: %w", a.name, err)
		}
		n, ok := number(v)
		if !ok || n <= 0 {
			return fmt.Errorf("%s: expected more than zero", a.name)
		}
		a.set(n)
	}
	return nil
}

func number(v value.Value) (float64, bool) {
	switch v := v.(type) {
	case value.Int:
		return float64(v), true
	case value.Float:
		return float64(v), true
	case value.Size:
		return float64(v), true
	case value.JSON: // whose type nobody said
		text, _ := value.Env(v)
		n, err := strconv.ParseFloat(text, 64)
		return n, err == nil
	}
	return 0, false
}
