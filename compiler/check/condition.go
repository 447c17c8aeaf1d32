package check

import (
	"context"
	"fmt"
	"strings"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/format"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

// holds refuses a value that is written out and breaks the condition of the field that it is for; owner is the file
// where the field stands. Every other value is held to the condition where it becomes known.
func (f *file) holds(v ast.Expr, x *ast.Field, t *types.Type, owner *source.File, what string) {
	if x.Where == nil || v == nil || !writtenOut(v) {
		return
	}
	self := f.constant(v, t)
	if self == nil || self == (value.None{}) || f.conditionOf(x.Where, types.BoolType, self) != value.Bool(false) {
		return
	}
	message := "expected a value for which " + format.Expr(x.Where) + " holds"
	secret := t.DeepLabels()&types.Secret != 0
	if _, plain := ast.Unparen(x.Else).(*ast.StringLit); plain || x.Else != nil && !secret {
		if text, ok := f.conditionOf(x.Else, types.StringType, self).(value.String); ok {
			message = strings.Join(strings.Fields(string(text)), " ")
		}
	}
	if !secret {
		message += ", found " + oneLine(f.src.Slice(v.Span()))
	}
	f.report(finding{
		rule: diag.InvalidValue, at: v.Span(), message: fmt.Sprintf("%s: %s", what, message), hide: secret,
		related: []diag.Related{{File: owner, Span: x.Where.Span(), Message: "this is asked of it"}},
	})
}

// maxOperations is how many operations a condition may do here, as it may be asked of thousands of values: a run has
// the time for more.
const maxOperations = 10_000

// conditionOf is what an expression comes to that reads functions and self only; nil where it reads more.
func (f *file) conditionOf(x ast.Expr, t *types.Type, self value.Value) value.Value {
	p, err := expr.Compile(x, expr.CompileOptions{Want: t})
	if err != nil {
		return nil
	}
	v, err := p.Eval(context.Background(), expr.Input{Limit: maxOperations, Var: func(name string) (value.Value, bool) {
		if name == "self" {
			return self, true
		}
		return nil, false
	}})
	if err != nil {
		return nil
	}
	return v
}

// writtenOut says that a value stands in the text as it is.
func writtenOut(x ast.Expr) bool {
	switch x := ast.Unparen(x).(type) {
	case *ast.StringLit, *ast.BoolLit:
		return true
	case *ast.ListLit:
		for _, e := range x.Elems {
			if !writtenOut(e.Value) {
				return false
			}
		}
		return true
	}
	_, ok := number(x)
	return ok
}
