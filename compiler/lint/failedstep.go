package lint

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
)

// strangeFailure finds a comparison of run.failed, the path of the step that failed first, with what no step is called.
func (p *pass) strangeFailure(f *source.File, b *ast.Binary) bool {
	sel, ok := ast.Unparen(b.X).(*ast.Select)
	if !ok || sel.Name.Text != "failed" {
		return false
	}
	of, isName := ast.Unparen(sel.X).(*ast.Ident)
	s, written := ast.Unparen(b.Y).(*ast.StringLit)
	if !isName || of.Name != "run" || !written || s.Value == "" {
		return false
	}
	first := s.Value[:len(s.Value)-len(strings.TrimLeft(s.Value, nameSigns))]
	all, known := p.stepNames(first)
	if known {
		return false
	}
	p.report(finding{
		rule: diag.ConstantGuard, file: f, at: s.Range,
		message: fmt.Sprintf("run.failed is never %q: no step is called that", s.Value),
		help:    cmp.Or(diag.DidYouMean(first, all), "it is the path of a step, such as deploy or build/test"),
	})
	return true
}

const nameSigns = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

// stepNames are the names of all steps of a program, and whether one of them is some name.
func (p *pass) stepNames(name string) (all []string, known bool) {
	for _, m := range p.program.Modules {
		for _, l := range m.Pipelines {
			for s := range steps(l) {
				all, known = append(all, s.Name), known || s.Name == name
			}
		}
	}
	return all, known
}
