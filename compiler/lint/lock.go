package lint

import (
	"fmt"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/format"
	"github.com/pipelang/pipe/lang/source"
)

// held is a lock while something else happens.
type held struct {
	key  string // the text of the key, which is the same lock wherever it is the same
	file *source.File
	at   source.Span
}

// lockRules find locks that wait for each other, and people who are waited for under a lock.
var lockRules = rule{program: func(p *pass) {
	l := locks{pass: p, orders: map[[2]string][2]held{}, told: map[source.Span]bool{}}
	for _, m := range p.program.Load.Modules {
		if m.Std || p.program.Modules[m] == nil {
			continue
		}
		for _, f := range m.Files {
			for _, d := range f.Decls {
				if d, ok := d.(*ast.Pipeline); ok {
					if pl := p.program.Modules[m].Pipelines[d.Name.Text]; pl != nil && pl.Decl == d {
						l.pipeline(pl, nil, 0)
					}
				}
			}
		}
	}
}}

// maxCalls bounds how deep calls of pipelines are followed.
const maxCalls = 12

// locks follows what is held where.
type locks struct {
	*pass
	orders map[[2]string][2]held // the first place where a lock is taken while another is held
	told   map[source.Span]bool
}

// pipeline goes through a pipeline that is called while locks are held.
func (l *locks) pipeline(pl *check.Pipeline, under []held, depth int) {
	if depth > maxCalls {
		return
	}
	under = l.take(pl.File.Source, pl.Head, under)
	for s := range steps(pl) {
		for _, it := range s.Modifiers {
			if a, ok := it.(*ast.Approve); ok && len(under) > 0 {
				l.approval(pl.File.Source, s, a, under[len(under)-1])
			}
		}
		inner := l.take(pl.File.Source, s.Modifiers, under)
		if s.Pipeline != nil {
			l.pipeline(s.Pipeline, inner, depth+1)
		}
	}
}

// take adds the locks among items to what is held.
func (l *locks) take(f *source.File, items []ast.Item, under []held) []held {
	under = under[:len(under):len(under)]
	for _, it := range items {
		k, ok := it.(*ast.Lock)
		if !ok || broken(k.Key) {
			continue
		}
		next := held{format.Expr(ast.Unparen(k.Key)), f, k.Key.Span()}
		for _, h := range under {
			l.order(h, next)
		}
		under = append(under, next)
	}
	return under
}

// order takes in that a lock is taken while another is held.
func (l *locks) order(outer, inner held) {
	if outer.key == inner.key {
		l.tell(inner, finding{
			rule: diag.Deadlock, message: fmt.Sprintf("lock %s is held already here, so this waits for ever", inner.key),
			help:    "remove one of the two",
			related: []diag.Related{{File: outer.file, Span: outer.at, Message: "held since here"}},
		})
		return
	}
	if _, known := l.orders[[2]string{outer.key, inner.key}]; !known {
		l.orders[[2]string{outer.key, inner.key}] = [2]held{outer, inner}
	}
	if first := l.orders[[2]string{inner.key, outer.key}]; first[0].file != nil {
		l.crossed(outer, inner, first[1])
	}
}

// crossed says that a lock is taken while another is held, and there the other way round.
func (l *locks) crossed(outer, inner, there held) {
	l.tell(inner, finding{
		rule:    diag.Deadlock,
		message: fmt.Sprintf("lock %s is taken while %s is held, and elsewhere the other way round: two runs can wait for each other for ever", inner.key, outer.key),
		help:    "take them in one order everywhere",
		related: []diag.Related{{File: there.file, Span: there.at, Message: fmt.Sprintf("here %s is taken while %s is held", outer.key, inner.key)}},
	})
}

func (l *locks) tell(at held, f finding) {
	f.file, f.at = at.file, at.at
	if !l.told[f.at] {
		l.told[f.at] = true
		l.report(f)
	}
}

// approval says that a person is waited for while others wait for the lock. A step's own
// lock is taken after its approval.
func (l *locks) approval(f *source.File, s *check.Step, a *ast.Approve, outer held) {
	if l.told[a.Range] {
		return
	}
	l.told[a.Range] = true
	l.report(finding{
		rule: diag.ApprovalInLock, file: f, at: source.Span{Start: a.Range.Start, End: a.Range.Start + int32(len("approve"))},
		message: fmt.Sprintf("step %q waits for a person while lock %s is held, and every other run waits with it", s.Name, outer.key),
		help:    "let the steps that need the lock take it, after the approval",
		related: []diag.Related{{File: outer.file, Span: outer.at, Message: "the lock is held from here on"}},
	})
}
