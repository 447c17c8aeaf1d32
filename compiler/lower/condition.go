package lower

import (
	"context"
	"errors"
	"maps"
	"sync"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

// conditions are what the records of a draft ask of their fields, made when they are first needed.
type conditions struct {
	once     sync.Once
	all      *plan.Conditions
	programs sync.Map // *plan.Expr to *expr.Program
}

// Conditions are what the program's records ask of their fields.
func (d *Draft) Conditions() *plan.Conditions {
	d.once.Do(func() {
		if len(d.declared) == 0 {
			return
		}
		b := newBinder(d, Values{})
		b.records = maps.Clone(d.records)
		records := b.recordTypes()
		d.all = plan.NewConditions(records, b.moduleList())
	})
	return d.all
}

// hold keeps a value to what the fields of its records ask, as far as that can be said now. It
// gives what is broken first, else nil.
func (b *binder) hold(v value.Value, t *types.Type) *plan.UnmetError {
	if t == nil || t.Elem == nil && t.Record == nil {
		return nil // holds no record; conditions themselves come by here
	}
	for part := range b.draft.Conditions().In(v, t) {
		err := part.Ask(func(x *plan.Expr, want *types.Type) (value.Value, error) { return b.draft.ask(part, x, want) })
		if unmet := (*plan.UnmetError)(nil); errors.As(err, &unmet) {
			return unmet
		}
	}
	return nil
}

// kept is hold for the value of an expression: what breaks a condition is like one that fails.
func (s spot) kept(x ast.Expr, v value.Value, want *types.Type) error {
	if s.tolerant {
		return nil
	}
	if unmet := s.hold(v, want); unmet != nil {
		return &expr.EvalError{Span: x.Span(), Message: unmet.Error()}
	}
	return nil
}

// ask evaluates an expression of a condition.
func (d *Draft) ask(part plan.Part, x *plan.Expr, want *types.Type) (value.Value, error) {
	if x.Value != nil {
		return value.Unmarshal(want, x.Value)
	}
	p, err := d.compiled(part, x, want)
	if err != nil {
		return nil, err
	}
	return p.Eval(context.Background(), expr.Input{
		Var: func(id string) (value.Value, bool) { return part.Value, id == "self" },
	})
}

func (d *Draft) compiled(part plan.Part, x *plan.Expr, want *types.Type) (*expr.Program, error) {
	if p, ok := d.programs.Load(x); ok {
		return p.(*expr.Program), nil
	}
	tree, err := expr.Parse(x.CEL)
	if err != nil {
		return nil, err
	}
	records := map[string]*types.Type{}
	for name, id := range part.Records {
		records[name] = d.records[id]
	}
	p, err := expr.Compile(tree, expr.CompileOptions{Want: want, Records: records})
	if err == nil {
		d.programs.Store(x, p)
	}
	return p, err
}
