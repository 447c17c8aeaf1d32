package ui

import (
	"bytes"
	"io"
	"slices"
	"strconv"
)

// screen draws a block of lines below what scrolls. Nothing of the block stays: each frame is
// drawn over the one before, with one write, and text that is to stay goes above it.
// It is used by one goroutine at a time, and by nobody else's leave: what others write in
// between must be told with forget.
type screen struct {
	w     io.Writer
	block []string // as it was drawn last
	cells []int    // of each of its lines
	size  area     // that it was drawn for
	text  bytes.Buffer
	err   error // the first of a write; nothing is drawn after it
}

// area is the size of a terminal, at least 1 each.
type area struct{ columns, rows int }

// line of a block: its text, which may be coloured, and how many cells that takes.
type line struct {
	text  string
	cells int
}

// Terminals that know these two show what is between them at once; others ignore them.
const (
	beginFrame = "\x1b[?2026h"
	endFrame   = "\x1b[?2026l"
	eraseRight = "\x1b[K"
	eraseBelow = "\x1b[J"
)

// draw shows lines below above, which is whole lines that stay. Lines must be narrower than
// the terminal and fewer than it has rows. What is there already is not drawn again.
func (s *screen) draw(above []byte, lines []line, size area) {
	text, cells := make([]string, len(lines)), make([]int, len(lines))
	for i, l := range lines {
		text[i], cells[i] = l.text, l.cells
	}
	same := len(above) == 0 && slices.Equal(text, s.block) && (size == s.size || len(text) == 0)
	if same || s.err != nil {
		return
	}
	s.text.Reset()
	if len(text) == 0 && len(s.block) == 0 {
		s.text.Write(above)
		s.flush()
		return
	}
	s.text.WriteString(beginFrame)
	s.top(size)
	if len(above) > 0 {
		// A line as wide as the terminal leaves the cursor where erasing takes its last
		// character: what is below goes first.
		s.text.WriteString(eraseBelow)
		s.text.Write(above)
	}
	for _, t := range text {
		s.text.WriteString(t + eraseRight + "\n")
	}
	s.text.WriteString(eraseBelow + endFrame)
	s.block, s.cells, s.size = text, cells, size
	s.flush()
}

// top moves to where the block begins, on a terminal that has broken its lines anew when it
// became narrower.
func (s *screen) top(size area) {
	rows := 0
	for _, n := range s.cells {
		rows += 1 + max(0, n-1)/size.columns
	}
	rows = min(rows, size.rows-1) // further up it is out of reach
	s.text.WriteByte('\r')
	if rows > 0 {
		s.text.WriteString("\x1b[" + strconv.Itoa(rows) + "A")
	}
}

// forget leaves the block where it is: someone else has written below it.
func (s *screen) forget() { s.block, s.cells = nil, nil }

func (s *screen) flush() { _, s.err = s.w.Write(s.text.Bytes()) }

// write writes text where the cursor is, with no block on the screen.
func (s *screen) write(text string) {
	if s.err == nil {
		_, s.err = io.WriteString(s.w, text)
	}
}
