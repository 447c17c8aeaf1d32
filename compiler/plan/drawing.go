package plan

import "fmt"

// drawing is a plan as boxes, groups and arrows, which Dot and Mermaid write each in its
// own way. Identifiers are made here, so that no name of a plan is ever one.
type drawing struct {
	title string
	root  group
	edges []edge
}

// group is a graph, or one of its parts: on failure, finally.
type group struct {
	id, label string
	muted     bool // beside the main line
	boxes     []box
	groups    []group
}

type box struct {
	id    string
	lines []string
	kind  boxKind
}

type boxKind uint8

const (
	plainBox boxKind = iota
	guardedBox
	neverBox
)

type edge struct {
	from, to string // of boxes or groups
	order    bool
}

// drawer numbers steps as it meets them.
type drawer struct {
	n     int
	edges []edge
}

func draw(p *Plan) drawing {
	d := &drawer{}
	root := d.graph("g0", p.Pipeline, &p.Graph)
	return drawing{title: p.Pipeline, root: root, edges: d.edges}
}

func (d *drawer) graph(id, label string, g *Graph) group {
	out, ids := group{id: id, label: label}, map[string]string{}
	d.fill(&out, g.Steps, ids)
	for _, part := range []struct {
		label string
		steps []Step
	}{{"on failure", g.OnFailure}, {"finally", g.Finally}} {
		if len(part.steps) == 0 {
			continue
		}
		d.n++
		sub := group{id: fmt.Sprintf("g%d", d.n), label: part.label, muted: true}
		d.fill(&sub, part.steps, ids)
		out.groups = append(out.groups, sub)
	}
	return out
}

// fill puts steps and their edges into a group; ids holds what the graph has by name.
func (d *drawer) fill(into *group, steps []Step, ids map[string]string) {
	for _, s := range Ordered(steps) {
		d.n++
		id := fmt.Sprintf("s%d", d.n)
		if s.Graph != nil && len(s.Graph.Steps) > 0 {
			id = fmt.Sprintf("g%d", d.n)
			into.groups = append(into.groups, d.graph(id, s.Name+" = "+s.Graph.Name, s.Graph))
		} else {
			into.boxes = append(into.boxes, box{id: id, lines: s.lines(), kind: s.kind()})
		}
		ids[s.Name] = id
	}
	for i := range steps {
		d.connect(&steps[i], ids)
	}
}

func (d *drawer) connect(s *Step, ids map[string]string) {
	for _, list := range []struct {
		names []string
		order bool
	}{{s.ValueEdges, false}, {s.OrderEdges, true}} {
		for _, name := range list.names {
			if from, ok := ids[name]; ok {
				d.edges = append(d.edges, edge{from, ids[s.Name], list.order})
			}
		}
	}
}

func (s *Step) kind() boxKind {
	switch {
	case s.Idle():
		return neverBox
	case s.guarded():
		return guardedBox
	}
	return plainBox
}

// lines are a step's label.
func (s *Step) lines() []string {
	out := []string{clean(s.Name + calls(s))}
	for _, g := range s.When {
		out = append(out, "when "+shorten(condition(g.Expr), 60))
	}
	for _, l := range s.For {
		out = append(out, "for "+shorten(loop(l), 60))
	}
	if s.Approve != nil {
		out = append(out, "asks for approval")
	}
	return out
}
