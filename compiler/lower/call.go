package lower

import (
	"fmt"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/format"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

// args lowers the arguments of a step, in the order of the parameters. A default that is late
// is left out: it stands with the parameter, where it sees what its own file declares.
func (g *graph) args(in spot, s *check.Step, out *plan.Step) map[string]value.Value {
	if s.Op != nil && s.Op.Inline != nil {
		in.inlineArgs(s, out)
		return nil
	}
	params, module := callee(s)
	given := map[string]check.Arg{}
	for _, a := range s.Args {
		given[a.Param.Name] = a
	}
	values := map[string]value.Value{}
	for _, p := range params {
		var x plan.NamedExpr
		if a, ok := given[p.Name]; ok {
			x, values[p.Name] = in.arg(a, module)
			out.Args = append(out.Args, x)
		} else if known, v := g.defaultOf(p, module); v != nil {
			values[p.Name] = v
			out.Args = append(out.Args, plan.NamedExpr{Name: p.Name, Type: g.text(p.Type), Value: known})
		}
	}
	return values
}

// inlineArgs are the parameters of an inline op: the names of its loops and bindings.
func (s spot) inlineArgs(step *check.Step, out *plan.Step) {
	for _, p := range step.Op.Params {
		x := plan.Expr{CEL: p.Name, At: out.At}
		if v := s.known(p.Name); v != nil {
			x = s.constant(v)
		}
		out.Args = append(out.Args, plan.NamedExpr{Name: p.Name, Type: s.text(p.Type), Value: x})
	}
}

func callee(s *check.Step) ([]*check.Param, *check.Module) {
	switch {
	case s.Op != nil:
		return s.Op.Params, s.Op.Module
	case s.Pipeline != nil:
		return s.Pipeline.Params, s.Pipeline.Module
	}
	return nil, nil
}

func (s spot) arg(a check.Arg, callee *check.Module) (plan.NamedExpr, value.Value) {
	x, v := s.fold(a.Value, a.Param.Type)
	out := plan.NamedExpr{Name: a.Param.Name, Type: s.text(a.Param.Type), Value: x}
	switch moved := s.moved(a.Param.Type, callee.Load.Folder); {
	case moved && v == nil:
		out.From = "/" + s.module.Load.Folder
	case moved:
		v = anchored(s.module.Load.Folder, v)
		out.Value = s.constant(v)
	}
	if v != nil && !s.tolerant {
		s.admit(a.Param, callee, v, &EvalError{File: s.file.Source, Span: a.Value.Span(), Message: "argument " + a.Param.Name})
	}
	return out, v
}

// defaultOf is a parameter's default where it is known, and the absence of an optional one.
func (b *binder) defaultOf(p *check.Param, m *check.Module) (plan.Expr, value.Value) {
	in := b.within(m, p.File, nil)
	switch {
	case p.Decl.Default != nil:
		return in.fold(p.Decl.Default, p.Type)
	case p.Type.Kind == types.Optional:
		return plan.Expr{Value: []byte("null")}, value.None{}
	}
	return plan.Expr{}, nil
}

// admit holds a known argument to the parameter's condition; at says which argument it is.
func (b *binder) admit(p *check.Param, m *check.Module, v value.Value, at *EvalError) {
	if p.Decl.Where == nil || v == (value.None{}) {
		return
	}
	in := b.within(m, p.File, nil)
	in.names = in.names.child(false)
	in.names.set("self", &name{value: v})
	in.mention(p.Decl.Where)
	holds, err := in.eval(p.Decl.Where, types.BoolType)
	if err != nil || holds == value.Bool(true) {
		return // what cannot be said now, the run says
	}
	message := "expected a value for which " + format.Expr(p.Decl.Where) + " holds"
	if p.Decl.Else != nil {
		if text, err := in.eval(p.Decl.Else, types.StringType); err == nil {
			message = fmt.Sprint(text)
		}
	}
	at.Message += ": " + message
	b.fail(at)
}

// params lowers the declarations of parameters; a Value is the default.
func (b *binder) params(list []*check.Param, m *check.Module) []plan.Param {
	var out []plan.Param
	for _, p := range list {
		in := b.within(m, p.File, nil)
		x := plan.Param{Name: p.Name, Type: b.text(p.Type), Value: in.opt(p.Decl.Default, p.Type)}
		in.names = in.names.child(false)
		in.names.late("self")
		if p.Decl.Where != nil {
			x.Where, x.Else = in.opt(p.Decl.Where, types.BoolType), in.opt(p.Decl.Else, types.StringType)
		}
		out = append(out, x)
	}
	return out
}

// call lowers a pipeline called as a step.
func (g *graph) call(s *check.Step, out *plan.Step, values map[string]value.Value) {
	sub := g.newGraph(s.Pipeline, out.Path+"/", values)
	lowered := sub.lower()
	lowered.Params = g.params(s.Pipeline.Params, s.Pipeline.Module)
	out.Graph = &lowered
	if sub.never && s.Type.Kind == types.Optional {
		out.Never, out.Args = true, nil
		g.names.set(s.Name, &name{value: value.None{}, status: expr.StatusSkipped})
	}
}
