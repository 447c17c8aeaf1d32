package plan

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// Mermaid writes a plan as a Mermaid flowchart: values flow along solid edges, dotted ones
// are only waited for; a pipeline called as a step, on failure and finally are subgraphs.
func Mermaid(w io.Writer, p *Plan) error {
	b := bufio.NewWriter(w)
	d := draw(p)
	fmt.Fprintf(b, "---\ntitle: \"%s\"\n---\nflowchart LR\n", mermaidText(d.title))
	m := &mermaid{w: b}
	m.group(d.root, 1)
	for _, e := range d.edges {
		arrow := "-->"
		if e.order {
			arrow = "-.->"
		}
		fmt.Fprintf(b, "  %s %s %s\n", e.from, arrow, e.to)
	}
	m.classes()
	return b.Flush()
}

type mermaid struct {
	w              io.Writer
	guarded, never []string
	muted          []string
}

func (m *mermaid) group(g group, depth int) {
	pad := strings.Repeat("  ", depth)
	for _, x := range g.boxes {
		fmt.Fprintf(m.w, "%s%s[\"%s\"]\n", pad, x.id, mermaidText(x.lines...))
		switch x.kind {
		case guardedBox:
			m.guarded = append(m.guarded, x.id)
		case neverBox:
			m.never = append(m.never, x.id)
		}
	}
	for _, sub := range g.groups {
		fmt.Fprintf(m.w, "%ssubgraph %s[\"%s\"]\n", pad, sub.id, mermaidText(sub.label))
		m.group(sub, depth+1)
		fmt.Fprintf(m.w, "%send\n", pad)
		if sub.muted {
			m.muted = append(m.muted, sub.id)
		}
	}
}

func (m *mermaid) classes() {
	for _, c := range []struct {
		name, style string
		ids         []string
	}{
		{"guarded", "stroke-dasharray: 5 5", m.guarded},
		{"never", "stroke-dasharray: 2 4,color:#888", m.never},
		{"muted", "stroke-dasharray: 5 5", m.muted},
	} {
		if c.ids != nil {
			fmt.Fprintf(m.w, "  classDef %s %s\n  class %s %s\n", c.name, c.style, strings.Join(c.ids, ","), c.name)
		}
	}
}

// mermaidText is the inside of a quoted label: whatever is no letter, digit, space or plain
// mark is written as a character code, since Mermaid reads quotes, HTML and Markdown there.
func mermaidText(lines ...string) string {
	var b strings.Builder
	for i, l := range lines {
		if i > 0 {
			b.WriteString("<br/>")
		}
		for _, r := range clean(l) {
			if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(" _-./,=:?!", r) {
				b.WriteRune(r)
			} else {
				fmt.Fprintf(&b, "#%d;", r)
			}
		}
	}
	return b.String()
}
