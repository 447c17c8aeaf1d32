package plan

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// Dot writes a plan as a Graphviz graph: values flow along solid edges, dashed ones are
// only waited for; a pipeline called as a step, on failure and finally are clusters.
func Dot(w io.Writer, p *Plan) error {
	b := bufio.NewWriter(w)
	d := draw(p)
	fmt.Fprintf(b, "digraph %s {\n", dotText(d.title))
	b.WriteString("  rankdir=LR;\n  compound=true;\n  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n  edge [fontname=\"sans-serif\"];\n")
	dotGroup(b, d.root, 1)
	groups := map[string]bool{}
	collectGroups(d.root, groups)
	for _, e := range d.edges {
		fmt.Fprintf(b, "  %s -> %s%s;\n", e.from, e.to, dotEdge(e, groups))
	}
	b.WriteString("}\n")
	return b.Flush()
}

// collectGroups finds the ids that edges cannot end at: Graphviz has them end at a point
// inside, cut at the border.
func collectGroups(g group, into map[string]bool) {
	for _, sub := range g.groups {
		into[sub.id] = true
		collectGroups(sub, into)
	}
}

func dotEdge(e edge, groups map[string]bool) string {
	var attrs []string
	if e.order {
		attrs = append(attrs, "style=dashed")
	}
	if groups[e.from] {
		attrs = append(attrs, "ltail=cluster_"+e.from)
	}
	if groups[e.to] {
		attrs = append(attrs, "lhead=cluster_"+e.to)
	}
	if attrs == nil {
		return ""
	}
	return " [" + strings.Join(attrs, ", ") + "]"
}

func dotGroup(w io.Writer, g group, depth int) {
	pad := strings.Repeat("  ", depth)
	for _, x := range g.boxes {
		fmt.Fprintf(w, "%s%s [label=%s%s];\n", pad, x.id, dotText(x.lines...), dotKinds[x.kind])
	}
	for _, sub := range g.groups {
		fmt.Fprintf(w, "%ssubgraph cluster_%s {\n%s  label=%s;\n", pad, sub.id, pad, dotText(sub.label))
		if sub.muted {
			fmt.Fprintf(w, "%s  style=dashed;\n", pad)
		}
		fmt.Fprintf(w, "%s  %s [shape=point, style=invis];\n", pad, sub.id)
		dotGroup(w, sub, depth+1)
		fmt.Fprintf(w, "%s}\n", pad)
	}
}

var dotKinds = [...]string{plainBox: "", guardedBox: `, style="rounded,dashed"`, neverBox: `, style="rounded,dotted", fontcolor=gray`}

// dotText is a quoted string. Graphviz reads escapes and HTML entities in a label.
func dotText(lines ...string) string {
	r := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "&", "&amp;", "<", "&lt;", ">", "&gt;")
	for i, l := range lines {
		lines[i] = r.Replace(clean(l))
	}
	return `"` + strings.Join(lines, `\n`) + `"`
}
