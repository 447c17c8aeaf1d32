package lint

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
)

// clashing finds a step that needs two whose guards exclude each other, where no step that it needs does so already.
func (p *pass) clashing(l *check.Pipeline, s *check.Step) {
	if len(s.Needs)+len(s.Narrow) < 2 {
		return
	}
	before := p.guardsBefore(l, s)
	if len(before.ids) < 2 || len(before.ids) > maxGuarded {
		return
	}
	key := keyOf(before.ids)
	if !before.some && p.open.together[key] {
		return
	}
	scene := p.newScene()
	guarded := p.guardedBehind(l, scene, s)
	all := always
	for _, g := range guarded {
		all = both(all, g.guard)
	}
	if possible, certain := scene.try(both(all, p.facts(scene))); possible {
		if certain && !before.some && len(guarded) == len(before.ids) {
			p.open.together[key] = true
		}
		return
	}
	for i, b := range guarded {
		for _, a := range guarded[:i] {
			if !scene.possible(a.guard, p.facts(scene)) || !scene.possible(b.guard, p.facts(scene)) || p.inherits(l, s, a.step, b.step) ||
				scene.possible(a.guard, b.guard, p.facts(scene)) {
				continue
			}
			p.report(finding{
				rule: diag.UnreachableStep, file: l.File.Source, at: s.Decl.Name.Range,
				message: fmt.Sprintf("step %q never runs: it needs %q and %q, whose guards exclude each other", s.Name, a.step.Name, b.step.Name),
				help:    fmt.Sprintf("where either is enough, write when succeeded(%s) || succeeded(%s) instead", a.step.Name, b.step.Name),
				related: []diag.Related{ranOnly(l, a), ranOnly(l, b)},
			})
			return
		}
	}
}

func ranOnly(l *check.Pipeline, g guardedStep) diag.Related {
	w := whens(g.step)[0]
	return diag.Related{File: l.File.Source, Span: w.Range, Message: fmt.Sprintf("%q runs only %s", g.step.Name, oneLine(l.File.Source.Slice(w.Range)))}
}

// guardedStep is a step with what must hold for it to run.
type guardedStep struct {
	step  *check.Step
	guard *formula
}

// guardedBehind are the steps behind a step whose guards are told by their text, one of each.
func (p *pass) guardedBehind(l *check.Pipeline, scene *scene, s *check.Step) (out []guardedStep) {
	seen := map[guardID]bool{}
	for _, needed := range behind(s, p.byName(l)) {
		if id := p.plainGuard(l, needed); id.written() && !seen[id] && len(whens(needed)) > 0 {
			seen[id] = true
			out = append(out, guardedStep{needed, guards(scene, needed, whens(needed))})
		}
	}
	return out
}

// inherits says that one step which a step needs, needs both of two, or is one and needs the other.
func (p *pass) inherits(l *check.Pipeline, s, a, b *check.Step) bool {
	names := p.byName(l)
	return slices.ContainsFunc(slices.Concat(s.Needs, s.Narrow), func(name string) bool {
		parent := names[name]
		if parent == nil {
			return false
		}
		around := append(behind(parent, names), parent)
		return slices.Contains(around, a) && slices.Contains(around, b)
	})
}

func keyOf(ids []guardID) string {
	var key []byte
	for _, id := range ids {
		key = binary.AppendUvarint(key, uint64(id))
	}
	return string(key)
}

// otherwise finds a guard that asks for a failure, or a skip, of a step which must have succeeded.
func (p *pass) otherwise(l *check.Pipeline, s *check.Step, own []*ast.When) bool {
	for _, w := range own {
		for _, x := range conjuncts(w.Cond) {
			c, ok := x.(*ast.Call)
			if !ok || c.Target != nil || len(c.Args) != 1 || c.Name.Text != "failed" && c.Name.Text != "skipped" {
				continue
			}
			id, ok := ast.Unparen(c.Args[0]).(*ast.Ident)
			if !ok || !slices.Contains(s.Needs, id.Name) {
				continue
			}
			p.report(finding{
				rule: diag.UnreachableStep, file: l.File.Source, at: c.Range,
				message: fmt.Sprintf("step %q never runs: it needs %q, which must have succeeded, and asks for %s", s.Name, id.Name, short(c)),
				help:    fmt.Sprintf("write after %s instead of needs %s", id.Name, id.Name),
			})
			return true
		}
	}
	return false
}
