package check

import (
	"slices"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/types"
)

// inline makes the op of `name = op { … }`: its parameters are the step's loop variables and
// bindings, its result is what it returns.
func (n *node) inline() {
	s := n.stage
	o := &Op{Name: n.step.Name, Module: s.file.out, File: s.ast, Inline: n.step.Decl, Result: types.NoneType, Scope: n.local.scope, node: n}
	for _, l := range n.step.Loops {
		o.Params = append(o.Params, &Param{Name: l.Var, File: s.ast, Type: l.Type, Required: true})
	}
	for _, b := range n.step.Bindings {
		o.Params = append(o.Params, &Param{Name: b.Name, File: s.ast, Type: b.Type, Required: true})
	}
	for _, b := range n.bindings() {
		s.processName(b.Name, "binding")
	}
	own := n.attributes()
	n.own = own
	o.Items = s.withDefaults(own)
	if slices.ContainsFunc(o.Items, isService) {
		o.Scope = n.local.scope.Child(0)
		s.declareServices(o.Scope, o.Items)
	}
	in := n.local
	in.scope = o.Scope
	if n.was != nil {
		n.label = n.was.label
	} else {
		n.label = reaching(o, in)
	}
	o.ReturnScope = attemptScope(o.Scope, n.label)
	if n.was != nil {
		o.Captures = n.was.captures
	} else {
		o.Captures = n.captures(own, o.Params)
	}
	n.step.Op = o
	if n.was != nil && n.was.result != nil {
		o.Result, n.step.Result = n.was.result, n.was.result
		return
	}
	for _, it := range own {
		if r, ok := it.(*ast.Return); ok && r.Value != nil {
			e := n.local
			e.scope = o.ReturnScope
			o.Result = s.inferred(r.Value, e, "declare the op with its result type, op "+o.Name+"(…) -> type { … }, and call it")
		}
	}
	n.step.Result = o.Result
}

func isService(it ast.Item) bool { _, ok := it.(*ast.Service); return ok }

// attributes are the items of an inline op that are not modifiers only.
func (n *node) attributes() []ast.Item {
	out := make([]ast.Item, 0, len(n.items))
	for _, it := range n.items {
		switch it.(type) {
		case *ast.Needs, *ast.After, *ast.When, *ast.For, *ast.Require, *ast.Approve, *ast.Lock, *ast.AllowFailure:
		default:
			if roles[keyword(it)]&attribute != 0 {
				out = append(out, it)
			}
		}
	}
	return out
}

// captures are the names of the pipeline that the attributes read besides the op's parameters.
func (n *node) captures(own []ast.Item, params []*Param) []string {
	var names []string
	note := func(r expr.Ref) {
		if _, ok := n.stage.names[r.Name]; ok && findParam(params, r.Name) == nil {
			names = append(names, r.Name)
		}
	}
	for _, it := range own {
		eachExpr(it, func(x ast.Expr) { expr.EachRef(x, note) })
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// inlineBody checks the attributes as those of a declared op.
func (n *node) inlineBody(f *file, e exprs) {
	o := n.step.Op
	ret := e
	e.scope, ret.scope = o.Scope, o.ReturnScope
	b := opBody{file: f, in: e, ret: ret, op: o, where: "step " + o.Name}
	own := n.own
	for _, it := range own {
		b.item(it)
	}
	b.cachedSecret(own)
	f.opConflicts(own, o.Items)
	f.opRuns(own, n.step.Decl.Name, "the op of step \""+o.Name+"\"", broken(n.step.Decl.Items) || n.step.Decl.Bad)
}
