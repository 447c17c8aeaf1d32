package lower

import (
	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/format"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

// graph lowers one call of a pipeline.
type graph struct {
	*binder
	pipeline *check.Pipeline
	names    *names
	prefix   string // of its steps' paths
	nested   bool   // a call of the same pipeline may stand elsewhere
	never    bool   // the pipeline's own guard is false already
	lets     map[*check.Let]plan.Let
}

// newGraph opens the scope of a pipeline, in which its parameters have the values given.
func (b *binder) newGraph(p *check.Pipeline, prefix string, args map[string]value.Value) *graph {
	g := &graph{
		binder: b, pipeline: p, prefix: prefix, nested: prefix != "",
		names: b.module(p.Module).names.child(true),
		lets:  map[*check.Let]plan.Let{},
	}
	for _, x := range p.Params {
		g.names.set(x.Name, &name{value: args[x.Name]})
	}
	for _, l := range p.Lets {
		g.names.set(l.Name, &name{use: func(n *name) {
			n.use = nil
			x, v := g.spot(p.Scope).fold(l.Decl.Value, l.Type)
			n.value, g.lets[l] = v, plan.Let{Name: l.Name, Type: b.text(l.Type), Value: x, Services: l.Services}
		}})
	}
	g.names.late(servicesOf(p.Head)...)
	for _, list := range [][]*check.Step{p.Steps, p.OnFailure, p.Finally} {
		for _, s := range list {
			g.names.late(s.Name)
		}
	}
	return g
}

// spot is where the pipeline's own expressions stand.
func (g *graph) spot(scope *expr.Scope) spot {
	return spot{binder: g.binder, file: g.pipeline.File, module: g.pipeline.Module, names: g.names, scope: scope}
}

func (g *graph) lower() plan.Graph {
	p := g.pipeline
	out := plan.Graph{
		Name: p.Name, Module: p.Module.Load.ID, Result: g.text(p.Result),
		At: place(p.File.Source, p.Decl.Name.Span()),
	}
	in := g.spot(p.Scope)
	g.head(in, &out)
	out.Steps = g.list(p.Steps)
	out.OnFailure = g.list(p.OnFailure)
	out.Finally = g.list(p.Finally)
	if p.Return != nil && !g.never {
		out.Return = in.opt(p.Return, p.Result)
	}
	for _, l := range p.Lets {
		if x, ok := g.lets[l]; ok {
			out.Lets = append(out.Lets, x)
		}
	}
	if out.Steps == nil {
		out.Steps = []plan.Step{}
	}
	return out
}

// head lowers the modifiers of the pipeline itself, its guards first.
func (g *graph) head(in spot, out *plan.Graph) {
	for _, it := range g.pipeline.Head {
		if w, ok := it.(*ast.When); ok && !g.never {
			x, no := in.guard(w.Cond)
			out.When = append(out.When, x)
			g.never = g.never || no
		}
	}
	if g.never {
		return
	}
	for _, it := range g.pipeline.Head {
		switch it := it.(type) {
		case *ast.Require:
			out.Require = append(out.Require, in.require(it))
		case *ast.Lock:
			out.Locks = append(out.Locks, in.lock(it))
		case *ast.Service:
			out.Services = append(out.Services, in.service(it))
			for _, x := range imageExprs(it.Items) {
				in.noteImage(x, g.prefix+g.pipeline.Name)
			}
		case *ast.Attr:
			switch it.Key.Text {
			case "timeout":
				out.Timeout = in.opt(it.Value, types.DurationType)
			case "target":
				out.Target = in.target(it.Value)
			}
		}
	}
}

// list lowers steps after those that they wait for, and gives them in the order of the text.
func (g *graph) list(steps []*check.Step) []plan.Step {
	if len(steps) == 0 {
		return nil
	}
	at, done := make(map[string]int, len(steps)), make([]bool, len(steps))
	for i, s := range steps {
		at[s.Name] = i
	}
	out := make([]plan.Step, len(steps))
	var visit func(int)
	visit = func(i int) {
		if done[i] {
			return
		}
		done[i] = true
		for _, edges := range [][]string{steps[i].ValueEdges, steps[i].OrderEdges} {
			for _, e := range edges {
				if before, here := at[e]; here {
					visit(before)
				}
			}
		}
		out[i] = g.step(steps[i])
	}
	for i := range steps {
		visit(i)
	}
	return out
}

func (s spot) require(it *ast.Require) plan.Require {
	cond, _ := s.guard(it.Cond)
	return plan.Require{Cond: cond, Else: s.opt(it.Else, types.StringType)}
}

func (s spot) lock(it *ast.Lock) plan.Lock {
	key, _ := s.fold(it.Key, types.StringType)
	return plan.Lock{Key: key, Policy: it.Policy.Text}
}

// target is the name of a target as it is written: host, or one that is declared.
func (s spot) target(x ast.Expr) *plan.Expr {
	name := format.Expr(ast.Unparen(x))
	if decl, m := s.declaredTarget(x); decl != nil {
		if m != s.draft.program.Entry {
			name = m.Load.ID + "." + decl.Name.Text // namespaces differ from file to file
		}
		s.describe(name, decl, m)
	}
	out := s.constant(value.String(name))
	return &out
}

// pool is the name of a pool, whose slots the plan then holds.
func (s spot) pool(x ast.Expr) string {
	var name string
	for _, name = range literals(x) {
		if s.plan.Pools == nil {
			s.plan.Pools = map[string]int{}
		}
		s.plan.Pools[name] = s.draft.program.Load.Config.Pools[name]
	}
	return name
}

// retry lowers how often and when; its condition stands where an attempt has ended.
func (s spot) retry(it *ast.Retry, attempt spot) *plan.Retry {
	count, _ := s.fold(it.Count, types.IntType)
	return &plan.Retry{
		Count: count, Every: s.opt(it.Every, types.DurationType), Backoff: s.opt(it.Backoff, nil),
		Max: s.opt(it.Max, types.DurationType), When: attempt.condition(it.When),
	}
}
