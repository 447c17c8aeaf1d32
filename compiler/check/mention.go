package check

import (
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/types"
)

// mention is a value that an expression reads: a name with the fields that are read of it, or
// a call of a function that looks outside, whose name ends in "()".
type mention struct {
	name string
	path []string // fields; element for an index
	at   source.Span
}

// element stands in a path for an element of a list or a map.
const element = "[]"

// contentFunctions are those whose results have the labels of what reached an attempt.
var contentFunctions = map[string]bool{"text": true, "json": true, "yaml": true, "junit": true, "gotest": true}

// mentioned are the free names that an expression reads, and what it asks the outside.
func mentioned(x ast.Expr) (out []mention) {
	free := map[source.Span]bool{}
	for _, r := range expr.Refs(x) {
		free[r.Span] = !r.Order
	}
	var visit func(n ast.Node) bool
	all := func(xs []ast.Expr) {
		for _, x := range xs {
			ast.Inspect(x, visit)
		}
	}
	visit = func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Call:
			if name := outside(n); name != "" {
				out = append(out, mention{name: name, at: n.Range})
				all(n.Args)
				return false
			}
		case *ast.Ident, *ast.Select, *ast.Index:
			root, path, indexes := chain(n.(ast.Expr))
			if root == nil {
				return true
			}
			if free[root.Range] {
				out = append(out, mention{name: root.Name, path: path, at: n.Span()})
			}
			all(indexes)
			return false
		}
		return true
	}
	ast.Inspect(x, visit)
	return out
}

// outside is a function that looks outside and gives what has a label.
func outside(c *ast.Call) string {
	if c.Target == nil {
		if contentFunctions[c.Name.Text] {
			return c.Name.Text + "()"
		}
		return ""
	}
	if ns, ok := c.Target.(*ast.Ident); ok && ns.Name == "git" && c.Name.Text == "changed" {
		return "git.changed()"
	}
	return ""
}

// chain is x.a.?b[i] from its first name on; root is nil for what starts with anything else.
func chain(x ast.Expr) (root *ast.Ident, path []string, indexes []ast.Expr) {
	switch x := ast.Unparen(x).(type) {
	case *ast.Ident:
		return x, nil, nil
	case *ast.Select:
		root, path, indexes = chain(x.X)
		return root, append(path, x.Name.Text), indexes
	case *ast.Index:
		root, path, indexes = chain(x.X)
		return root, append(path, element), append(indexes, x.Index)
	}
	return nil, nil, nil
}

// part is the type of what a path leads to, as far as the type tells.
func part(t *types.Type, path []string) *types.Type {
	for _, name := range path {
		t = t.Plain()
		switch t.Kind {
		case types.Record:
			f, ok := t.Field(name)
			if !ok {
				return t
			}
			t = f.Type.WithLabels(t.Labels)
		case types.List, types.Map:
			t = t.Elem.WithLabels(t.Labels)
		default:
			return t
		}
	}
	return t
}
