package settings

import (
	"context"
	"errors"
	"fmt"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

// evaluation is what an expression of a declaration is evaluated with.
type evaluation struct {
	want  *types.Type
	types map[string]*types.Type
	host  expr.Host
	self  value.Value // nil where there is none
}

func evaluate(ctx context.Context, x *plan.Expr, e evaluation) (value.Value, error) {
	if x.Value != nil {
		return value.Unmarshal(e.want, x.Value)
	}
	tree, err := expr.Parse(x.CEL)
	if err != nil {
		return nil, err
	}
	program, err := expr.Compile(tree, expr.CompileOptions{Want: e.want, Records: e.types})
	if err != nil {
		return nil, err
	}
	return program.Eval(ctx, expr.Input{
		Var: func(name string) (value.Value, bool) {
			return e.self, name == "self" && e.self != nil
		},
		Host: e.host,
	})
}

// constrain checks a setting's `where`.
func (r *resolver) constrain(s *setting, v value.Value) {
	if s.decl.Where == nil {
		return
	}
	e := evaluation{want: types.BoolType, types: r.sources.Types, host: r.sources.Host, self: v}
	ok, err := evaluate(r.ctx, s.decl.Where, e)
	if err != nil {
		s.problem(s.unevaluated("where", err, s.origin))
		return
	}
	if ok != value.Bool(true) {
		s.problem(s.violated(r.complaint(s, e), v))
	}
}

// complaint is what `else` says, or the condition itself.
func (r *resolver) complaint(s *setting, e evaluation) string {
	if s.decl.Else != nil {
		e.want = types.StringType
		// A message that looks at a secret could repeat it.
		if s.decl.Secret {
			e.self = nil
		}
		if text, err := evaluate(r.ctx, s.decl.Else, e); err == nil {
			if t, ok := text.(value.String); ok {
				return string(t)
			}
		}
	}
	return "must satisfy " + s.decl.Where.String()
}

// unevaluated reports an expression that failed. Its error may quote the value.
func (s *setting) unevaluated(what string, err error, o Origin) Problem {
	p := Problem{Setting: s.decl.Name, Variable: s.decl.Variable, Origin: o, Expected: s.expected()}
	p.Message = fmt.Sprintf("the %s of %s cannot be evaluated", what, s.decl.Name)
	if _, unknown := errors.AsType[*expr.UnknownError](err); unknown {
		p.Message += ": it depends on what is not known before the run"
	} else if !s.decl.Secret {
		p.Message += ": " + err.Error()
	}
	return p
}
