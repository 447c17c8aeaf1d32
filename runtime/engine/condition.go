package engine

import (
	"context"
	"fmt"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

// hold keeps a value to what the fields of its records ask. The error is a *plan.UnmetError, or
// says which condition could not be evaluated.
func (r *run) hold(ctx context.Context, v value.Value, t *types.Type) error {
	for part := range r.conditions.In(v, t) {
		sc := &scope{run: r, module: r.module(part.Module, part.Where.At), locals: []local{{"self", part.Value}}}
		err := part.Ask(func(x *plan.Expr, want *types.Type) (value.Value, error) { return r.eval(ctx, x, want, sc) })
		if err != nil {
			return err
		}
	}
	return nil
}

// admit holds a parameter's value to its type's conditions and to its own.
func (r *run) admit(ctx context.Context, p *plan.Param, v value.Value, sc *scope) error {
	if err := r.hold(ctx, v, r.typeOf(p.Type)); err != nil {
		return fmt.Errorf("parameter %s: %w", p.Name, err)
	}
	return r.where(ctx, p, v, sc)
}
