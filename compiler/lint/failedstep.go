package lint

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
)

// strangeFailures finds guards that compare run.failed, the path of the step that failed first, with what no step is
// called, of whichever module of the program.
var strangeFailures = rule{around: true, file: func(p *pass, _ *check.Module, f *ast.File) {
	if !strings.Contains(f.Source.Text, "run.failed") {
		return
	}
	guarded := func(x ast.Expr) {
		if x == nil || broken(x) {
			return
		}
		ast.Inspect(x, func(n ast.Node) bool {
			if b, ok := n.(*ast.Binary); ok {
				p.strangeFailure(f.Source, b)
			}
			return true
		})
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.When:
			guarded(n.Cond)
		case *ast.Require:
			guarded(n.Cond)
		case *ast.Run:
			guarded(n.When)
		}
		return true
	})
}}

func (p *pass) strangeFailure(f *source.File, b *ast.Binary) {
	sel, ok := ast.Unparen(b.X).(*ast.Select)
	if !ok || sel.Name.Text != "failed" {
		return
	}
	of, isName := ast.Unparen(sel.X).(*ast.Ident)
	s, written := ast.Unparen(b.Y).(*ast.StringLit)
	if !isName || of.Name != "run" || !written || s.Value == "" {
		return
	}
	first := s.Value[:len(s.Value)-len(strings.TrimLeft(s.Value, nameSigns))]
	if p.stepNames == nil {
		p.stepNames = stepNames(p.program)
	}
	if p.stepNames[first] {
		return
	}
	help := "it is the path of a step, such as deploy or build/test"
	if len(p.stepNames) <= maxMeant {
		help = cmp.Or(diag.DidYouMean(first, slices.Sorted(maps.Keys(p.stepNames))), help)
	}
	p.report(finding{
		rule: diag.ConstantGuard, file: f, at: s.Range, message: fmt.Sprintf("run.failed is never %q: no step is called that", s.Value), help: help,
	})
}

// maxMeant is how many names of steps are gone through for the one that was meant.
const maxMeant = 1000

const nameSigns = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

// stepNames are the names of all steps of a program.
func stepNames(program *check.Program) map[string]bool {
	names := map[string]bool{}
	for _, m := range program.Modules {
		for _, l := range m.Pipelines {
			for s := range steps(l) {
				names[s.Name] = true
			}
		}
	}
	return names
}
