package ast

import (
	"strings"

	"github.com/pipelang/pipe/lang/source"
)

// Place is where a byte of Text stands in the file. An offset outside Text is clamped to it; the
// end of a line is the end of its text, before the line break.
func (s *Script) Place(off int) int32 {
	off = min(max(off, 0), len(s.Text))
	line := strings.Count(s.Text[:off], "\n")
	start := strings.LastIndexByte(s.Text[:off], '\n') + 1
	if line < len(s.Lines) {
		return s.Lines[line] + int32(off-start)
	}
	if line == 0 {
		return s.Range.Start
	}
	// behind the last line break: the end of the last line
	last := strings.TrimSuffix(s.Text[:off], "\n")
	return s.Lines[len(s.Lines)-1] + int32(len(last)-1-strings.LastIndexByte(last, '\n'))
}

// Within is where a half-open range of Text stands in the file. One over several lines holds the
// indentation that Text lacks.
func (s *Script) Within(start, end int) source.Span {
	out := source.Span{Start: s.Place(start)}
	out.End = out.Start
	if end > start {
		out.End = max(out.Start, s.Place(end))
		if end <= len(s.Text) && s.Text[end-1] == '\n' {
			out.End = max(out.Start, s.Place(end-1))
		}
	}
	return out
}
