package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/format"
	"github.com/pipelang/pipe/lang/source"
)

// held is a lock while something else happens.
type held struct {
	key  string // the same for the same lock
	text string // the key as it is written
	file *source.File
	at   source.Span
	// rejects says that who finds it held fails, and does not wait.
	rejects bool
}

// written says that the key is a text that stands there.
func (h held) written() bool {
	return strings.HasPrefix(h.text, `"`) && !strings.Contains(h.text, "${")
}

// lockRules find locks that wait for each other, and people who are waited for under a lock.
var lockRules = rule{program: func(p *pass) {
	l := locks{pass: p, orders: map[[2]string][2]held{}, told: map[spot]bool{}}
	for _, m := range p.program.Load.Modules {
		if m.Std || p.program.Modules[m] == nil {
			continue
		}
		for _, f := range m.Files {
			for _, d := range f.Decls {
				if d, ok := d.(*ast.Pipeline); ok {
					if pl := p.program.Modules[m].Pipelines[d.Name.Text]; pl != nil && pl.Decl == d {
						l.pipeline(pl, nil, nil, 0)
					}
				}
			}
		}
	}
}}

// maxCalls bounds how deep calls of pipelines are followed.
const maxCalls = 12

// tooLarge says that a pipeline has more steps than a plan may have, with those that it calls: it never runs, and to
// follow all of its calls could take for ever.
func tooLarge(l *check.Pipeline) bool { return l.Size == 0 && len(l.Steps) > 0 }

// locks follows what is held where.
type locks struct {
	*pass
	orders map[[2]string][2]held // the first place where a lock is taken while another is held
	told   map[spot]bool
}

// keys are those that a pipeline's parameters stand for where it is called; one that is not there may be anything.
type keys map[string]string

// pipeline goes through a pipeline that is called while locks are held.
func (l *locks) pipeline(pl *check.Pipeline, args keys, under []held, depth int) {
	if depth > maxCalls || tooLarge(pl) {
		return
	}
	head := place{pl.File.Source, pl, nil, pl.Scope, args}
	under = l.take(head, pl.Head, under)
	for s := range steps(pl) {
		for _, it := range s.Modifiers {
			if a, ok := it.(*ast.Approve); ok && len(under) > 0 {
				l.approval(pl.File.Source, s, a, under[len(under)-1])
			}
		}
		at := place{pl.File.Source, pl, s, s.Scope, args}
		inner := l.take(at, s.Modifiers, under)
		if s.Pipeline != nil {
			l.pipeline(s.Pipeline, at.passed(), inner, depth+1)
		}
	}
}

// place is where a key is read.
type place struct {
	file  *source.File
	in    *check.Pipeline
	step  *check.Step // nil at the head
	scope *expr.Scope
	args  keys
}

// passed are the keys that a step's arguments stand for.
func (p place) passed() keys {
	args := keys{}
	for _, a := range p.step.Args {
		if a.Param != nil && !broken(a.Value) {
			args[a.Param.Name] = p.key(a.Value)
		}
	}
	return args
}

// key is the same for expressions that are the same once their names are what they stand for.
func (p place) key(x ast.Expr) string {
	x = ast.Unparen(x)
	if id, ok := x.(*ast.Ident); ok {
		return p.name(id.Name)
	}
	var b strings.Builder
	at, end := x.Span().Start, x.Span().End
	for _, r := range expr.Refs(x) {
		b.WriteString(p.file.Text[at:r.Span.Start] + p.name(r.Name))
		at = r.Span.End
	}
	b.WriteString(p.file.Text[at:end])
	return strings.Join(strings.Fields(b.String()), " ")
}

// name is what a name stands for: itself when it means the same everywhere.
func (p place) name(name string) string {
	v, found := p.scope.Lookup(name)
	switch {
	case found && v.Value != nil && v.In != p.scope && len(expr.Refs(v.Value)) == 0:
		return format.Expr(ast.Unparen(v.Value))
	case found && v.Value != nil:
		return fmt.Sprintf("%s of %p", name, v.Value)
	case p.own(name):
		return fmt.Sprintf("%s of %p", name, p.step)
	case p.args[name] != "":
		return p.args[name]
	case name == "settings" || name == "git" || name == "ci" || name == "run":
		return name
	}
	return fmt.Sprintf("%s of %p", name, p.in)
}

// own says that a name is the step's: another one in each of its instances.
func (p place) own(name string) bool {
	return p.step != nil && (slices.ContainsFunc(p.step.Loops, func(l check.Loop) bool { return l.Var == name }) ||
		slices.ContainsFunc(p.step.Bindings, func(b check.Binding) bool { return b.Name == name }))
}

// take adds the locks among items to what is held. Those of one step are taken in the order of their keys, however
// they are written.
func (l *locks) take(at place, items []ast.Item, under []held) []held {
	around := len(under)
	under = under[:around:around]
	for _, it := range items {
		k, ok := it.(*ast.Lock)
		if !ok || broken(k.Key) {
			continue
		}
		next := held{at.key(k.Key), format.Expr(ast.Unparen(k.Key)), at.file, k.Key.Span(), k.Policy.Text == "reject"}
		for i, h := range under {
			switch {
			case i < around || h.key == next.key || h.text < next.text && h.written() && next.written():
				l.order(h, next)
			case h.written() && next.written():
				l.order(next, h)
			}
		}
		under = append(under, next)
	}
	return under
}

// order takes in that a lock is taken while another is held.
func (l *locks) order(outer, inner held) {
	if outer.key == inner.key {
		l.tell(inner, finding{
			rule: diag.Deadlock, hint: true, message: fmt.Sprintf("lock %s is held already here, so this changes nothing", inner.text),
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
		message: fmt.Sprintf("lock %s is taken while %s is held, and elsewhere the other way round: two runs can wait for each other for ever", inner.text, outer.text),
		help:    "take them in one order everywhere",
		related: []diag.Related{{File: there.file, Span: there.at, Message: fmt.Sprintf("here %s is taken while %s is held", outer.text, inner.text)}},
	})
}

func (l *locks) tell(at held, f finding) {
	f.file, f.at = at.file, at.at
	if place := (spot{f.file.Name, f.at}); !l.told[place] {
		l.told[place] = true
		l.report(f)
	}
}

// approval says that a person is waited for while others wait for the lock. A step's own
// lock is taken after its approval.
func (l *locks) approval(f *source.File, s *check.Step, a *ast.Approve, outer held) {
	place := spot{f.Name, a.Range}
	if l.told[place] {
		return
	}
	l.told[place] = true
	others := "waits with it"
	if outer.rejects {
		others = "fails meanwhile"
	}
	l.report(finding{
		rule: diag.ApprovalInLock, file: f, at: source.Span{Start: a.Range.Start, End: a.Range.Start + int32(len("approve"))},
		message: fmt.Sprintf("step %q waits for a person while lock %s is held, and every other run %s", s.Name, outer.text, others),
		help:    "let the steps that need the lock take it, after the approval",
		related: []diag.Related{{File: outer.file, Span: outer.at, Message: "the lock is held from here on"}},
	})
}
