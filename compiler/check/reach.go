package check

import (
	"slices"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/types"
)

// reaching is the label of what an attempt of an op leaves behind: what a program prints and
// writes may be a stranger's as soon as a stranger's value reaches it. in is where the op's
// attributes are evaluated.
func reaching(o *Op, in exprs) (label types.Label) {
	for _, p := range o.Params {
		label |= p.Type.DeepLabels() & types.Untrusted
	}
	handed(o.Items, func(x ast.Expr) {
		switch {
		case label != 0 || !in.mayCarry(x, types.Untrusted):
		case in.handsOn(x, types.Untrusted):
			label = types.Untrusted
		default:
			label = in.labels(x) & types.Untrusted
		}
	})
	return label
}

// handed visits what a process is given besides parameters: variables, arguments, files, and
// the same of its services.
func handed(items []ast.Item, visit func(ast.Expr)) {
	for _, it := range items {
		switch it := it.(type) {
		case *ast.Env:
			for _, a := range it.Entries {
				visit(a.Value)
			}
		case *ast.Mount:
			for _, e := range it.Entries {
				visit(e.Value)
			}
		case *ast.Attr:
			if it.Key.Text == "exec" {
				visit(it.Value)
			}
		case *ast.Service:
			handed(it.Items, visit)
		}
	}
}

// labels are those of an expression's value, found without a word.
func (e exprs) labels(x ast.Expr) types.Label {
	return expr.Check(x, e.scope, expr.Options{File: e.file.src, Narrow: e.narrow}).DeepLabels()
}

// mayCarry reports whether an expression reads anything that has the label. Most do not, and
// need not be typed for it.
func (e exprs) mayCarry(x ast.Expr, l types.Label) bool {
	if x == nil || !expr.AnyRef(x, func(r expr.Ref) bool {
		v, ok := e.scope.Lookup(r.Name)
		return ok && v.Type.DeepLabels()&l != 0
	}) {
		return false
	}
	return slices.ContainsFunc(mentioned(x), func(m mention) bool {
		v, ok := e.scope.Lookup(m.name)
		return !ok || part(v.Type, m.path).DeepLabels()&l != 0
	})
}

// handsOn reports the plain cases of an expression whose value has the label of what it reads:
// a name with its fields, text with such a hole, a list of such.
func (e exprs) handsOn(x ast.Expr, l types.Label) bool {
	switch x := ast.Unparen(x).(type) {
	case *ast.Ident, *ast.Select:
		root, path, _ := chain(x)
		if root == nil {
			return false
		}
		v, ok := e.scope.Lookup(root.Name)
		return ok && part(v.Type, path).DeepLabels()&l != 0
	case *ast.Interpolation:
		return slices.ContainsFunc(x.Parts, func(p ast.Expr) bool { return e.handsOn(p, l) })
	case *ast.ListLit:
		return slices.ContainsFunc(x.Elems, func(p ast.ListElem) bool { return e.handsOn(p.Value, l) })
	}
	return false
}
