package lint

import (
	"slices"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/ast"
)

// Memory is what a lint leaves for the next one of the same program: of each op of a step that check has found to be
// what it was, whether it alone gave a reason to say anything, and what it does. It holds what the last lint of a
// sound text left, and is for one lint at a time. The zero value knows nothing.
type Memory struct {
	parts  [maxParts]map[uint64]noted // by check.Op's Since
	guards [maxParts]*openGuards
}

// maxNoted is how many forms of steps are noted before all are noted anew.
const maxNoted = 1 << 13

// maxGuards is how many pairs of open guards are kept.
const maxGuards = 1 << 12

// maxParts is how many passes there may be: one for each group of rules, and one that has all of them.
const maxParts = 8

// whole is the part of a pass that has all rules.
const whole = maxParts - 1

// noted is what is known of a step and its op.
type noted struct {
	silent bool // the rules that look at either alone have found nothing
	// before are the steps that must have succeeded before, by Since, and whose guards go with its own.
	before   []uint64
	kind     kind // once it was asked for
	kinded   bool
	mentions *stepMentions // once they were asked for
	// guard is pass.plainGuard, in a round of openGuards.
	guard guardID
	round uint64
	// only is whether it does nothing but find its result, once it was asked for.
	only, asked bool
}

// recalling is a pass's part of a memory; nil remembers nothing.
type recalling struct {
	into  *map[uint64]noted
	kept  **openGuards
	known map[uint64]noted
	loud  map[uint64]bool          // the steps in which something was found
	reach map[uint64][]uint64      // noted.before of those that were asked for
	since map[*ast.Step]uint64     // once somebody has asked
	used  map[uint64]*stepMentions // those that were not known
	// computing are the ops of which somebody has asked whether they only compute.
	computing map[uint64]bool
}

// part is what a pass left, by the place of its rules among the groups.
func (m *Memory) part(p *check.Program, group int) *recalling {
	if m == nil || !p.Remembered {
		return nil
	}
	return &recalling{into: &m.parts[group], kept: &m.guards[group], known: m.parts[group], loud: map[uint64]bool{}}
}

// guards are those that are known to be open, for the pass to add to; nil where it has to find out. A let may be of
// another type as soon as a step is.
func (r *recalling) guards(p *check.Program) *openGuards {
	if r == nil {
		return nil
	}
	for _, m := range p.Modules {
		for _, l := range m.Pipelines {
			if len(l.Lets) > 0 {
				return nil
			}
		}
	}
	old := *r.kept
	if old == nil || old.stands != p.Stands || max(len(old.pairs), len(old.ids), len(old.together)) > maxGuards {
		fresh := newOpenGuards()
		fresh.stands, fresh.round = p.Stands, 1
		if old != nil {
			fresh.round += old.round
		}
		*r.kept = fresh
	}
	return *r.kept
}

// guard is what stands for a step's conditions, where it is known.
func (r *recalling) guard(s *check.Step, round uint64) (guardID, bool) {
	if r == nil || s.Since == 0 || round == 0 {
		return unlike, false
	}
	n := r.known[s.Since]
	return n.guard, n.round == round
}

// keep leaves what the pass has found out.
func (r *recalling) keep(p *pass) {
	if r == nil {
		return
	}
	anew := len(r.known) == 0 || len(r.known) > maxNoted
	if anew {
		*r.into = map[uint64]noted{}
	}
	for _, m := range p.program.Load.Modules {
		module := p.program.Modules[m]
		if module == nil || m.Std {
			continue
		}
		for _, l := range module.Pipelines {
			for _, s := range l.Steps {
				r.keepStep(p, s, anew)
			}
		}
	}
}

func (r *recalling) keepStep(p *pass, s *check.Step, anew bool) {
	was, known := r.known[s.Since]
	n := was
	if s.Since == 0 || p.program.Damaged && !known {
		return // some rules have left it alone
	}
	n.silent = !r.loud[s.Since] && (n.silent || !p.program.Damaged)
	if k, asked := p.kinds[s.Op]; asked && s.Op.Since == s.Since {
		n.kind, n.kinded = k, true
	}
	if only, asked := r.computing[s.Since]; asked {
		n.only, n.asked = only, true
	}
	if used := r.used[s.Since]; used != nil {
		n.mentions = used
	}
	if before, asked := r.reach[s.Since]; asked {
		n.before = before
	}
	if guard, asked := p.plain[s]; asked && p.open.round > 0 {
		n.guard, n.round = guard, p.open.round
	}
	if anew || !known || n.silent != was.silent || n.kinded != was.kinded || n.asked != was.asked || n.mentions != was.mentions || n.guard != was.guard || n.round != was.round || !slices.Equal(n.before, was.before) {
		(*r.into)[s.Since] = n
	}
}

// reachable says that a step's guards are known to go with those of the steps before it.
func (r *recalling) reachable(s *check.Step, before []uint64) bool {
	return r != nil && s.Since > 0 && before != nil && slices.Equal(r.known[s.Since].before, before)
}

// reached takes in that they do.
func (r *recalling) reached(s *check.Step, before []uint64) {
	if r == nil || s.Since == 0 || before == nil {
		return
	}
	if r.reach == nil {
		r.reach = map[uint64][]uint64{}
	}
	r.reach[s.Since] = before
}

// since are the numbers of steps; nil where one of them is not remembered.
func since(steps []*check.Step) []uint64 {
	out := make([]uint64, len(steps))
	for i, s := range steps {
		if out[i] = s.Since; s.Since == 0 {
			return nil
		}
	}
	return out
}

// quietly says that rules that look at an op alone need not look at one.
func (r *recalling) quietly(since uint64) bool { return r != nil && r.known[since].silent }

// note takes in that something was found in an op.
func (r *recalling) note(since uint64, found bool) {
	if r != nil && found {
		r.loud[since] = true
	}
}

// kindOf is what is known of an op.
func (r *recalling) kindOf(o *check.Op) (kind, bool) {
	if r == nil {
		return kind{}, false
	}
	n := r.known[o.Since]
	return n.kind, n.kinded
}

// onlyComputes is what is known of an op; keep takes in what was found out.
func (r *recalling) onlyComputes(o *check.Op, find func() bool) bool {
	if r == nil || o.Since == 0 {
		return find()
	}
	n := r.known[o.Since]
	if !n.asked {
		n.only, n.asked = find(), true
	}
	if r.computing == nil {
		r.computing = map[uint64]bool{}
	}
	r.computing[o.Since] = n.only
	return n.only
}

// inspect visits the nodes of a file but for those of steps that are known to hold nothing.
func (p *pass) inspect(f *ast.File, visit func(ast.Node) bool) {
	p.eachPart(f, func(since uint64, n ast.Node) {
		if p.quietly(since) {
			return
		}
		before := p.diags.Len()
		ast.Inspect(n, visit)
		p.note(since, p.diags.Len() > before)
	})
}

// eachPart visits the parts of a file from which steps can be told, with Since of the op that a step holds; it is 0 for
// other parts.
func (p *pass) eachPart(f *ast.File, visit func(since uint64, n ast.Node)) {
	if p.recalling == nil {
		visit(0, f)
		return
	}
	for _, d := range f.Decls {
		l, ok := d.(*ast.Pipeline)
		if !ok {
			visit(0, d)
			continue
		}
		for _, x := range l.Params {
			visit(0, x)
		}
		if l.Result != nil {
			visit(0, l.Result)
		}
		for _, it := range l.Items {
			if let, ok := it.(ast.LetItem); ok {
				visit(0, let.Let)
			} else {
				visit(p.sinceOf(it), it)
			}
		}
	}
}

// sinceOf is Since of the op that a step holds; 0 for others.
func (p *pass) sinceOf(it ast.Item) uint64 {
	d, ok := it.(*ast.Step)
	if !ok {
		return 0
	}
	if p.since == nil {
		p.since = map[*ast.Step]uint64{}
		for _, m := range p.program.Modules {
			for _, l := range m.Pipelines {
				for _, s := range l.Steps {
					if s.Op == nil || s.Op.Inline != s.Decl {
						continue
					}
					_, again := p.since[s.Decl]
					if p.since[s.Decl] = s.Op.Since; again {
						p.since[s.Decl] = 0 // of a file in two modules, in each of which it is another step
					}
				}
			}
		}
	}
	return p.since[d]
}
