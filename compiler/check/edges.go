package check

import (
	"fmt"
	"slices"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/expr"
)

// modifierEdges takes in needs and after, whose names must be steps.
func (n *node) modifierEdges() {
	for _, it := range n.items {
		switch it := it.(type) {
		case *ast.Needs:
			for _, need := range it.Items {
				if need.Value == nil && n.knownStep(need.Name, "needs") {
					n.needs.set(need.Name.Text, need.Name.Range)
				}
			}
		case *ast.After:
			for _, name := range it.Steps {
				if n.knownStep(name, "after") {
					n.after.set(name.Text, name.Range)
				}
			}
		}
	}
	for _, name := range n.after.names() {
		if at, _ := n.after.get(name); n.needs.has(name) {
			n.stage.report(finding{
				rule: diag.Misplaced, at: at, message: fmt.Sprintf("%q stands in needs and in after", name),
				help: "needs waits too, and for success: remove it from after",
			})
			n.after.remove(name)
		}
	}
}

// knownStep checks a name in needs or after.
func (n *node) knownStep(name ast.Name, word string) bool {
	s := n.stage
	switch {
	case name.Text == "" || s.bad[name.Text] || s.main.bad[name.Text]:
		return false
	case s.nodes[name.Text] != nil:
		return true
	case s.tail && s.main.nodes[name.Text] != nil && word == "needs":
		return true
	case s.tail && s.main.nodes[name.Text] != nil:
		s.report(finding{
			rule: diag.Misplaced, at: name.Range, message: fmt.Sprintf("after %s: every step of the pipeline has ended here", name.Text),
			help: "remove it",
		})
		return false
	case s.lets[name.Text] != nil || findParam(s.out.Params, name.Text) != nil:
		s.report(finding{
			rule: diag.TypeMismatch, at: name.Range, message: fmt.Sprintf("%s: expected a step, found %s %q", word, s.names[name.Text].what, name.Text),
			help: fmt.Sprintf("to bind what an optional holds, write needs x = %s", name.Text),
		})
		return false
	}
	among := s.stepNames()
	if s.tail {
		among = append(among, s.main.stepNames()...)
	}
	s.unknown(diag.UnknownName, name, "step", among)
	return false
}

func (s *stage) stepNames() []string {
	names := make([]string, len(s.list))
	for i, n := range s.list {
		names[i] = n.step.Name
	}
	return names
}

// handful is how many names most steps read.
const handful = 8

// read finds the free names of the step's expressions: bindings are known after needs, a
// loop's variable inside it and in everything that comes later.
func (n *node) read() {
	local := map[string]bool{}
	n.refs = make([]expr.Ref, 0, handful)
	visit := func(x ast.Expr) {
		if x == nil {
			return
		}
		from := len(n.refs)
		n.refs = expr.AppendRefs(n.refs, x)
		if len(local) > 0 {
			n.refs = append(n.refs[:from], slices.DeleteFunc(n.refs[from:], func(r expr.Ref) bool { return local[r.Name] })...)
		}
	}
	bindings := n.bindings()
	for _, b := range bindings {
		visit(b.Value)
	}
	for _, b := range bindings {
		local[b.Name.Text] = true
	}
	for _, it := range n.items {
		if loop, ok := it.(*ast.For); ok {
			visit(loop.List)
			visit(loop.Max)
			local[loop.Var.Text] = true
			visit(loop.Where)
		}
	}
	for _, a := range n.step.Decl.Args {
		visit(a.Value)
	}
	for _, it := range n.items {
		switch it.(type) {
		case *ast.Needs, *ast.For:
		default:
			eachExpr(it, visit)
		}
	}
}

// bindings are the `needs name = expr`.
func (n *node) bindings() (out []ast.Need) {
	for _, it := range n.items {
		if needs, ok := it.(*ast.Needs); ok {
			for _, need := range needs.Items {
				if need.Value != nil {
					out = append(out, need)
				}
			}
		}
	}
	return out
}

// edges sorts what the step waits for into values and ends. What it is `after` it waits for
// only, and reads as something that may be missing.
func (n *node) edges() {
	if n.was != nil && !n.readsLet() { // which may read other steps of the same types
		n.step.ValueEdges, n.step.OrderEdges, n.step.Services = n.was.values, n.was.orders, n.was.services
		return
	}
	n.stage.sortReads(n.refs, &n.reads)
	n.step.ValueEdges = n.stepsIn(n.after.has, n.reads.value, n.needs)
	valued := func(name string) bool {
		_, found := slices.BinarySearch(n.step.ValueEdges, name)
		return found
	}
	n.step.OrderEdges = n.stepsIn(valued, n.reads.order, n.after)
	n.step.Services = n.reads.services.names()
	n.lateLets()
}

func (n *node) readsLet() bool {
	return len(n.stage.lets) > 0 && slices.ContainsFunc(n.refs, func(r expr.Ref) bool { return n.stage.lets[r.Name] != nil })
}

// stepsIn are the steps of the stage that are in one of some sets and are not left out, sorted.
func (n *node) stepsIn(leftOut func(string) bool, sets ...spots) (out []string) {
	for _, set := range sets {
		for _, s := range set.list {
			if n.stage.nodes[s.name] != nil && !leftOut(s.name) {
				out = append(out, s.name)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// lateLets refuses a let whose steps may have no result here: the let would have none either,
// and its type cannot say so.
func (n *node) lateLets() {
	for _, r := range n.refs {
		if len(n.stage.lets) == 0 || n.stage.lets[r.Name] == nil {
			continue
		}
		for _, step := range n.stage.letReads[r.Name].value.names() {
			if !n.after.has(step) && (!n.stage.tail || n.stage.nodes[step] != nil) {
				continue
			}
			n.stage.report(finding{
				rule: diag.MaybeSkipped, at: r.Span,
				message: fmt.Sprintf("let %q reads step %q, which may have no result here", r.Name, step),
				help:    fmt.Sprintf("read the step itself: %s.?field.orValue(…)", step),
			})
			break
		}
	}
}
