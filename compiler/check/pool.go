package check

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
)

// pool checks the name of a pool. It is written out, so that the plan can say how many slots
// it has; the slots stand in pipe.toml.
func (f *file) pool(x ast.Expr) {
	switch x := ast.Unparen(x).(type) {
	case nil, *ast.BadExpr:
	case *ast.StringLit:
		f.knownPool(x)
	default:
		name := "gpu"
		if id, ok := x.(*ast.Ident); ok {
			name = id.Name
		}
		f.report(finding{
			rule: diag.TypeMismatch, at: x.Span(), message: "pool: expected the name of a pool as a plain string, found an expression",
			help: fmt.Sprintf("write pool %q, and the number of its slots into pipe.toml: [pools] %s = 2", name, name),
		})
	}
}

func (f *file) knownPool(x *ast.StringLit) {
	pools := f.checker.out.Load.Config.Pools
	if _, known := pools[x.Value]; known {
		return
	}
	help := diag.DidYouMean(x.Value, slices.Collect(maps.Keys(pools)))
	if help == "" {
		help = fmt.Sprintf("write the number of its slots into pipe.toml: [pools] %s = 2", x.Value)
	}
	f.report(finding{rule: diag.UnknownName, at: x.Span(), message: fmt.Sprintf("there is no pool %q", x.Value), help: help})
}
