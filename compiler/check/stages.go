package check

import (
	"slices"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/types"
)

// stage is one graph of steps: a pipeline's own, its on failure, or its finally.
type stage struct {
	*body
	scope *expr.Scope
	// tail says that the stage runs after the pipeline's own, whose steps may have failed.
	tail  bool
	nodes map[string]*node
	list  []*node
	room  []node // for the steps to come
	made  []Step
	bad   map[string]bool // names of steps that could not be read
	// known are the steps of the check before, by name.
	known map[string]*stepMemory
}

// node is a step while it is checked.
type node struct {
	stage *stage
	step  *Step
	items []ast.Item // those that may stand there
	own   []ast.Item // those of them that are an inline op's
	refs  []expr.Ref // free names of its expressions
	reads reads
	needs spots
	after spots
	plain []string // optional steps that have a result here, sorted
	// local is where its modifiers are evaluated, once its loops are known.
	local  exprs
	broken bool
	// written is what is known of the step where its text is what it was; was where all that it reads is, too.
	written, was *stepMemory
	// said that something is wrong with it.
	said  bool
	label types.Label // of what reaches its own op
}

// reads are the steps that something reads: their values, or only how they ended; and the
// pipeline's services that it mentions.
type reads struct{ value, order, services spots }

func (r reads) empty() bool { return len(r.value.list)+len(r.order.list) == 0 }

func (r *reads) add(s reads, at source.Span) {
	for _, p := range s.value.list {
		r.value.set(p.name, at)
	}
	for _, p := range s.order.list {
		r.order.set(p.name, at)
	}
	for _, p := range s.services.list {
		r.services.set(p.name, at)
	}
}

// fewSpots are looked through one after the other.
const fewSpots = 8

// spots are the places of names. Most are empty, or hold one or two.
type spots struct {
	list  []spot
	index map[string]int // of more than a few
}

type spot struct {
	name string
	at   source.Span
}

func (s spots) find(name string) int {
	if s.index != nil {
		if i, found := s.index[name]; found {
			return i
		}
		return -1
	}
	return slices.IndexFunc(s.list, func(p spot) bool { return p.name == name })
}

func (s *spots) set(name string, at source.Span) {
	if i := s.find(name); i >= 0 {
		s.list[i].at = at
		return
	}
	s.list = append(s.list, spot{name, at})
	switch n := len(s.list); {
	case s.index != nil:
		s.index[name] = n - 1
	case n > fewSpots:
		s.reindex()
	}
}

func (s *spots) reindex() {
	s.index = make(map[string]int, 2*len(s.list))
	for i, p := range s.list {
		s.index[p.name] = i
	}
}

func (s spots) get(name string) (at source.Span, ok bool) {
	if i := s.find(name); i >= 0 {
		return s.list[i].at, true
	}
	return at, false
}

func (s spots) has(name string) bool { return s.find(name) >= 0 }

func (s *spots) remove(name string) {
	s.list = slices.DeleteFunc(s.list, func(p spot) bool { return p.name == name })
	if s.index != nil {
		s.reindex()
	}
}

// names are sorted.
func (s spots) names() []string {
	if len(s.list) == 0 {
		return nil
	}
	out := make([]string, len(s.list))
	for i, p := range s.list {
		out[i] = p.name
	}
	slices.Sort(out)
	return out
}

// newStage makes room for some steps.
func (b *body) newStage(s *expr.Scope, tail bool, steps int) *stage {
	return &stage{body: b, scope: s, tail: tail, nodes: make(map[string]*node, steps), list: make([]*node, 0, steps), room: make([]node, steps), made: make([]Step, steps), bad: map[string]bool{}}
}

// collect takes in a step by name.
func (s *stage) collect(d *ast.Step) {
	s.reservedStep(d)
	if !s.declare(s.names, d.Name, "step") {
		return
	}
	n, step := &s.room[0], &s.made[0]
	s.room, s.made = s.room[1:], s.made[1:]
	*step = Step{Name: d.Name.Text, Decl: d, File: s.ast, Result: types.InvalidType, Type: types.InvalidType}
	n.stage, n.step, step.node = s, step, n
	allowed := modifier
	if d.Inline {
		allowed |= attribute
	}
	n.items = s.items(d.Items, allowed, "a step")
	n.step.Modifiers = n.items
	s.nodes[d.Name.Text] = n
	s.list = append(s.list, n)
}

// reservedStep refuses a name that expressions cannot use; a bare call gets one of its own.
func (s *stage) reservedStep(d *ast.Step) {
	s.reservedName(d.Name, "step", func(better string) []diag.Edit {
		if d.Bare {
			at := source.Span{Start: d.Range.Start, End: d.Range.Start}
			return []diag.Edit{{File: s.src, Span: at, Text: better + " = "}}
		}
		edits := []diag.Edit{{File: s.src, Span: d.Name.Range, Text: better}}
		for _, it := range s.decl.Items {
			eachExpr(it, func(x ast.Expr) {
				for _, r := range expr.Refs(x) {
					if r.Name == d.Name.Text && !slices.Contains(globals, r.Name) && s.uses[r.Name] == nil {
						edits = append(edits, diag.Edit{File: s.src, Span: r.Span, Text: better})
					}
				}
			})
		}
		return edits
	})
}

// order finds the edges, reports cycles, and types lets and steps after what they read.
func (s *stage) order() {
	g := newGraph(len(s.list) + len(s.lets))
	if !s.tail {
		s.known = s.checker.known[s.key()]
		s.letEdges(g)
	}
	for _, n := range s.list {
		g.add(n.step.Name)
		n.modifierEdges()
		if n.written = n.alike(); n.written != nil {
			n.refs = moved(n.written.refs, n.step.Decl.Range.Start)
		} else {
			n.read()
		}
		n.waits(g)
	}
	order, cycles := g.sort()
	for _, c := range cycles {
		s.cycle(c)
	}
	for _, name := range order {
		if l := s.lets[name]; l != nil && !s.tail {
			s.let(l, g.edges[name])
			continue
		}
		n := s.nodes[name]
		n.step.Needs = n.needs.names()
		n.recall()
		n.edges()
		said := s.diags.Len()
		n.resolve()
		n.said = s.diags.Len() > said
	}
}

// waits adds the step's edges to the graph, sorted so that the same cycle is always told the same way.
func (n *node) waits(g *graph) {
	s := n.stage
	names := make([]string, 0, len(n.needs.list)+len(n.after.list)+len(n.refs))
	for _, set := range [...]spots{n.needs, n.after} {
		for _, p := range set.list {
			if s.nodes[p.name] != nil {
				names = append(names, p.name)
			}
		}
	}
	for _, r := range n.refs {
		if s.nodes[r.Name] != nil || s.lets[r.Name] != nil && !s.tail {
			names = append(names, r.Name)
		}
	}
	slices.Sort(names)
	g.edges[n.step.Name] = slices.Compact(names)
}

func (s *stage) letEdges(g *graph) {
	for _, l := range sorted(s.lets) {
		g.add(l.Name.Text)
		for _, r := range expr.Refs(l.Value) {
			if s.nodes[r.Name] != nil || s.lets[r.Name] != nil {
				g.edge(l.Name.Text, r.Name)
			}
		}
	}
}

// cycle reports a circle once and keeps what is on it quiet.
func (s *stage) cycle(path []string) {
	at := ast.Name{}
	for _, name := range path {
		if n := s.nodes[name]; n != nil {
			n.broken = true
			if at.Text == "" {
				at = n.step.Decl.Name
			}
		} else {
			s.letReads[name] = reads{}
			s.scope.Declare(name, expr.Var{Type: types.InvalidType, Broken: true})
			if at.Text == "" {
				at = s.lets[name].Name
			}
		}
	}
	s.reportCycle(at, "steps", path)
}

// let types a value of the pipeline and keeps which steps are behind it.
func (s *stage) let(l *ast.Let, uses []string) {
	name := l.Name.Text
	if _, done := s.letReads[name]; done {
		s.out.Lets = append(s.out.Lets, &Let{Name: name, File: s.ast, Decl: l, Type: types.InvalidType, Uses: uses})
		return // on a cycle
	}
	var r reads
	s.sortReads(expr.Refs(l.Value), &r)
	s.letReads[name] = r
	t := s.letType(s.in(s.scope), l)
	s.out.Lets = append(s.out.Lets, &Let{Name: name, File: s.ast, Decl: l, Type: t, Uses: uses, Services: r.services.names()})
	s.scope.Declare(name, expr.Var{Type: t, Broken: t.Kind == types.Invalid, Value: l.Value, In: s.scope})
}

// sortReads adds the steps behind free names, to the values or to the ends that are read.
func (s *stage) sortReads(refs []expr.Ref, into *reads) {
	for _, ref := range refs {
		switch {
		case s.nodes[ref.Name] != nil && ref.Order:
			into.order.set(ref.Name, ref.Span)
		case s.nodes[ref.Name] != nil:
			into.value.set(ref.Name, ref.Span)
		case s.lets[ref.Name] != nil:
			into.add(s.letReads[ref.Name], ref.Span)
		case s.services[ref.Name]:
			into.services.set(ref.Name, ref.Span)
		}
	}
}

func (s *stage) steps() []*Step {
	out := make([]*Step, 0, len(s.list))
	for _, n := range s.list {
		out = append(out, n.step)
	}
	return out
}
