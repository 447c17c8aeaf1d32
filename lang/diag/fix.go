package diag

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/pipelang/pipe/lang/source"
)

// shownLines of a fix; the rest is only counted.
const shownLines = 8

// Apply makes edits to a text, whatever their order. One that overlaps an earlier one, or
// that lies outside the text, is left out.
func Apply(text string, edits []Edit) string {
	edits = slices.SortedStableFunc(slices.Values(edits), func(a, b Edit) int { return cmp.Compare(a.Span.Start, b.Span.Start) })
	var b strings.Builder
	at := int32(0)
	for _, e := range edits {
		if e.Span.Start < at || e.Span.End < e.Span.Start || int(e.Span.End) > len(text) {
			continue
		}
		b.WriteString(text[at:e.Span.Start] + e.Text)
		at = e.Span.End
	}
	return b.String() + text[at:]
}

// fix shows the lines that a fix changes, before and after.
func (p *textPrinter) fix(f Fix) {
	var files []*source.File
	for _, e := range f.Edits {
		if e.File != nil && !slices.Contains(files, e.File) {
			files = append(files, e.File)
		}
	}
	for _, file := range files {
		for _, edits := range byLines(file, f.Edits) {
			p.change(file, edits)
		}
	}
}

// byLines gathers the edits of a file that touch the same or neighbouring lines.
func byLines(f *source.File, all []Edit) [][]Edit {
	own := slices.DeleteFunc(slices.Clone(all), func(e Edit) bool { return e.File != f })
	slices.SortStableFunc(own, func(a, b Edit) int { return cmp.Compare(a.Span.Start, b.Span.Start) })
	var groups [][]Edit
	last := -1
	for _, e := range own {
		if line := f.Position(e.Span.Start).Line; last >= 0 && line <= last+1 {
			groups[len(groups)-1] = append(groups[len(groups)-1], e)
		} else {
			groups = append(groups, []Edit{e})
		}
		last = max(last, f.Position(e.Span.End).Line)
	}
	return groups
}

// change shows one group of edits as lines taken away and lines put in their place.
func (p *textPrinter) change(f *source.File, edits []Edit) {
	first := f.Position(edits[0].Span.Start).Line
	last := first
	for _, e := range edits {
		last = max(last, f.Position(e.Span.End).Line)
	}
	from, to := f.LineStart(first), int32(len(f.Text))
	if last < f.Lines() {
		to = f.LineStart(last + 1)
	}
	local := slices.Clone(edits)
	for i := range local {
		local[i].Span.Start -= from
		local[i].Span.End -= from
	}
	before := f.Text[from:to]
	p.changed(first, lines(before), lines(Apply(before, local)))
}

func lines(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(strings.ReplaceAll(s, "\r\n", "\n"), "\n"), "\n")
}

func (p *textPrinter) changed(number int, before, after []string) {
	for len(before) > 0 && len(after) > 0 && before[0] == after[0] {
		before, after = before[1:], after[1:]
		number++
	}
	for len(before) > 0 && len(after) > 0 && before[len(before)-1] == after[len(after)-1] {
		before, after = before[:len(before)-1], after[:len(after)-1]
	}
	p.side(number, "-", red, before, after)
	p.side(number, "+", green, after, before)
}

// side shows lines of one side; a cut line shows the part where it differs from the other side's.
func (p *textPrinter) side(number int, sign, color string, own, other []string) {
	for i, line := range own {
		if i == shownLines {
			fmt.Fprintf(p, "%*s %s and %d more lines\n", p.gutter, "", p.paint(color, sign), len(own)-i)
			return
		}
		at := 0
		for i < len(other) && at < len(line) && at < len(other[i]) && line[at] == other[i][at] {
			at++
		}
		text := excerptOf(line, at, at, p.room(), p.o.ASCII).text
		fmt.Fprintf(p, "%s\n", strings.TrimRight(fmt.Sprintf("%s %s %s", p.paint(blue, fmt.Sprintf("%*d", p.gutter, number+i)), p.paint(color, sign), text), " "))
	}
}
