package check

import (
	"maps"
	"slices"
	"strings"

	"github.com/pipelang/pipe/compiler/load"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/types"
)

// Memory is what a check leaves for the next one of the same program: of each step that runs an op and in which nothing
// was wrong, its text and the types of all names that it reads. Where both are the same again, and so is
// everything around the steps, its expressions need not be typed once more. Places are kept from the step's start on,
// so that it does not matter where it has moved to. The zero value knows nothing. It is for one check at a time, and holds what the
// last sound text of the program left.
type Memory struct {
	around around
	steps  map[stageKey]map[string]*stepMemory // by name
	count  uint64                              // of steps that were new or had changed
	stands uint64                              // Program.Stands
}

// stageKey is a pipeline's own graph. A file may be part of two modules, where its names mean different things.
type stageKey struct{ module, pipeline string }

// stepMemory is what is known of a step.
type stepMemory struct {
	since uint64 // Op.Since
	text  string
	refs  []expr.Ref // what node.read found, with places from the step's start on
	reads []meaning  // of what node.eachMeaning visited
	// names of the step's edges and services, and of its own op's captures
	values, orders, services, captures []string
	label                              types.Label
	result                             *types.Type // nil where it has to be found again
}

// around is all of a program that stands around its steps: what their check depends on beside the names that they read.
type around struct {
	texts   []string    // of declarations that are no pipelines, and of what pipelines hold beside steps
	library []*ast.File // modules of the standard library
	pools   map[string]int
}

func (a around) equal(b around) bool {
	return slices.Equal(a.texts, b.texts) && slices.Equal(a.library, b.library) && maps.Equal(a.pools, b.pools)
}

// aroundSteps collects what stands around the steps of a program.
func aroundSteps(p *load.Program) around {
	a := around{pools: p.Config.Pools}
	for _, m := range p.Modules {
		a.texts = append(a.texts, m.ID)
		if m.Broken {
			a.texts = append(a.texts, "broken")
		}
		for _, f := range m.Files {
			if m.Std {
				a.library = append(a.library, f)
				continue
			}
			a.texts = append(a.texts, f.Source.Name)
			a.uses(m.Uses[f])
			for _, d := range f.Decls {
				a.decl(f, d)
			}
		}
	}
	return a
}

func (a *around) uses(all map[string]*load.Import) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if m := all[name].Module; m != nil {
			a.texts = append(a.texts, name, m.ID)
		}
	}
}

func (a *around) decl(f *ast.File, d ast.Decl) {
	switch d := d.(type) {
	case *ast.Pipeline:
		head := d.Range
		if len(d.Items) > 0 {
			head.End = d.Items[0].Span().Start
		}
		a.texts = append(a.texts, f.Source.Slice(head))
		for _, it := range d.Items {
			switch it.(type) {
			case *ast.Step:
			case *ast.BadItem: // which acts by the name that it may declare
			default:
				a.texts = append(a.texts, f.Source.Slice(it.Span()))
			}
		}
	default:
		a.texts = append(a.texts, f.Source.Slice(d.Span()))
	}
}

// Again is Check where the program may have been checked before: m is what that left, and then what this one leaves.
// It finds what Check finds.
func Again(p *load.Program, m *Memory, diags *diag.List) *Program {
	a := aroundSteps(p)
	c := newChecker(p, diags)
	c.out.Damaged = diags.Len() > 0
	c.memory = &Memory{around: a, steps: make(map[stageKey]map[string]*stepMemory, len(m.steps)), count: m.count}
	c.out.Remembered = true
	c.memory.stands = m.stands
	if m.around.equal(a) {
		c.known = m.steps
	} else {
		c.memory.stands++
	}
	c.out.Stands = c.memory.stands
	c.check(p)
	*m = *c.memory
	return c.out
}

func (s *stage) key() stageKey { return stageKey{s.module.load.ID, s.out.Name} }

func (n *node) text() string { return n.stage.src.Slice(n.step.Decl.Range) }

// alike finds what is known of a step that is written as this one is.
func (n *node) alike() *stepMemory {
	c := n.stage.checker
	if c.memory == nil || n.stage.tail || c.out.Damaged && !memorable(n.step.Decl) {
		return nil
	}
	if was := n.stage.known[n.step.Name]; was != nil && was.text == n.text() {
		return was
	}
	return nil
}

// recall takes what is known of the step, if it is as it was.
func (n *node) recall() {
	was := n.written
	if was == nil || n.broken {
		return
	}
	i, same := 0, true
	n.eachMeaning(func(m meaning) {
		if same = same && i < len(was.reads) && was.reads[i].equal(m); same {
			was.reads[i] = m // a type of the check before would keep that one's texts
		}
		i++
	})
	if same && i == len(was.reads) {
		n.was = was
	}
}

// memory is what is to be known of a step that is new or has changed. It shares no text with the file.
func (n *node) memory() *stepMemory {
	m := &stepMemory{text: n.text(), refs: moved(n.refs, -n.step.Decl.Range.Start), reads: n.meanings(), label: n.label}
	for i := range m.refs {
		m.refs[i].Name = strings.Clone(m.refs[i].Name)
	}
	m.values, m.orders, m.services = cloned(n.step.ValueEdges), cloned(n.step.OrderEdges), cloned(n.step.Services)
	if n.step.Decl.Inline {
		m.captures = cloned(n.step.Op.Captures)
	}
	return m
}

func cloned(names []string) (out []string) {
	for _, name := range names {
		out = append(out, strings.Clone(name))
	}
	return slices.Clip(out)
}

// moved are references whose places have changed by a number of bytes.
func moved(refs []expr.Ref, by int32) []expr.Ref {
	out := make([]expr.Ref, len(refs))
	for i, r := range refs {
		r.Span.Start += by
		r.Span.End += by
		out[i] = r
	}
	return out
}

// eachMeaning visits what the names that the step reads and needs stand for. Rules look into a let, whose type may
// stay while those of the steps that it reads change.
func (n *node) eachMeaning(visit func(meaning)) {
	look := func(name string) {
		v, _ := n.stage.scope.Lookup(name)
		visit(meaning{v.Type, v.Step, v.Broken})
	}
	for _, r := range n.refs {
		look(r.Name)
		if len(n.stage.letReads) == 0 {
			continue
		}
		for _, step := range n.stage.letReads[r.Name].value.names() {
			look(step)
		}
	}
	for _, name := range n.step.Needs {
		look(name)
	}
}

func (n *node) meanings() []meaning {
	out := make([]meaning, 0, len(n.refs)+len(n.step.Needs))
	n.eachMeaning(func(m meaning) { out = append(out, m) })
	return out
}

// meaning is what an expression's type depends on of a name: messages alone are about the rest of an expr.Var, whose
// scope would keep the whole check that made it.
type meaning struct {
	typ          *types.Type // nil where nobody knows the name
	step, broken bool
}

func (m meaning) equal(o meaning) bool {
	return m.step == o.step && m.broken == o.broken && sameType(m.typ, o.typ)
}

// remember keeps what is known of the stage's steps, once all of them have been checked.
func (s *stage) remember() {
	c := s.checker
	if c.memory == nil {
		return
	}
	kept := make(map[string]*stepMemory, len(s.list))
	for _, n := range s.list {
		m := n.was
		switch {
		case m != nil:
			m.text = n.text() // the old one would keep a file's text of which there is a newer one
		case !n.said && !n.broken && n.step.Op != nil && memorable(n.step.Decl):
			c.memory.count++
			m = n.memory()
			m.since = c.memory.count
			if n.step.Decl.Inline && ownTypes(n.step.Op.Result) {
				m.result = apart(n.step.Op.Result)
			}
		default:
			continue
		}
		n.step.Since = m.since
		if n.step.Decl.Inline {
			n.step.Op.Since = m.since
		}
		kept[n.step.Name] = m
	}
	c.memory.steps[s.key()] = kept
}

// memorable says that a step reads nothing but names of the pipeline and the file, as they are: no name of its
// own, of a loop, a binding, a service or a macro, stands between them and its expressions.
func memorable(d *ast.Step) bool {
	ok := !d.Bad
	ast.Inspect(d, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.For, *ast.After, *ast.Service, *ast.BadItem, *ast.BadExpr:
			ok = false
		case *ast.Need:
			ok = ok && n.Value == nil
		case *ast.Assign:
			ok = ok && !n.Bad
		case *ast.Call:
			ok = ok && !bindsNames(n)
		}
		return ok
	})
	return ok
}

// bindsNames says that a call may be a macro with a variable of its own.
func bindsNames(c *ast.Call) bool {
	if c.Target == nil || len(c.Args) < 2 {
		return false
	}
	_, ident := ast.Unparen(c.Args[0]).(*ast.Ident)
	return ident
}
