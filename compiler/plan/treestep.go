package plan

import (
	"fmt"
	"slices"
	"strings"
)

// step writes one step with everything below it.
func (t *tree) step(depth int, s *Step) {
	t.linef(depth, "%s %-28s %s", t.mark(s), clean(s.Name+calls(s)), clean(s.At))
	depth += 2
	t.row(depth, "does", clean(shorten(firstLine(s.Doc), 100)))
	if s.Never {
		t.row(depth, "skipped", whyNever(s))
		return
	}
	t.waits(depth, s)
	if s.Gaps {
		t.loops(depth, s)
		t.row(depth, "skipped", "each instance: "+whyNever(s))
		return
	}
	for _, a := range s.Args {
		t.row(depth, "argument", clean(a.Name)+" = "+shorten(a.Value.String(), 80))
	}
	t.modifiers(depth, s)
	if o, ok := t.plan.Ops[s.Op]; ok {
		t.op(depth, o)
	}
	if s.Graph != nil {
		t.graph(depth, s.Graph, t.unsure[s])
	}
}

// mark is the sign before a step, which is counted unless it is a graph with steps of its own.
func (t *tree) mark(s *Step) string {
	switch {
	case s.Idle():
		t.never++
		return "-"
	case s.Graph != nil && t.unsure[s]:
		return "?"
	case s.Graph != nil:
		return "+"
	case t.unsure[s]:
		t.guarded++
		return "?"
	}
	t.runs++
	return "+"
}

// guarded reports whether something that is not known yet may skip the step.
func (s *Step) guarded() bool {
	for _, g := range s.When {
		if g.CEL != "" {
			return true
		}
	}
	return len(s.Bindings) > 0
}

func calls(s *Step) string {
	if s.Graph != nil {
		return " = pipeline " + s.Graph.Name
	}
	_, name, _ := strings.Cut(s.Op, ".pipe.")
	if name == "" {
		name = s.Op
	}
	if strings.HasSuffix(name, "/"+s.Name) {
		return " = op"
	}
	if name == s.Name {
		return ""
	}
	return " = " + name
}

func whyNever(s *Step) string {
	guards := make([]Expr, 0, len(s.When))
	for _, g := range s.When {
		guards = append(guards, g.Expr)
	}
	if s.Graph != nil {
		guards = append(guards, s.Graph.When...)
	}
	for _, g := range guards {
		if string(g.Value) == "false" && g.Text != "" {
			return "when " + clean(g.Text)
		}
		if string(g.Value) == "false" {
			return "its guard is false"
		}
	}
	return "what it needs is skipped or absent"
}

func (t *tree) waits(depth int, s *Step) {
	if len(s.Needs) > 0 {
		t.row(depth, "needs", list(s.Needs))
	}
	for _, b := range s.Bindings {
		t.row(depth, "needs", clean(b.Name)+" = "+b.Value.String())
	}
	var reads []string
	for _, e := range s.ValueEdges {
		if !slices.Contains(s.Needs, e) {
			reads = append(reads, e)
		}
	}
	t.row(depth, "reads", list(reads))
	t.row(depth, "after", list(s.OrderEdges))
}

func (t *tree) modifiers(depth int, s *Step) {
	for _, g := range s.When {
		t.row(depth, "when", condition(g.Expr))
	}
	t.loops(depth, s)
	t.guards(depth, nil, s.Require, s.Locks)
	if a := s.Approve; a != nil {
		t.row(depth, "approve", a.Message.String()+when(a.When))
	}
	if a := s.AllowFailure; a != nil {
		t.row(depth, "may fail", "yes"+when(a.When))
	}
	t.limits(depth, s.Retry, s.Timeout, s.Target)
	t.pool(depth, s.Pool)
}

func when(x *Expr) string {
	if x == nil {
		return ""
	}
	return " when " + condition(*x)
}

func (t *tree) loops(depth int, s *Step) {
	for _, l := range s.For {
		t.row(depth, "for", loop(l))
	}
}

func loop(l Loop) string {
	s := clean(l.Var) + " in " + shorten(l.List.String(), 80)
	if l.Where != nil {
		s += " where " + l.Where.String()
	}
	if l.Max != nil {
		s += ", " + l.Max.String() + " at a time"
	}
	return s
}

func (t *tree) limits(depth int, r *Retry, timeout, target *Expr) {
	if r != nil {
		t.row(depth, "retry", retry(r))
	}
	for _, x := range []struct {
		key   string
		value *Expr
	}{{"timeout", timeout}, {"target", target}} {
		if x.value != nil {
			t.row(depth, x.key, x.value.String())
		}
	}
}

func (t *tree) pool(depth int, name string) {
	if name != "" {
		t.row(depth, "pool", fmt.Sprintf("%s (%s)", clean(name), counted(t.plan.Pools[name], "slot")))
	}
}

func retry(r *Retry) string {
	s := r.Count.String()
	for _, x := range []struct {
		word  string
		value *Expr
	}{{"every", r.Every}, {"backoff", r.Backoff}, {"max", r.Max}, {"when", r.When}} {
		if x.value != nil {
			s += " " + x.word + " " + x.value.String()
		}
	}
	return s
}

// op writes what an op does, in the order in which it matters to a reader.
func (t *tree) op(depth int, o Op) {
	for _, x := range []struct {
		key   string
		value *Expr
	}{{"image", o.Image}, {"inputs", o.Inputs}, {"workdir", o.Workdir}} {
		if x.value != nil {
			t.row(depth, x.key, shorten(x.value.String(), 100))
		}
	}
	if o.InPlace {
		t.row(depth, "in place", "changes the repository")
	}
	if o.Native {
		t.row(depth, "native", clean(o.Module))
	}
	for _, e := range o.Env {
		t.row(depth, "env", clean(e.Name)+" = "+shorten(e.Value.String(), 80))
	}
	t.row(depth, "inherit", list(o.Inherit))
	t.row(depth, "capabilities", list(o.Capabilities))
	for _, m := range o.Mounts {
		t.row(depth, "mount", mount(m))
	}
	for _, r := range o.Runs {
		t.row(depth, "run", script(r))
	}
	if o.Exec != nil {
		t.row(depth, "exec", shorten(o.Exec.String(), 100))
	}
	if o.Keep != nil {
		t.row(depth, "keep", shorten(o.Keep.String(), 100))
	}
	if o.Cached != nil {
		t.row(depth, "cached", "yes")
	}
	t.limits(depth, o.Retry, o.Timeout, o.Target)
	t.pool(depth, o.Pool)
}

func mount(m Mount) string {
	if m.Cache != "" {
		return m.Path.String() + " = cache " + clean(m.Cache)
	}
	if m.Value == nil {
		return m.Path.String()
	}
	return m.Path.String() + " = " + m.Value.String()
}

// script is the first line of a script and how many follow.
func script(r Run) string {
	text := strings.TrimSpace(r.Script)
	s := shorten(clean(firstLine(text)), 80)
	if n := strings.Count(text, "\n"); n > 0 {
		s += fmt.Sprintf("  … and %s", counted(n, "more line"))
	}
	if r.Interpreter != "sh" {
		s = clean(r.Interpreter) + ": " + s
	}
	if r.Title != "" {
		s = clean(r.Title) + ": " + s
	}
	if r.OnFailure {
		s += "  (on failure)"
	}
	return s + when(r.When)
}
