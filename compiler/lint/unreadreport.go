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
	var read map[string]bool
	for s := range steps(l) {
		if !reports(s) || slices.Contains(told, s) {
			continue
		}
		if read == nil {
			var damaged bool
			if read, damaged = valuesRead(l); damaged {
				return
			}
		}
		if !read[s.Name] {
			p.report(finding{
				rule: diag.UnreadReport, file: l.File.Source, at: s.Decl.Name.Range,
				message: fmt.Sprintf("step %q succeeds when its tests fail, too, and nothing reads their report", s.Name),
				help:    "let a step that follows " + stopOn(s),
			})
		}
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

// valuesRead are the names whose values the expressions of a pipeline read. Whether a step succeeded is no part of its
// value, and neither needs nor after reads one. Damaged says that some of the text could not be read.
func valuesRead(l *check.Pipeline) (read map[string]bool, damaged bool) {
	read = map[string]bool{}
	ast.Inspect(l.Decl, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BadItem, *ast.BadExpr:
			damaged = true
		case *ast.Step:
			damaged = damaged || n.Bad
		case *ast.Assign:
			damaged = damaged || n.Bad
		case *ast.Call:
			return n.Target != nil || n.Name.Text != "succeeded" && n.Name.Text != "failed" && n.Name.Text != "skipped"
		case *ast.Select:
			return !whateverFailed[n.Name.Text] || !plainChain(n.X)
		case *ast.Ident:
			read[n.Name] = true
		}
		return true
	})
	return read, damaged
}
