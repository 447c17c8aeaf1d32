package expr

import (
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/source"
)

// Read is what an expression reads of a free name: one of its fields, or with no Field all of
// it. Call says that the name is a function that answers from outside the expression.
type Read struct {
	Name, Field string
	Call        bool
}

// Reads are the free names of an expression with the field that is selected of each, and the
// host functions that it calls, without repetition and in no particular order.
func Reads(x ast.Expr) []Read {
	fields := map[source.Span]string{}
	seen := map[Read]bool{}
	var out []Read
	add := func(r Read) {
		if !seen[r] {
			seen[r] = true
			out = append(out, r)
		}
	}
	ast.Inspect(x, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Select:
			if id, ok := ast.Unparen(n.X).(*ast.Ident); ok {
				fields[id.Range] = n.Name.Text
			}
		case *ast.Call:
			name := n.Name.Text
			if ns, ok := n.Target.(*ast.Ident); ok {
				name = ns.Name + "." + name
			}
			if _, ok := hostFunctions[name]; ok {
				add(Read{Name: name, Call: true})
			}
		}
		return true
	})
	for _, r := range Refs(x) {
		add(Read{Name: r.Name, Field: fields[r.Span]})
	}
	return out
}
