package check

import (
	"slices"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

// messageAt is a finding.
type messageAt struct {
	file    *source.File
	at      source.Span
	message string
}

// decided reports what is wrong and follows from expressions whose values stand in the text. Where a let is among them,
// what the let switches off elsewhere may keep it from ever being asked.
func (e exprs) decided(by []ast.Expr, f finding) {
	lets := func(x ast.Expr) bool { return expr.AnyRef(x, func(r expr.Ref) bool { return r.Name != "self" }) }
	if slices.ContainsFunc(by, lets) {
		e.file.evaluations.doubt(messageAt{e.file.src, f.at, f.message})
	}
	e.file.reportTo(e.diags, f)
}

func (k *evaluations) doubt(m messageAt) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.switched == nil {
		k.switched = map[messageAt]bool{}
	}
	k.switched[m] = true
}

// switchedOff takes back what lets decide in a module in which a guard is false already: such a let is a switch, and
// who looks at it does not look at what it switches off.
func (m *module) switchedOff() {
	if len(m.evaluations.switched) == 0 || !m.hasFalseGuard() {
		return
	}
	m.checker.diags.Keep(func(d diag.Diagnostic) bool {
		return !m.evaluations.switched[messageAt{d.File, d.Span, d.Message}]
	})
}

func (m *module) hasFalseGuard() bool {
	for _, d := range sorted(m.pipelines) {
		e := d.file.in(d.out.Scope)
		found := false
		ast.Inspect(d.decl, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.When:
				found = found || e.isFalse(n.Cond)
			case *ast.Require:
				found = found || e.isFalse(n.Cond)
			}
			return !found
		})
		if found {
			return true
		}
	}
	return false
}

func (e exprs) isFalse(x ast.Expr) bool {
	if x == nil {
		return false
	}
	if v, _ := e.evaluated(x, types.BoolType, nil); v == value.Bool(false) {
		return true
	}
	b, ok := ast.Unparen(x).(*ast.Binary)
	return ok && b.Op == "&&" && (e.isFalse(b.X) || e.isFalse(b.Y))
}
