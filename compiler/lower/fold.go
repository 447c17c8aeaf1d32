package lower

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/format"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

// spot is where an expression stands: what it may read, and what is known of that.
type spot struct {
	*binder
	file   *ast.File
	module *check.Module
	names  *names
	// scope and narrow tell the types of what is named; nil where no type is asked for.
	scope  *expr.Scope
	narrow map[string]bool
	// shared says that several calls of a pipeline share the expression, so that its names are late.
	shared bool
	// attempt says that functions read an attempt's workspace instead of the repository.
	attempt bool
	// tolerant says that an expression which fails now is left to fail when it is reached.
	tolerant bool
}

// fold evaluates an expression as far as it is known now: a value, else its canonical text.
// The value is nil when it is late.
func (s spot) fold(x ast.Expr, want *types.Type) (plan.Expr, value.Value) {
	s.mention(x)
	v, err := s.eval(x, want)
	if err == nil {
		err = s.kept(x, v, want)
	}
	return s.result(x, v, err)
}

// result is what an evaluation makes of an expression in the plan.
func (s spot) result(x ast.Expr, v value.Value, err error) (plan.Expr, value.Value) {
	if err == nil {
		return s.constant(v), v
	}
	if bad := (*expr.EvalError)(nil); errors.As(err, &bad) && !s.tolerant {
		s.fail(&EvalError{File: s.file.Source, Span: bad.Span, Message: bad.Message})
	} else if unknown := (*expr.UnknownError)(nil); bad == nil && !errors.As(err, &unknown) {
		s.fail(fmt.Errorf("%s: %w", place(s.file.Source, x.Span()), err))
	}
	s.noteLate(x)
	return plan.Expr{CEL: format.Expr(x), At: place(s.file.Source, x.Span())}, nil
}

// constant is a value in the plan.
func (b *binder) constant(v value.Value) plan.Expr {
	raw, err := value.Marshal(v)
	if err != nil {
		b.fail(fmt.Errorf("a value that no plan can hold: %w", err))
	}
	return plan.Expr{Value: raw}
}

// opt is fold for an expression that may be absent.
func (s spot) opt(x ast.Expr, want *types.Type) *plan.Expr {
	if x == nil {
		return nil
	}
	out, _ := s.fold(x, want)
	return &out
}

// guard is fold for a condition. It is false as soon as one of its top-level conjuncts is.
func (s spot) guard(x ast.Expr) (plan.Expr, bool) {
	s.mention(x)
	v, err := s.eval(x, types.BoolType)
	if parts := conjuncts(x); err != nil && len(parts) > 1 && slices.ContainsFunc(parts, s.isFalse) {
		v, err = value.Bool(false), nil
	}
	out, v := s.result(x, v, err)
	if v != nil {
		out.Text = format.Expr(x)
	}
	return out, v == value.Bool(false)
}

func (s spot) isFalse(x ast.Expr) bool {
	v, err := s.eval(x, types.BoolType)
	return err == nil && v == value.Bool(false)
}

// condition is guard for what may be absent.
func (s spot) condition(x ast.Expr) *plan.Expr {
	if x == nil {
		return nil
	}
	out, _ := s.guard(x)
	return &out
}

var errLate error = &expr.UnknownError{}

func (s spot) eval(x ast.Expr, want *types.Type) (value.Value, error) {
	if v, ok := literal(x, want); ok {
		return v, nil
	}
	if s.hopeless(x) {
		return nil, errLate
	}
	p, err := expr.Compile(x, expr.CompileOptions{Want: want, Records: s.recordsOf(x)})
	if err != nil {
		return nil, err
	}
	settings, known := s.settingsFor(x)
	return p.Eval(context.Background(), expr.Input{
		Var: func(id string) (value.Value, bool) {
			if id == "settings" {
				return settings, known
			}
			v := s.known(id)
			return v, v != nil
		},
		Status: func(step string) expr.Status {
			if n := s.names.find(step); n != nil {
				return n.status
			}
			return ""
		},
	})
}

// literal is the value of what is written out, which needs no evaluation.
func literal(x ast.Expr, want *types.Type) (value.Value, bool) {
	kind := types.Invalid
	if want != nil {
		kind = want.Plain().Kind
	}
	is := func(k types.Kind) bool { return want == nil || kind == k }
	switch x := ast.Unparen(x).(type) {
	case *ast.StringLit:
		return value.String(x.Value), want == nil || want.Plain().IsText()
	case *ast.BoolLit:
		return value.Bool(x.Value), is(types.Bool)
	case *ast.IntLit:
		return value.Int(x.Value), is(types.Int)
	case *ast.DurationLit:
		return value.Duration(x.Value), is(types.Duration)
	case *ast.SizeLit:
		return value.Size(x.Value), is(types.Size)
	case *ast.ListLit:
		if want == nil || kind != types.List {
			return nil, false
		}
		out := value.List{}
		for _, e := range x.Elems {
			v, ok := literal(e.Value, want.Plain().Elem)
			if !ok || e.Optional {
				return nil, false
			}
			out = append(out, v)
		}
		return out, true
	}
	return nil, false
}

// hopeless reports that an expression has no value now, whatever it is compiled to.
func (s spot) hopeless(x ast.Expr) bool {
	if branches(x) {
		return false
	}
	for _, r := range expr.Refs(x) {
		if r.Name == "settings" {
			if _, known := s.settingsFor(x); !known {
				return true
			}
		} else if s.known(r.Name) == nil {
			return true
		}
	}
	return false
}

// known is a name's value, nil when it is late.
func (s spot) known(id string) value.Value {
	n := s.names.find(id)
	if n == nil || n.graph && s.shared {
		return nil
	}
	return n.value
}

// typeOf is the text of an expression's type, "" when only the run knows it.
func (s spot) typeOf(x ast.Expr) plan.Type {
	if s.scope == nil {
		return ""
	}
	t := expr.Check(x, s.scope, expr.Options{File: s.file.Source, Diags: new(diag.List), Narrow: s.narrow})
	if t.Kind == types.Invalid || t.Kind == types.JSON {
		return ""
	}
	return s.text(t)
}

// secretIn reports whether an expression, or an element where it is a list, is secret.
func (s spot) secretIn(x ast.Expr) bool {
	if x == nil || s.scope == nil {
		return false
	}
	if l, ok := ast.Unparen(x).(*ast.ListLit); ok {
		return slices.ContainsFunc(l.Elems, func(e ast.ListElem) bool { return s.secretIn(e.Value) })
	}
	t := expr.Check(x, s.scope, expr.Options{File: s.file.Source, Diags: new(diag.List), Narrow: s.narrow})
	return t.DeepLabels()&types.Secret != 0
}
