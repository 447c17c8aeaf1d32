package format

import "strings"

// fence prints a fenced script: its lines one level deeper than the line that opens it, and
// the closing fence level with that line. What runs is the same, since the reader takes away
// the indentation that all lines share.
func (p *printer) fence(t *tok) {
	head, _, _ := strings.Cut(t.text, "\n")
	ticks := head[:len(head)-len(strings.TrimLeft(head, "`"))]
	outer := strings.Repeat(indentation, p.indent)
	var b strings.Builder
	b.WriteString(ticks + strings.TrimSpace(head[len(ticks):]) + "\n")
	for line := range strings.Lines(t.script.Text) {
		if line != "\n" {
			b.WriteString(outer + indentation)
		}
		b.WriteString(line)
	}
	b.WriteString(outer + ticks)
	p.text(b.String())
	p.held = true
}
