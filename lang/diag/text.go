package diag

import (
	"fmt"
	"strings"

	"github.com/pipelang/pipe/lang/source"
)

// widths that a text rendering keeps to: that of the narrowest terminal that it is laid out for, and the usual one.
const (
	narrowest = 40
	textWidth = 80
)

// The colours of the text format, as terminals' SGR codes.
const (
	bold   = "1"
	red    = "1;31"
	yellow = "1;33"
	cyan   = "1;36"
	green  = "32"
	blue   = "34"
)

var severityColors = [...]string{Error: red, Warning: yellow, Hint: cyan}

// textPrinter renders one finding after the other.
type textPrinter struct {
	strings.Builder
	o      Options
	width  int
	gutter int // digits of the largest line number of the current finding
}

// renderText shows each finding with its source, and counts them at the end.
// maxShown is how many findings the text shows; the other formats hold all.
const maxShown = 1000

func renderText(list []Diagnostic, o Options) string {
	p := &textPrinter{o: o, width: textWidth}
	if o.Width > 0 {
		p.width = min(max(o.Width, narrowest), textWidth)
	}
	for _, d := range list[:min(len(list), maxShown)] {
		p.finding(d)
		p.WriteByte('\n')
	}
	if more := len(list) - maxShown; more > 0 {
		fmt.Fprintf(p, "%d more are not shown here; --format json has them all\n\n", more)
	}
	if len(list) > 0 {
		p.WriteString(p.paint(bold, Summary(list)) + "\n")
	}
	return p.String()
}

// Summary counts findings by severity: "2 errors, 1 warning"; "" for none.
func Summary(list []Diagnostic) string {
	var counts [len(severityColors)]int
	for _, d := range list {
		counts[d.Severity]++
	}
	var parts []string
	for s, n := range counts {
		if n == 0 {
			continue
		}
		parts = append(parts, fmt.Sprintf("%d %s%s", n, Severity(s), choose(n == 1, "", "s")))
	}
	return strings.Join(parts, ", ")
}

func (p *textPrinter) finding(d Diagnostic) {
	p.gutter = gutterOf(d)
	color := severityColors[d.Severity]
	p.header(d, color)
	if d.File != nil {
		p.place(d.File, d.Span)
		p.frame(d.File, d.Span, "^", color)
	}
	for _, r := range d.Related {
		p.note("note", r.Message)
		if r.File != nil {
			p.place(r.File, r.Span)
			p.frame(r.File, r.Span, "-", blue)
		}
	}
	if d.Help != "" {
		p.note("help", d.Help)
	}
	for _, f := range d.Fixes {
		if !f.Obvious {
			p.note("fix", f.Message)
			p.fix(f)
		}
	}
}

// header is the message behind its severity and rule.
func (p *textPrinter) header(d Diagnostic, color string) {
	label := d.Severity.String() + "[" + d.Rule + "]"
	const indent = "  "
	for i, line := range wrap(p.safe(d.Message), p.width-len(label)-len(": "), p.width-len(indent)) {
		if i == 0 {
			p.WriteString(p.paint(color, label) + p.paint(bold, ": "+line) + "\n")
			continue
		}
		p.WriteString(indent + p.paint(bold, line) + "\n")
	}
}

// gutterOf is the number of digits that every line number of a finding fits in.
func gutterOf(d Diagnostic) int {
	last := 1
	see := func(f *source.File, s source.Span) {
		if f != nil {
			last = max(last, f.Position(max(s.Start, s.End)).Line)
		}
	}
	see(d.File, d.Span)
	for _, r := range d.Related {
		see(r.File, r.Span)
	}
	for _, f := range d.Fixes {
		for _, e := range f.Edits {
			see(e.File, e.Span)
			last += strings.Count(e.Text, "\n")
		}
	}
	return len(fmt.Sprint(last))
}

// note is a text of its own behind a word; its further lines are indented to match.
func (p *textPrinter) note(word, text string) {
	indent := strings.Repeat(" ", len(word)+2)
	head := p.paint(cyan, word) + ": "
	for _, part := range strings.Split(text, "\n") {
		for _, line := range wrap(p.safe(part), p.width-len(indent), p.width-len(indent)) {
			p.WriteString(head + line + "\n")
			head = indent
		}
	}
}

func (p *textPrinter) place(f *source.File, s source.Span) {
	at := f.Position(s.Start)
	fmt.Fprintf(p, "%*s%s %s:%d:%d\n", p.gutter, "", p.paint(blue, "-->"), p.safe(f.Name), at.Line, at.Column)
}

func (p *textPrinter) safe(s string) string {
	if p.o.ASCII {
		s = plainer.Replace(s)
	}
	return printable(s, p.o.ASCII)
}

// plainer writes what messages are made of in ASCII.
var plainer = strings.NewReplacer("…", "...", "→", "->")

func (p *textPrinter) paint(code, s string) string {
	if !p.o.Color || s == "" {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}
