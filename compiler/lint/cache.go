package lint

import (
	"fmt"
	"maps"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
)

// unstableKeys finds cached steps whose key is another in every run.
var unstableKeys = rule{
	op: func(p *pass, o *check.Op) {
		if cachedItem(o) == nil {
			return
		}
		values := letsBut(o.Module, o.Params)
		for _, it := range o.Items {
			switch it := it.(type) {
			case *ast.Env:
				for _, a := range it.Entries {
					p.unstable(o.File.Source, a.Value, values, "env "+a.Name.Text)
				}
			case *ast.Cached:
				p.unstable(o.File.Source, it.Vary, values, "vary")
			case *ast.Return:
				p.unstable(o.File.Source, it.Value, values, "return")
			}
		}
	},
	step: func(p *pass, l *check.Pipeline, s *check.Step) {
		if s.Op == nil || cachedItem(s.Op) == nil {
			return
		}
		values := letsAt(l, s)
		for _, a := range s.Args {
			p.unstable(l.File.Source, a.Value, values, "argument "+a.Param.Name)
		}
	},
}

func cachedItem(o *check.Op) *ast.Cached {
	for _, it := range o.Items {
		if c, ok := it.(*ast.Cached); ok {
			return c
		}
	}
	return nil
}

// letsBut are the values of a module's lets, without those that parameters hide.
func letsBut(m *check.Module, params []*check.Param) map[string]ast.Expr {
	out := map[string]ast.Expr{}
	for _, d := range m.Lets {
		out[d.Name] = d.Decl.Value
	}
	for _, p := range params {
		delete(out, p.Name)
	}
	return out
}

// letsAt are the values of the lets that a step of a pipeline sees.
func letsAt(l *check.Pipeline, s *check.Step) map[string]ast.Expr {
	out := letsBut(l.Module, l.Params)
	for _, d := range l.Lets {
		out[d.Name] = d.Decl.Value
	}
	for _, loop := range s.Loops {
		delete(out, loop.Var)
	}
	for _, b := range s.Bindings {
		delete(out, b.Name)
	}
	return out
}

func (p *pass) unstable(f *source.File, x ast.Expr, values map[string]ast.Expr, what string) {
	if x == nil {
		return
	}
	if fact := perRun(x, maps.Clone(values)); fact != "" {
		p.report(finding{
			rule: diag.UnstableCacheKey, file: f, at: x.Span(),
			message: fmt.Sprintf("%s holds %s, which is another in every run: the step is never found in the cache", what, fact),
			help:    "leave it out of what is cached, or remove cached",
		})
	}
}

// coarse are functions whose value of a moment is the same for a while: a day, an hour, the first part of its text.
var coarse = map[string]bool{
	"getFullYear": true, "getMonth": true, "getDate": true, "getDayOfMonth": true, "getDayOfWeek": true, "getDayOfYear": true, "getHours": true,
	"substring": true, "split": true,
}

// perRun is the part of an expression that is new in every run; "" when there is none. Each of the values that it
// reads is looked at once, and then taken out of them.
func perRun(x ast.Expr, values map[string]ast.Expr) (fact string) {
	ast.Inspect(x, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Select:
			id, ok := ast.Unparen(n.X).(*ast.Ident)
			if ok && id.Name == "run" && (n.Name.Text == "id" || n.Name.Text == "started") {
				fact = "run." + n.Name.Text
			}
		case *ast.Call:
			if n.Target != nil && coarse[n.Name.Text] {
				if part := perRun(n.Target, maps.Clone(values)); part != "run.started" {
					fact = part
				}
				return false
			}
		case *ast.Ident:
			if v := values[n.Name]; v != nil && fact == "" {
				delete(values, n.Name)
				fact = perRun(v, values)
			}
		}
		return fact == ""
	})
	return fact
}
