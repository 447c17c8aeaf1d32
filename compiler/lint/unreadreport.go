package lint

import (
	"fmt"
	"slices"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
)

// unreadReports finds steps that succeed when their tests fail, and whose report nothing reads: the run is green then.
// Some are told already, by an effect that they do not stop.
func (p *pass) unreadReports(l *check.Pipeline, told []*check.Step) {
	var unread []*check.Step
	for s := range steps(l) {
		if reports(s) && !slices.Contains(told, s) {
			unread = append(unread, s)
		}
	}
	if unread == nil {
		return
	}
	for _, s := range unreadAmong(unread, l) {
		p.report(finding{
			rule: diag.UnreadReport, file: l.File.Source, at: s.Decl.Name.Range,
			message: fmt.Sprintf("step %q succeeds when its tests fail, too, and nothing reads their report", s.Name),
			help:    "let a step that follows " + stopOn(s),
		})
	}
}

// whateverFailed are the fields of a report that say nothing of a failure.
var whateverFailed = map[string]bool{"total": true, "skipped": true, "flaky": true, "duration": true}

// plainChain says that an expression is a name, or fields of one.
func plainChain(x ast.Expr) bool {
	for {
		switch at := ast.Unparen(x).(type) {
		case *ast.Ident:
			return true
		case *ast.Select:
			x = at.X
		default:
			return false
		}
	}
}

// unreadAmong are those of some steps whose values no expression of the pipeline reads; none where a part of its text
// could not be read. Whether a step succeeded is no part of its value, and neither needs nor after reads one.
func unreadAmong(unread []*check.Step, l *check.Pipeline) []*check.Step {
	ast.Inspect(l.Decl, func(n ast.Node) bool {
		damaged := false
		switch n := n.(type) {
		case *ast.BadItem, *ast.BadExpr:
			damaged = true
		case *ast.Step:
			damaged = n.Bad
		case *ast.Assign:
			damaged = n.Bad
		case *ast.Call:
			return len(unread) > 0 && (n.Target != nil || n.Name.Text != "succeeded" && n.Name.Text != "failed" && n.Name.Text != "skipped")
		case *ast.Select:
			return len(unread) > 0 && (!whateverFailed[n.Name.Text] || !plainChain(n.X))
		case *ast.Ident:
			unread = slices.DeleteFunc(unread, func(s *check.Step) bool { return s.Name == n.Name })
		}
		if damaged {
			unread = nil
		}
		return len(unread) > 0
	})
	return unread
}
