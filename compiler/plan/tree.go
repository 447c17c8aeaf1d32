package plan

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Tree writes a plan for people: what it was made of, every step after those that it waits
// for, with its guards, loops, edges and work, and what the whole reads and changes.
// A step is marked "+" when it runs, "?" when a guard decides, "-" when it never does.
func Tree(w io.Writer, p *Plan) error {
	b := bufio.NewWriter(w)
	t := &tree{w: b, plan: p, unsure: map[*Step]bool{}}
	t.head()
	t.graph(0, &p.Graph, false)
	t.linef(0, "")
	t.effects()
	t.summary()
	return b.Flush()
}

type tree struct {
	w    *bufio.Writer
	plan *Plan
	// runs, guarded and never count the steps that call an op.
	runs, guarded, never int
	// unsure holds the steps that a guard may skip, their own or one of what they need.
	unsure map[*Step]bool
	blank  bool // the last line is empty
}

func (t *tree) linef(depth int, format string, args ...any) {
	line := strings.TrimRight(strings.Repeat("  ", depth)+fmt.Sprintf(format, args...), " ")
	if line == "" && t.blank {
		return
	}
	t.blank = line == ""
	t.w.WriteString(line + "\n")
}

// row is a key and a value below a step or a heading; an empty value is left out.
func (t *tree) row(depth int, key, value string) {
	if value != "" {
		t.linef(depth, "%-11s %s", key, value)
	}
}

func (t *tree) head() {
	p := t.plan
	t.linef(0, "pipeline %s%s", clean(p.Pipeline), result(p.Graph.Result))
	if p.Doc != "" {
		t.linef(1, "%s", clean(firstLine(p.Doc)))
	}
	t.row(1, "entry", clean(p.Entry))
	t.row(1, "profile", clean(p.Profile))
	for _, x := range p.Params {
		t.row(1, "parameter", param(x))
	}
	for _, s := range p.Settings {
		t.row(1, "setting", setting(s))
	}
	t.row(1, "late", clean(strings.Join(p.Late, ", ")))
	t.row(1, "digest", clean(p.Digest))
	t.linef(0, "")
}

func param(x Param) string {
	s := clean(x.Name + ": " + string(x.Type))
	if x.Value != nil {
		s += " = " + shorten(x.Value.String(), 80)
	}
	return s
}

func setting(s Setting) string {
	text := clean(s.Name + ": " + string(s.Type))
	switch {
	case s.Secret:
		return text + " from " + clean(s.Variable)
	case s.Value == nil:
		return text + " (unset)"
	}
	return text + " = " + shorten(clean(string(s.Value)), 80)
}

func result(t Type) string {
	if t == "" || t == "nothing" {
		return ""
	}
	return " -> " + clean(string(t))
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// graph writes a graph that a guard may skip as a whole when unsure.
func (t *tree) graph(depth int, g *Graph, unsure bool) {
	t.guards(depth, g.When, g.Require, g.Locks)
	for _, s := range g.Services {
		t.row(depth, "service", clean(s.Name))
	}
	t.limits(depth, nil, g.Timeout, g.Target)
	unsure = unsure || late(g.When)
	t.list(depth, "", g.Steps, unsure)
	t.list(depth, "on failure", g.OnFailure, true)
	t.list(depth, "finally", g.Finally, false)
	if g.Return != nil {
		t.row(depth, "return", shorten(g.Return.String(), 100))
	}
}

func late(guards []Expr) bool {
	return slices.ContainsFunc(guards, func(x Expr) bool { return x.CEL != "" })
}

func (t *tree) guards(depth int, when []Expr, require []Require, locks []Lock) {
	for _, x := range when {
		t.row(depth, "when", condition(x))
	}
	for _, r := range require {
		t.row(depth, "require", required(r))
	}
	for _, l := range locks {
		t.row(depth, "lock", strings.TrimSpace(l.Key.String()+" "+l.Policy))
	}
}

func required(r Require) string {
	if r.Else == nil {
		return condition(r.Cond)
	}
	return condition(r.Cond) + " else " + r.Else.String()
}

func (t *tree) list(depth int, title string, steps []Step, unsure bool) {
	if len(steps) == 0 {
		return
	}
	if title != "" {
		t.linef(depth, "%s", title)
		depth++
	}
	guarded := map[string]bool{}
	for _, s := range Ordered(steps) {
		guarded[s.Name] = s.guarded() || slices.ContainsFunc(s.Needs, func(n string) bool { return guarded[n] })
		t.unsure[s] = unsure || guarded[s.Name]
		t.step(depth, s)
		if depth == 0 {
			t.linef(0, "")
		}
	}
}

func (t *tree) summary() {
	parts := []string{fmt.Sprintf("%d to run", t.runs)}
	if t.guarded > 0 {
		parts = append(parts, fmt.Sprintf("%d if a guard holds", t.guarded))
	}
	if t.never > 0 {
		parts = append(parts, fmt.Sprintf("%d skipped", t.never))
	}
	t.linef(0, "%s: %s", counted(t.runs+t.guarded+t.never, "step"), strings.Join(parts, ", "))
}

func (t *tree) effects() {
	e := t.plan.Effects
	t.linef(0, "effects")
	t.row(1, "files", list(e.Files))
	t.row(1, "secrets", list(e.Secrets))
	t.row(1, "inherits", list(e.Inherit))
	t.row(1, "images", list(e.Images))
	if e.Network {
		t.row(1, "network", "programs may reach it")
	}
	t.row(1, "changes", list(e.Changes))
	if e.Files == nil && e.Secrets == nil && e.Inherit == nil && e.Images == nil && !e.Network && e.Changes == nil {
		t.linef(1, "none")
	}
	t.linef(0, "")
}

func list(names []string) string { return clean(strings.Join(names, ", ")) }
