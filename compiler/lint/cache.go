package lint

import (
	"fmt"

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
		values := pipelineLets(nil)
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
		values := pipelineLets(l)
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

func pipelineLets(l *check.Pipeline) map[string]ast.Expr {
	out := map[string]ast.Expr{}
	if l != nil {
		for _, d := range l.Lets {
			out[d.Name] = d.Decl.Value
		}
	}
	return out
}

func (p *pass) unstable(f *source.File, x ast.Expr, values map[string]ast.Expr, what string) {
	if x == nil {
		return
	}
	if fact := perRun(x, values, 0); fact != "" {
		p.report(finding{
			rule: diag.UnstableCacheKey, file: f, at: x.Span(),
			message: fmt.Sprintf("%s holds %s, which is another in every run: the step is never found in the cache", what, fact),
			help:    "leave it out of what is cached, or remove cached",
		})
	}
}

// perRun is the part of an expression that is new in every run; "" when there is none.
func perRun(x ast.Expr, values map[string]ast.Expr, depth int) (fact string) {
	ast.Inspect(x, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Select:
			id, ok := ast.Unparen(n.X).(*ast.Ident)
			if ok && id.Name == "run" && (n.Name.Text == "id" || n.Name.Text == "started") {
				fact = "run." + n.Name.Text
			}
		case *ast.Ident:
			if v := values[n.Name]; v != nil && depth < 8 && fact == "" {
				fact = perRun(v, values, depth+1)
			}
		}
		return fact == ""
	})
	return fact
}
