package diag

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/pipelang/pipe/lang/source"
)

// Of a range of more than longFrame lines only the first keptHead and the last keptTail are shown.
const (
	longFrame = 7
	keptHead  = 3
	keptTail  = 2
)

// frame shows the source of a range with marks under it; there is none to show of a file without text.
func (p *textPrinter) frame(f *source.File, s source.Span, mark, color string) {
	if f.Text == "" {
		return
	}
	s = visible(f, s)
	first, last := f.Position(s.Start).Line, f.Position(s.End).Line
	p.row("", "")
	if first == last {
		p.oneLine(f, first, s, mark, color)
		return
	}
	p.manyLines(f, first, last, s, mark, color)
}

// visible leaves a line break out of a range's end, so that no empty line is shown for it.
func visible(f *source.File, s source.Span) source.Span {
	n := int32(len(f.Text))
	s.Start = min(max(s.Start, 0), n)
	s.End = min(max(s.End, s.Start), n)
	for s.End > s.Start && (f.Text[s.End-1] == '\n' || f.Text[s.End-1] == '\r') {
		s.End--
	}
	return s
}

// row is one line of a frame; number is "" for a line that is not source.
func (p *textPrinter) row(number, text string) {
	line := p.paint(blue, fmt.Sprintf("%*s |", p.gutter, number))
	if text != "" {
		line += " " + text
	}
	p.WriteString(strings.TrimRight(line, " ") + "\n")
}

func (p *textPrinter) room() int { return p.width - p.gutter - len(" | ") }

func (p *textPrinter) excerpt(f *source.File, line int, s source.Span, room int) excerpt {
	base := int(f.LineStart(line))
	return excerptOf(f.Line(line), int(s.Start)-base, int(s.End)-base, room, p.o.ASCII)
}

func (p *textPrinter) oneLine(f *source.File, line int, s source.Span, mark, color string) {
	x := p.excerpt(f, line, s, p.room())
	p.row(fmt.Sprint(line), x.text)
	marks := strings.Repeat(mark, max(1, x.to-x.from))
	p.row("", strings.Repeat(" ", x.from)+p.paint(color, marks))
}

// manyLines draws a bar down the left of the range, from its first to its last character.
func (p *textPrinter) manyLines(f *source.File, first, last int, s source.Span, mark, color string) {
	room := p.room() - 2
	bar := p.paint(color, "|") + " "
	head := p.excerpt(f, first, source.Span{Start: s.Start, End: s.Start}, room)
	if strings.TrimSpace(f.Text[f.LineStart(first):s.Start]) == "" {
		p.row(fmt.Sprint(first), p.paint(color, "/")+" "+head.text)
	} else {
		p.row(fmt.Sprint(first), "  "+head.text)
		p.row("", " "+p.paint(color, strings.Repeat("_", head.from+1)+mark))
	}
	for n := first + 1; n < last; n++ {
		if last-first >= longFrame && n == first+keptHead {
			p.row("", bar+"...")
			n = last - keptTail + 1
		}
		p.row(fmt.Sprint(n), bar+p.excerpt(f, n, source.Span{}, room).text)
	}
	_, size := utf8.DecodeLastRuneInString(f.Text[:s.End])
	tail := p.excerpt(f, last, source.Span{Start: s.End - int32(size), End: s.End}, room)
	p.row(fmt.Sprint(last), bar+tail.text)
	p.row("", p.paint(color, "|"+strings.Repeat("_", tail.from+1)+mark))
}
