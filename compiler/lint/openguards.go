package lint

import (
	"slices"
	"strings"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/expr"
)

// guardID stands for the conditions of the steps of a pipeline that are written alike and mean the same wherever in
// it they stand: they name no step and nothing of the step's own.
type guardID uint32

const (
	unlike guardID = iota // means something of its own
	none                  // there is no condition
	firstGuard
)

// written says that the conditions are told by their text.
func (g guardID) written() bool { return g >= firstGuard }

// openGuards are guards that nothing decides, each alone (twice the same) or two of them together, of programs whose
// steps stand among the same.
type openGuards struct {
	stands uint64 // check.Program's Stands
	round  uint64 // which of a memory's this is, since a number means nothing in another; 0 where there is no memory
	ids    map[guardText]guardID
	pairs  map[[2]guardID]bool
	// together are sets of guards, by their numbers, which may all hold at once.
	together map[string]bool
}

// guardText is the conditions of a step as they are written, in a pipeline of a module or in what runs after it, where
// names mean other things.
type guardText struct {
	module, in string
	tail       bool
	text       string
}

func newOpenGuards() *openGuards {
	return &openGuards{ids: map[guardText]guardID{}, pairs: map[[2]guardID]bool{}, together: map[string]bool{}}
}

func (o *openGuards) has(a, b guardID) bool { return o.pairs[[2]guardID{a, b}] }
func (o *openGuards) add(a, b guardID)      { o.pairs[[2]guardID{a, b}] = true }

func (o *openGuards) id(l *check.Pipeline, tail bool, text string) guardID {
	key := guardText{l.Module.Load.ID, l.Name, tail, text}
	id, known := o.ids[key]
	if !known {
		id = firstGuard + guardID(len(o.ids))
		key.in = strings.Clone(key.in) // a piece of a file would keep all of it
		o.ids[key] = id
	}
	return id
}

// plainGuard is what stands for a step's conditions.
func (p *pass) plainGuard(l *check.Pipeline, s *check.Step) guardID {
	id, known := p.plain[s]
	if known {
		return id
	}
	if id, known = p.recalling.guard(s, p.open.round); !known {
		id = p.readGuard(l, s)
	}
	p.plain[s] = id
	return id
}

func (p *pass) readGuard(l *check.Pipeline, s *check.Step) guardID {
	if len(s.Bindings) > 0 || len(s.Loops) > 0 {
		return unlike
	}
	text := ""
	for _, it := range s.Modifiers {
		w, ok := it.(*ast.When)
		if !ok && conditional(it) || ok && p.namesStep(l, w.Cond) {
			return unlike
		}
		if ok {
			text += l.File.Source.Slice(w.Range) + "\n"
		}
	}
	if text == "" {
		return none
	}
	p.byName(l)
	return p.open.id(l, p.tails[s], text)
}

// conditional says that an item may have a condition of another kind than `when`.
func conditional(it ast.Item) bool {
	switch it.(type) {
	case *ast.Require, *ast.For, *ast.Approve, *ast.AllowFailure, *ast.Retry:
		return true
	}
	return false
}

func (p *pass) namesStep(l *check.Pipeline, x ast.Expr) bool {
	if broken(x) {
		return true
	}
	names := p.byName(l)
	return expr.AnyRef(x, func(r expr.Ref) bool { return names[r.Name] != nil })
}

// byName are a pipeline's steps, its tails included.
func (p *pass) byName(l *check.Pipeline) map[string]*check.Step {
	names := p.named[l]
	if names == nil {
		names = make(map[string]*check.Step, len(l.Steps))
		for s := range steps(l) {
			names[s.Name] = s
		}
		for _, tail := range [...][]*check.Step{l.OnFailure, l.Finally} {
			for _, s := range tail {
				p.tails[s] = true
			}
		}
		p.named[l] = names
	}
	return names
}

// allOpen says that each guard of the steps that must have succeeded before a step has been found to go with its own.
func (p *pass) allOpen(l *check.Pipeline, guard guardID, s *check.Step) bool {
	before := p.guardsBefore(l, s)
	return guard.written() && before.plain && !slices.ContainsFunc(before.ids, func(other guardID) bool {
		return guard != other && !p.open.has(guard, other)
	})
}

// maxOpen is how many guards the steps before a step may have for them to be told apart at once.
const maxOpen = 64

// guardSet is some steps' guards, each once.
type guardSet struct {
	ids   []guardID
	plain bool // all of them are told by their text
	some  bool // there are others: too many, or those of a cycle
}

// guardsBefore are those of the steps that must have succeeded before a step.
func (p *pass) guardsBefore(l *check.Pipeline, s *check.Step) guardSet {
	if known, ok := p.before[s]; ok {
		return known
	}
	p.before[s] = guardSet{some: true} // on a cycle
	all := guardSet{plain: true}
	for _, names := range [...][]string{s.Needs, s.Narrow} {
		for _, name := range names {
			if needed := p.byName(l)[name]; needed != nil && needed != s {
				all = all.with(p.guardsBefore(l, needed), p.plainGuard(l, needed))
			}
		}
	}
	if len(all.ids) > maxOpen {
		all = guardSet{some: true}
	}
	p.before[s] = all
	return all
}

// with are the guards of a set, those before one more step, and its own.
func (g guardSet) with(before guardSet, own guardID) guardSet {
	g.plain, g.some = g.plain && before.plain && own != unlike, g.some || before.some
	if len(g.ids) == 0 {
		g.ids = slices.Clip(before.ids)
	} else {
		for _, id := range before.ids {
			g = g.and(id)
		}
	}
	if own.written() {
		g = g.and(own)
	}
	return g
}

func (g guardSet) and(id guardID) guardSet {
	if !slices.Contains(g.ids, id) {
		g.ids = append(g.ids, id)
	}
	return g
}
