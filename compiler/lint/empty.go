package lint

import (
	"fmt"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
)

// overNothing finds a step whose `for` goes over a list that is written out and empty. A let that names one is a
// switch, as one that names a constant is.
func (p *pass) overNothing(l *check.Pipeline, s *check.Step) {
	for _, loop := range s.Loops {
		if !empty(loop.Decl.List) {
			continue
		}
		p.report(finding{
			rule: diag.UnreachableStep, file: l.File.Source, at: loop.Decl.List.Span(),
			message: fmt.Sprintf("step %q never runs: there is nothing in %s for it to go over", s.Name, short(loop.Decl.List)),
			help:    "write what it should go over, or remove the step",
		})
		return
	}
}

// empty says that a list or map holds nothing whatever happens.
func empty(x ast.Expr) bool {
	switch x := ast.Unparen(x).(type) {
	case *ast.ListLit:
		return len(x.Elems) == 0
	case *ast.MapLit:
		return len(x.Entries) == 0
	case *ast.Binary:
		return x.Op == "+" && empty(x.X) && empty(x.Y)
	case *ast.Call:
		return x.Target != nil && keepsEmpty(x.Name.Text) && empty(x.Target)
	}
	return false
}

// keepsEmpty says that a method makes an empty list of an empty one.
func keepsEmpty(method string) bool {
	switch method {
	case "map", "filter", "sort", "sortBy", "reverse", "distinct", "flatten", "present", "transformList":
		return true
	}
	return false
}

// ofNothing is what a question to all elements of an empty list comes to; nil where it is another.
func ofNothing(x *ast.Call) *formula {
	if x.Target == nil || !empty(x.Target) {
		return nil
	}
	switch x.Name.Text {
	case "exists", "exists_one", "existsOne":
		return not(always)
	case "all":
		return always
	}
	return nil
}
