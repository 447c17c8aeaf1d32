package lower

import (
	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/types"
)

// servicesOf are the names of the services among items.
func servicesOf(items []ast.Item) []string {
	var out []string
	for _, it := range items {
		if s, ok := it.(*ast.Service); ok {
			out = append(out, s.Name.Text)
		}
	}
	return out
}

// readiness is `ready tcp(port)` or `ready http(port, path)` as fields: ready_tcp and ready_http.
// Any other item is nil.
func (s spot) readiness(a *ast.Attr) []plan.NamedExpr {
	c, ok := ast.Unparen(a.Value).(*ast.Call)
	if !ok || a.Key.Text != "ready" || c.Target != nil || len(c.Args) == 0 || c.Name.Text != "tcp" && c.Name.Text != "http" {
		return nil
	}
	port, _ := s.fold(c.Args[0], types.IntType)
	out := []plan.NamedExpr{{Name: "ready_tcp", Type: s.text(types.IntType), Value: port}}
	if len(c.Args) > 1 {
		path, _ := s.fold(c.Args[1], types.StringType)
		out = append(out, plan.NamedExpr{Name: "ready_http", Type: s.text(types.StringType), Value: path})
	}
	return out
}
