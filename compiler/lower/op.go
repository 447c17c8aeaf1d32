package lower

import (
	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

// opID is unique in a plan: the module's ID and the op's name; an inline op is named after
// its pipeline and step.
func (g *graph) opID(o *check.Op) string {
	if o.Inline != nil {
		return o.Module.Load.ID + "." + inlineName(g.pipeline, o)
	}
	return o.Module.Load.ID + "." + o.Name
}

func inlineName(p *check.Pipeline, o *check.Op) string { return p.Name + "/" + o.Inline.Name.Text }

// op lowers what a step calls, once for all steps that call it, and gives its ID. An inline
// op's expressions see what the step's do.
func (g *graph) op(o *check.Op, step spot) string {
	id := g.opID(o)
	if _, ok := g.plan.Ops[id]; ok {
		step.use(o.Captures...)
		return id
	}
	in := g.within(o.Module, o.File, o.Scope)
	out := plan.Op{Name: o.Name, Module: o.Module.Load.ID, Folder: o.Module.Load.Folder, Native: o.Native, Result: g.text(o.Result)}
	if o.Inline != nil {
		in = step
		in.scope, in.shared = o.Scope, g.nested
		out.Name, out.Inline = inlineName(g.pipeline, o), true
		out.Doc, out.At = docText(o.Inline.Doc), place(o.File.Source, o.Inline.Name.Span())
		for _, p := range o.Params {
			out.Params = append(out.Params, plan.Param{Name: p.Name, Type: g.text(p.Type)})
		}
	} else {
		in.names = in.names.child(false)
		for _, p := range o.Params {
			in.names.late(p.Name)
		}
		out.Doc, out.At = docText(o.Decl.Doc), place(o.File.Source, o.Decl.Name.Span())
		out.Params = g.params(o.Params, o.Module)
	}
	if services := servicesOf(o.Items); len(services) > 0 {
		in.names = in.names.child(false)
		in.names.late(services...)
	}
	l := opLowering{in: in, op: o, out: &out}
	for _, it := range o.Items {
		l.item(it)
	}
	g.plan.Ops[id] = out
	g.effects.op(&out, l.image, l.inputs, l.network)
	return id
}

// after is where `return` and the condition of a retry stand: an attempt has ended.
func (s spot) after(o *check.Op) spot {
	s.scope, s.attempt = o.ReturnScope, true
	s.names = s.names.child(false)
	s.names.late("exit_code", "stdout", "stderr", "outputs")
	return s
}

// opLowering is an op while its items are lowered.
type opLowering struct {
	in                     spot
	op                     *check.Op
	out                    *plan.Op
	image, inputs, network value.Value
}

func (l *opLowering) item(it ast.Item) {
	out := l.out
	switch it := it.(type) {
	case *ast.Attr:
		l.attr(it)
	case *ast.InPlace:
		out.InPlace = true
	case *ast.Run:
		out.Runs = append(out.Runs, l.in.run(it))
	case *ast.Env:
		out.Env = append(out.Env, l.in.env(it)...)
	case *ast.Mount:
		for _, e := range it.Entries {
			out.Mounts = append(out.Mounts, l.in.mount(e))
		}
	case *ast.Cached:
		out.Cached = &plan.Cached{For: l.in.opt(it.For, types.DurationType), Vary: l.in.opt(it.Vary, nil), Secret: l.in.secretIn(it.Vary)}
	case *ast.Service:
		out.Services = append(out.Services, l.in.service(it))
	case *ast.Retry:
		out.Retry = l.in.retry(it, l.in.after(l.op))
	case *ast.Return:
		out.Return = l.in.after(l.op).opt(it.Value, l.op.Result)
	}
}

func (l *opLowering) attr(a *ast.Attr) {
	in, out, x := l.in, l.out, a.Value
	switch a.Key.Text {
	case "image":
		if x != nil {
			var image plan.Expr
			image, l.image = in.image(x)
			out.Image = &image
		}
	case "exec":
		out.Exec = in.opt(x, types.ListOf(types.StringType))
	case "inherit":
		out.Inherit = literals(x)
	case "capabilities":
		out.Capabilities = literals(x)
	case "inputs":
		out.Inputs, l.inputs = in.paths(x, types.ListOf(types.StringType))
	case "keep":
		out.Keep = in.opt(x, types.ListOf(types.StringType))
	case "workdir":
		out.Workdir, _ = in.paths(x, types.PathType)
	case "network":
		out.Network, l.network = in.both(x, types.StringType)
	case "user":
		out.User = in.opt(x, types.StringType)
	case "cpu":
		out.CPU = in.opt(x, nil)
	case "memory":
		out.Memory = in.opt(x, types.SizeType)
	case "pids":
		out.PIDs = in.opt(x, types.IntType)
	case "timeout":
		out.Timeout = in.opt(x, types.DurationType)
	case "grace":
		out.Grace = in.opt(x, types.DurationType)
	case "success_codes":
		out.SuccessCodes = in.opt(x, types.ListOf(types.IntType))
	case "idempotent":
		out.Idempotent = true
	case "target":
		out.Target = in.target(x)
	case "pool":
		out.Pool = in.pool(x)
	}
}

// both is opt with the value.
func (s spot) both(x ast.Expr, want *types.Type) (*plan.Expr, value.Value) {
	if x == nil {
		return nil, nil
	}
	out, v := s.fold(x, want)
	return &out, v
}

func (s spot) run(it *ast.Run) plan.Run {
	out := plan.Run{Interpreter: "sh", At: place(s.file.Source, it.Span()), When: s.condition(it.When), OnFailure: it.OnFailure}
	if it.Title != nil {
		out.Title = it.Title.Value
	}
	if it.Script != nil {
		out.Script = it.Script.Text
		if it.Script.Lang != "" {
			out.Interpreter = it.Script.Lang
		}
	}
	return out
}

func (s spot) env(it *ast.Env) []plan.NamedExpr {
	var out []plan.NamedExpr
	for _, e := range it.Entries {
		x, _ := s.fold(e.Value, nil)
		out = append(out, plan.NamedExpr{Name: e.Name.Text, Type: s.typeOf(e.Value), Value: x})
	}
	return out
}

func (s spot) mount(e *ast.MountEntry) plan.Mount {
	path, _ := s.paths(e.Path, types.PathType)
	out := plan.Mount{Path: *path}
	if c, ok := ast.Unparen(e.Value).(*ast.Call); ok && c.Target == nil && c.Name.Text == "cache" && len(c.Args) == 1 {
		if name, ok := s.value(c.Args[0], types.StringType).(value.String); ok {
			out.Cache = string(name)
			return out
		}
	}
	out.Value, out.Type = s.opt(e.Value, nil), s.typeOf(e.Value)
	return out
}

func (s spot) value(x ast.Expr, want *types.Type) value.Value {
	_, v := s.fold(x, want)
	return v
}

func (s spot) service(it *ast.Service) plan.Service {
	out := plan.Service{Name: it.Name.Text, At: place(s.file.Source, it.Name.Span())}
	for _, it := range it.Items {
		switch it := it.(type) {
		case *ast.Attr:
			if calls := s.readiness(it); calls != nil {
				out.Attrs = append(out.Attrs, calls...)
				continue
			}
			x := plan.NamedExpr{Name: it.Key.Text, Value: plan.Expr{Value: []byte("true")}}
			if it.Value != nil {
				var v value.Value
				x.Type = s.typeOf(it.Value)
				if it.Key.Text == "image" {
					x.Value, v = s.image(it.Value)
					s.effects.image(true, v)
				} else {
					x.Value, _ = s.fold(it.Value, nil)
				}
			}
			out.Attrs = append(out.Attrs, x)
		case *ast.Run:
			out.Runs = append(out.Runs, s.run(it))
		case *ast.Env:
			out.Env = append(out.Env, s.env(it)...)
		}
	}
	return out
}
