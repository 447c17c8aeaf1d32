package lint

import (
	"fmt"
	"slices"
	"sync"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/expr"
)

// excluded finds a step whose guards, each of which may hold, exclude each other, or those at the head
// of its pipeline, or the failure that it is there for.
func (p *pass) excluded(l *check.Pipeline, s *check.Step) {
	own := whens(s)
	if len(own) == 0 {
		return
	}
	scene := p.newScene()
	var around []*formula
	var places []*ast.When
	for _, it := range l.Head {
		if w, ok := it.(*ast.When); ok && !broken(w.Cond) {
			around, places = append(around, scene.at(l.Scope, nil).read(w.Cond)), append(places, w)
		}
	}
	if slices.Contains(l.OnFailure, s) {
		around, places = append(around, scene.at(s.Scope, nil).read(failedRun())), append(places, nil)
	}
	for _, w := range own {
		around, places = append(around, guards(scene, s, []*ast.When{w})), append(places, w)
	}
	if len(around) < 2 || scene.possible(append(around, p.facts(scene))...) {
		return
	}
	for i, later := range places {
		for j, earlier := range places[:i] {
			if later != nil && !scene.possible(around[i], around[j], p.facts(scene)) {
				p.reportExclusion(l, s, earlier, later)
				return
			}
		}
	}
}

func (p *pass) reportExclusion(l *check.Pipeline, s *check.Step, earlier, later *ast.When) {
	f := finding{
		rule: diag.ConstantGuard, file: l.File.Source, at: later.Cond.Span(),
		message: fmt.Sprintf("step %q never runs: in on failure, %s never holds", s.Name, short(later.Cond)),
		help:    "run.status is \"failed\" there: remove the step, or ask for what is meant",
	}
	if earlier != nil {
		f.message = fmt.Sprintf("step %q never runs: %s and %s exclude each other", s.Name, short(earlier.Cond), short(later.Cond))
		f.help = "all guards of a step have to hold: join them with || in one, where either is enough"
		f.related = []diag.Related{{File: l.File.Source, Span: earlier.Range, Message: "the other guard"}}
	}
	if !p.refused(f.file, f.at) {
		p.report(f)
	}
}

// failedRun is what holds wherever a step of on failure runs.
var failedRun = sync.OnceValue(func() ast.Expr {
	x, err := expr.Parse(`run.status == "failed"`)
	if err != nil {
		panic(err)
	}
	return x
})
