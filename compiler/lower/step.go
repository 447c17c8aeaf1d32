package lower

import (
	"slices"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

// step lowers one step. One that is known never to run keeps its place, guards and edges, and
// nothing else of it is looked at.
func (g *graph) step(s *check.Step) plan.Step {
	out := plan.Step{
		Path: g.prefix + s.Name, Name: s.Name, Doc: docText(s.Decl.Doc), At: place(s.File.Source, s.Decl.Name.Span()),
		Result: g.text(s.Result), Type: g.text(s.Type),
		ValueEdges: s.ValueEdges, OrderEdges: s.OrderEdges, Narrow: s.Narrow,
	}
	in := g.spot(s.Scope)
	in.names = g.names.child(true)
	for _, l := range s.Loops {
		in.names.late(l.Var)
	}
	for _, b := range s.Bindings {
		in.names.late(b.Name)
	}
	if g.skipped(in, s, &out) {
		out.Never, out.Gaps = true, false
		g.names.set(s.Name, &name{value: value.None{}, status: expr.StatusSkipped})
		g.callee(s, &out)
		return out
	}
	in.narrow = set(s.Narrow)
	if out.Gaps {
		g.loops(in, s, &out)
		g.callee(s, &out)
		return out
	}
	out.Services = s.Services
	g.modifiers(in, s, &out)
	in.tolerant = refused(out.Require)
	values := g.args(in, s, &out)
	switch {
	case s.Op != nil:
		out.Op = g.op(s.Op, in)
		g.imagesOf(in, s)
		g.effects.native(s.Op, values)
	case s.Pipeline != nil:
		g.call(s, &out, values)
	}
	return out
}

// callee names what a step would call, whose inside nobody will ask for.
func (g *graph) callee(s *check.Step, out *plan.Step) {
	switch {
	case s.Op != nil:
		out.Op = g.opID(s.Op)
	case s.Pipeline != nil:
		p := s.Pipeline
		out.Graph = &plan.Graph{
			Name: p.Name, Module: p.Module.Load.ID, At: place(p.File.Source, p.Decl.Name.Span()),
			Steps: []plan.Step{}, Result: g.text(p.Result),
		}
	}
}

// skipped lowers what decides whether a step runs: what it needs, and its guards.
func (g *graph) skipped(in spot, s *check.Step, out *plan.Step) bool {
	never := g.never
	for _, n := range s.Needs {
		never = never || g.names.find(n).willSkip()
	}
	out.Needs = s.Needs
	for _, it := range s.Modifiers {
		if it, ok := it.(*ast.After); ok {
			for _, n := range it.Steps {
				out.After = append(out.After, n.Text)
			}
		}
	}
	switch {
	case never, g.guards(in, s, out):
		return true
	case len(s.Bindings) == 0:
		return false
	}
	// The guards may read what is bound; what nobody reads behind a false guard stays unread.
	return g.bindings(in, s, out) || g.guards(in, s, out)
}

// guards lowers the `when`s up to the first that is false already. One that names a loop variable
// is asked for each instance: false already, it leaves gaps and makes those like it needless, and
// the step itself goes on.
func (g *graph) guards(in spot, s *check.Step, out *plan.Step) bool {
	var loops map[string]bool
	for _, l := range s.Loops {
		if loops == nil {
			loops = map[string]bool{}
		}
		loops[l.Var] = true
	}
	out.When, out.Gaps = nil, false
	for _, it := range s.Modifiers {
		w, ok := it.(*ast.When)
		if !ok {
			continue
		}
		each := mentions(w.Cond, loops)
		if each && out.Gaps {
			continue
		}
		x, no := in.guard(w.Cond)
		out.When = append(out.When, plan.Guard{Expr: x, Instance: each})
		if no && !each {
			return true
		}
		out.Gaps = out.Gaps || no
	}
	return false
}

// bindings lowers `needs name = expr`, which stand outside the names that they bind; one
// whose content is absent already skips the step.
func (g *graph) bindings(in spot, s *check.Step, out *plan.Step) bool {
	outer := in
	outer.names = g.names
	for _, b := range s.Bindings {
		x, v := outer.fold(b.Value, types.OptionalOf(b.Type))
		if v == (value.None{}) {
			return true
		}
		in.names.set(b.Name, &name{value: v})
		out.Bindings = append(out.Bindings, plan.NamedExpr{Name: b.Name, Type: g.text(b.Type), Value: x})
	}
	return false
}

func (n *name) willSkip() bool { return n != nil && n.status == expr.StatusSkipped }

func mentions(x ast.Expr, names map[string]bool) bool {
	return slices.ContainsFunc(expr.Refs(x), func(r expr.Ref) bool { return names[r.Name] })
}

func set(list []string) map[string]bool {
	out := map[string]bool{}
	for _, x := range list {
		out[x] = true
	}
	return out
}

// refused reports that the step fails before it starts, whatever else it says.
func refused(list []plan.Require) bool {
	return slices.ContainsFunc(list, func(r plan.Require) bool { return string(r.Cond.Value) == "false" })
}

// modifiers lowers the rest of what a step says of itself. Those of an inline op that are
// attributes too stay with the op.
func (g *graph) modifiers(in spot, s *check.Step, out *plan.Step) {
	g.loops(in, s, out)
	for _, it := range s.Modifiers {
		if s.Op != nil && slices.Contains(s.Op.Items, it) {
			continue
		}
		switch it := it.(type) {
		case *ast.Require:
			out.Require = append(out.Require, in.require(it))
		case *ast.Approve:
			message, _ := in.fold(it.Message, types.StringType)
			out.Approve = &plan.Approve{Message: message, When: in.condition(it.When)}
		case *ast.Lock:
			out.Locks = append(out.Locks, in.lock(it))
		case *ast.AllowFailure:
			out.AllowFailure = &plan.AllowFailure{When: in.ended(s).condition(it.When)}
		case *ast.Retry:
			out.Retry = in.retry(it, in.ended(s))
		case *ast.Attr:
			switch it.Key.Text {
			case "timeout":
				out.Timeout = in.opt(it.Value, types.DurationType)
			case "target":
				out.Target = in.target(it.Value)
			case "pool":
				out.Pool = in.pool(it.Value)
			}
		}
	}
}

// loops lowers the `for`s.
func (g *graph) loops(in spot, s *check.Step, out *plan.Step) {
	for _, l := range s.Loops {
		list, _ := in.fold(l.Decl.List, types.ListOf(l.Type))
		out.For = append(out.For, plan.Loop{
			Var: l.Var, Type: g.text(l.Type), List: list,
			Where: in.condition(l.Decl.Where), Max: in.opt(l.Decl.Max, types.IntType),
		})
	}
}

// ended is where conditions about a step's failure stand.
func (s spot) ended(step *check.Step) spot {
	if step.Op != nil {
		return s.after(step.Op)
	}
	s.names = s.names.child(false)
	s.names.late("exit_code")
	return s
}
