package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

// program is a plan's expression made ready, once for a run.
type program struct {
	once sync.Once
	cel  *expr.Program
	err  error
}

// eval evaluates an expression of the plan in a scope. want may be nil. Errors are
// *expr.UnknownError, the context's, or say what went wrong and where.
func (r *run) eval(ctx context.Context, x *plan.Expr, want *types.Type, sc *scope) (value.Value, error) {
	if x.CEL == "" {
		return r.constants.read(x, want)
	}
	p := r.program(x, want, sc)
	if p.err != nil {
		return nil, p.err
	}
	var fault error
	v, err := p.cel.Eval(ctx, expr.Input{
		Var: func(name string) (value.Value, bool) {
			v, err := sc.read(ctx, name)
			if err != nil {
				if !isUnknown(err) {
					fault = err
				}
				return nil, false
			}
			return v, true
		},
		Status: sc.status,
		Host:   sc.host(),
	})
	if err == nil {
		return v, nil
	}
	if fault != nil {
		return nil, fault
	}
	return nil, placed(err, x)
}

func isUnknown(err error) bool {
	var u *expr.UnknownError
	return errors.As(err, &u)
}

// placed adds the place in the file to an error of an evaluation.
func placed(err error, x *plan.Expr) error {
	var e *expr.EvalError
	if !errors.As(err, &e) || x.At == "" {
		return err
	}
	return fmt.Errorf("%w (%s)", err, x.At)
}

func (r *run) program(x *plan.Expr, want *types.Type, sc *scope) *program {
	known, ok := r.programs.Load(x)
	if !ok {
		known, _ = r.programs.LoadOrStore(x, &program{})
	}
	p := known.(*program)
	p.once.Do(func() { p.err = p.make(x, want, sc) })
	return p
}

func (p *program) make(x *plan.Expr, want *types.Type, sc *scope) error {
	tree, err := expr.Parse(x.CEL)
	if err != nil {
		return fmt.Errorf("the plan's expression at %s cannot be read: %w", x.At, err)
	}
	p.cel, err = expr.Compile(tree, expr.CompileOptions{Want: want, Records: sc.module.records})
	if err != nil {
		return fmt.Errorf("the plan's expression at %s cannot be compiled: %w", x.At, err)
	}
	return nil
}

// constants are values that stand in the plan, each read once for all steps that say the same.
type constants struct {
	mu   sync.RWMutex
	have map[constantKey]value.Value
}

type constantKey struct {
	want *types.Type
	text string
}

func (c *constants) read(x *plan.Expr, want *types.Type) (value.Value, error) {
	c.mu.RLock()
	v, ok := c.have[constantKey{want, string(x.Value)}]
	c.mu.RUnlock()
	if ok {
		return v, nil
	}
	v, err := constant(x, want)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.have == nil {
		c.have = map[constantKey]value.Value{}
	}
	c.have[constantKey{want, string(x.Value)}] = v
	return v, nil
}

// listOfTexts and listOfInts are each one type wherever they are asked for.
var listOfTexts, listOfInts = types.ListOf(types.StringType), types.ListOf(types.IntType)

// constant reads a value that stands in the plan.
func constant(x *plan.Expr, want *types.Type) (value.Value, error) {
	if want == nil {
		want = types.JSONType
	}
	v, err := value.Unmarshal(want, x.Value)
	if err != nil {
		return nil, fmt.Errorf("a value of the plan is broken: %w", err)
	}
	return v, nil
}

// typeOf reads a type of the plan. A text that is no type, which a valid plan has not, admits any value.
func (r *run) typeOf(text plan.Type) *types.Type {
	if t, ok := r.types.Load(text); ok {
		return t.(*types.Type)
	}
	t, err := types.Parse(text, func(id string) *types.Type { return r.records[id] })
	if err != nil {
		t = types.InvalidType
	}
	r.types.Store(text, t)
	return t
}
