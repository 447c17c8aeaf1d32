package lint

import (
	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/ast"
)

// Memory is what a lint leaves for the next one of the same program: of each step that check has found to be what it
// was, whether its own op gave a reason to say anything, and what it does. It holds what the last lint of a sound
// text left, and is for one lint at a time. The zero value knows nothing.
type Memory struct {
	parts [maxParts]map[stepKey]noted
}

// maxParts is how many passes there may be: one for each group of rules, and one that has all of them.
const maxParts = 8

// whole is the part of a pass that has all rules.
const whole = maxParts - 1

type stepKey struct{ file, pipeline, step string }

func keyOf(l *check.Pipeline, s *check.Step) stepKey {
	return stepKey{l.File.Source.Name, l.Name, s.Name}
}

// noted is what is known of a step as it is since a check.
type noted struct {
	since  uint64
	silent bool // the rules that look at an op alone have found nothing
	kind   kind // of its op, once it was asked for
	kinded bool
}

// recalling is a pass's part of a memory; nil remembers nothing.
type recalling struct {
	into  *map[stepKey]noted
	known map[stepKey]noted
	// quiet are the steps in which nothing is looked for, loud those in which something was found.
	quiet, loud map[*ast.Step]bool
	ops         map[*check.Op]noted
}

// part is what a pass left, by the place of its rules among the groups.
func (m *Memory) part(p *check.Program, group int) *recalling {
	if m == nil || !p.Remembered {
		return nil
	}
	into := &m.parts[group]
	r := &recalling{into: into, known: *into, quiet: map[*ast.Step]bool{}, loud: map[*ast.Step]bool{}, ops: map[*check.Op]noted{}}
	eachRemembered(p, func(l *check.Pipeline, s *check.Step) {
		if n, ok := r.known[keyOf(l, s)]; ok && n.since == s.Since {
			r.ops[s.Op] = n
			if n.silent {
				r.quiet[s.Decl] = true
			}
		}
	})
	return r
}

// eachRemembered visits the steps that check remembers.
func eachRemembered(p *check.Program, visit func(*check.Pipeline, *check.Step)) {
	for _, m := range p.Load.Modules {
		module := p.Modules[m]
		if module == nil || m.Std {
			continue
		}
		for _, l := range module.Pipelines {
			for _, s := range l.Steps {
				if s.Since > 0 && s.Op != nil && s.Op.Inline == s.Decl {
					visit(l, s)
				}
			}
		}
	}
}

// keep leaves what the pass has found out.
func (r *recalling) keep(p *pass) {
	if r == nil {
		return
	}
	next := make(map[stepKey]noted, len(r.known))
	eachRemembered(p.program, func(l *check.Pipeline, s *check.Step) {
		n := noted{since: s.Since, silent: !r.loud[s.Decl]}
		n.kind, n.kinded = p.kinds[s.Op]
		if !n.kinded {
			n.kind, n.kinded = r.ops[s.Op].kind, r.ops[s.Op].kinded
		}
		next[keyOf(l, s)] = n
	})
	*r.into = next
}

// quietly says that rules that look at an op alone need not look into a step.
func (r *recalling) quietly(s *ast.Step) bool { return r != nil && s != nil && r.quiet[s] }

// note takes in that something was found in a step.
func (r *recalling) note(s *ast.Step, found bool) {
	if r != nil && s != nil && found {
		r.loud[s] = true
	}
}

// kindOf is what is known of an op.
func (r *recalling) kindOf(o *check.Op) (kind, bool) {
	if r == nil {
		return kind{}, false
	}
	n := r.ops[o]
	return n.kind, n.kinded
}

// inspect visits the nodes of a file but for those of steps that are known to hold nothing.
func (p *pass) inspect(f *ast.File, visit func(ast.Node) bool) {
	if p.recalling == nil {
		ast.Inspect(f, visit)
		return
	}
	for _, d := range f.Decls {
		l, ok := d.(*ast.Pipeline)
		if !ok {
			ast.Inspect(d, visit)
			continue
		}
		for _, x := range l.Params {
			ast.Inspect(x, visit)
		}
		if l.Result != nil {
			ast.Inspect(l.Result, visit)
		}
		for _, it := range l.Items {
			p.inspectItem(it, visit)
		}
	}
}

func (p *pass) inspectItem(it ast.Item, visit func(ast.Node) bool) {
	s, _ := it.(*ast.Step)
	if p.recalling.quietly(s) {
		return
	}
	before := p.diags.Len()
	if let, ok := it.(ast.LetItem); ok {
		ast.Inspect(let.Let, visit)
	} else {
		ast.Inspect(it, visit)
	}
	p.recalling.note(s, p.diags.Len() > before)
}
