package diag

import (
	"strings"
	"unicode/utf8"
)

// excerpt is a line of source cut to a width, with the columns of what it is about.
type excerpt struct {
	text     string
	from, to int // columns in text, half-open; from == to for an empty place
}

// excerptOf shows a line in at most room columns, around its bytes start to end.
func excerptOf(line string, start, end, room int, ascii bool) excerpt {
	start = min(max(start, 0), len(line))
	end = min(max(end, start), len(line))
	lo, hi := near(line, start, end, room)
	all := glyphs(line[lo:hi], ascii)
	from, to, total := measure(all, start-lo, end-lo)
	if lo == 0 && hi == len(line) && total <= room {
		return excerpt{join(all), from, to}
	}
	mark := choose(ascii, "...", "…")
	left := window(from, to, total, room)
	before, after := "", ""
	if left > 0 || lo > 0 {
		before = mark
	}
	head := utf8.RuneCountInString(before)
	right := left + room - head
	if total > right || hi < len(line) {
		after = mark
		right -= utf8.RuneCountInString(mark)
	}
	shown := between(all, left, right)
	skipped, _, _ := measure(all, shown[0].off, 0)
	_, _, width := measure(shown, 0, 0)
	place := func(column int) int { return head + min(max(column-skipped, 0), width) }
	return excerpt{before + join(shown) + after, place(from), place(to)}
}

// between are the glyphs that lie wholly in the columns from left to right, at least one.
func between(all []glyph, left, right int) []glyph {
	first, column := 0, 0
	for first < len(all)-1 && column < left {
		column += all[first].width
		first++
	}
	last := first
	for last < len(all) && column+all[last].width <= right {
		column += all[last].width
		last++
	}
	return all[first:max(last, first+1)]
}

// near bounds the bytes of a very long line that can be of interest, at character boundaries.
func near(line string, start, end, room int) (lo, hi int) {
	reach := 4 * room
	lo, hi = max(0, start-reach), min(len(line), min(end, start+reach)+reach)
	for lo > 0 && !utf8.RuneStart(line[lo]) {
		lo--
	}
	for hi < len(line) && !utf8.RuneStart(line[hi]) {
		hi++
	}
	return lo, hi
}

// measure finds the columns of two byte offsets, and the width of all.
func measure(all []glyph, start, end int) (from, to, total int) {
	for _, g := range all {
		if g.off < start {
			from += g.width
		}
		if g.off < end {
			to += g.width
		}
		total += g.width
	}
	return from, to, total
}

// window is the first column to show: the line's first if the place fits behind it, else
// a quarter of the room before the place.
func window(from, to, total, room int) int {
	if to <= room-4 {
		return 0
	}
	left := from - room/4
	if to-left > room-8 {
		left = min(from-4, max(left, to-room+8))
	}
	return max(0, min(left, total-room+8))
}

func join(all []glyph) string {
	var b strings.Builder
	for _, g := range all {
		b.WriteString(g.text)
	}
	return b.String()
}

func choose(cond bool, yes, no string) string {
	if cond {
		return yes
	}
	return no
}
