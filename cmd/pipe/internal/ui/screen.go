package ui

import (
	"bytes"
	"io"
	"slices"
	"strconv"
	"strings"
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
	typed int      // lines that a person ended below it
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
	eraseLine  = "\r\x1b[2K"
	eraseAbove = "\x1b[A\x1b[2K"
)

// draw shows lines below above, which is whole lines that stay. Lines must be narrower than
// the terminal and fewer than it has rows. What is there already is not drawn again.
func (s *screen) draw(above []byte, lines []line, size area) {
	text, cells := make([]string, len(lines)), make([]int, len(lines))
	for i, l := range lines {
		text[i], cells[i] = l.text, l.cells
	}
	same := len(above) == 0 && slices.Equal(text, s.block) && (size == s.size || len(text) == 0) && s.typed == 0
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
	rows := s.rows(size)
	if len(above) > 0 || len(text) == 0 {
		// A line as wide as the terminal leaves the cursor where erasing takes its last character:
		// what is below goes first. It goes line by line: some terminals keep in their
		// scrollback what is erased from the first row on.
		s.text.WriteString(eraseLine + strings.Repeat(eraseAbove, rows))
		s.text.Write(above)
	} else if s.text.WriteByte('\r'); rows > 0 {
		s.text.WriteString("\x1b[" + strconv.Itoa(rows) + "A")
	}
	for _, t := range text {
		s.text.WriteString(t + eraseRight + "\n")
	}
	if len(above) == 0 && len(text) > 0 && rows > len(text) {
		s.text.WriteString(eraseBelow)
	}
	s.text.WriteString(endFrame)
	s.block, s.cells, s.size, s.typed = text, cells, size, 0
	s.flush()
}

// rows is how many the block takes on a terminal that has broken its lines anew when it became
// narrower; what is out of reach does not count.
func (s *screen) rows(size area) int {
	rows := 0
	for _, n := range s.cells {
		rows += 1 + max(0, n-1)/size.columns
	}
	return min(rows+s.typed, size.rows-1)
}

// forget leaves the block where it is: someone else has written below it.
func (s *screen) forget() { s.block, s.cells, s.typed = nil, nil, 0 }

func (s *screen) flush() { _, s.err = s.w.Write(s.text.Bytes()) }

// write writes text where the cursor is, with no block on the screen.
func (s *screen) write(text string) {
	if s.err == nil {
		_, s.err = io.WriteString(s.w, text)
	}
}
