// Package source holds the text of files and the places in it: byte offsets,
// spans, and the lines, columns and UTF-16 units that people and editors count in.
// It knows nothing of tokens, of syntax, or of where a text came from.
package source

import (
	"sort"
	"strings"
	"sync"
	"unicode/utf8"
)

// Span is a half-open range of byte offsets in one file.
type Span struct{ Start, End int32 }

// Join is the smallest span that holds both.
func (s Span) Join(t Span) Span { return Span{min(s.Start, t.Start), max(s.End, t.End)} }

// Contains reports whether t lies within s.
func (s Span) Contains(t Span) bool { return s.Start <= t.Start && t.End <= s.End }

// Len is the number of bytes.
func (s Span) Len() int { return int(s.End - s.Start) }

// Position is a place as people count it: lines from 1, columns from 1 in characters.
type Position struct{ Line, Column int }

// File is one text. It is immutable and safe for concurrent use.
type File struct {
	// Name is the slash-separated path that diagnostics and plans show:
	// relative to the repository's root, or "std/NAME" for the standard library.
	Name string
	// Text is the content, always without a byte order mark.
	Text string

	once  sync.Once
	lines []int32 // offset of the start of each line
}

// NewFile makes a file of a text; a leading byte order mark is dropped.
func NewFile(name, text string) *File {
	return &File{Name: name, Text: strings.TrimPrefix(text, "\ufeff")}
}

func (f *File) index() []int32 {
	f.once.Do(func() {
		f.lines = append(f.lines, 0)
		for i := 0; i < len(f.Text); i++ {
			if f.Text[i] == '\n' {
				f.lines = append(f.lines, int32(i+1))
			}
		}
	})
	return f.lines
}

// Lines is the number of lines; a text that ends with a newline has an empty last one.
func (f *File) Lines() int { return len(f.index()) }

// Line is the text of a line, counted from 1, without its line break.
func (f *File) Line(n int) string {
	lines := f.index()
	if n < 1 || n > len(lines) {
		return ""
	}
	end := len(f.Text)
	if n < len(lines) {
		end = int(lines[n]) - 1
	}
	return strings.TrimSuffix(f.Text[lines[n-1]:end], "\r")
}

// LineStart is the offset of the first byte of a line, counted from 1.
func (f *File) LineStart(n int) int32 { return f.index()[n-1] }

// lineOf is the index in lines of the line that holds off.
func (f *File) lineOf(off int32) int {
	lines := f.index()
	return sort.Search(len(lines), func(i int) bool { return lines[i] > off }) - 1
}

// Position converts an offset; one outside the text is clamped to it.
func (f *File) Position(off int32) Position {
	off = min(max(off, 0), int32(len(f.Text)))
	n := f.lineOf(off)
	return Position{Line: n + 1, Column: utf8.RuneCountInString(f.Text[f.lines[n]:off]) + 1}
}

// UTF16 converts an offset to what the language server protocol counts: lines from 0, UTF-16 units from 0.
func (f *File) UTF16(off int32) (line, unit int) {
	off = min(max(off, 0), int32(len(f.Text)))
	n := f.lineOf(off)
	for _, r := range f.Text[f.lines[n]:off] {
		unit += utf16Len(r)
	}
	return n, unit
}

// FromUTF16 is the inverse of UTF16; a place past a line's end is the line's end.
func (f *File) FromUTF16(line, unit int) int32 {
	lines := f.index()
	if line < 0 {
		return 0
	}
	if line >= len(lines) {
		return int32(len(f.Text))
	}
	text := f.Line(line + 1)
	for i, r := range text {
		if unit <= 0 {
			return lines[line] + int32(i)
		}
		unit -= utf16Len(r)
	}
	return lines[line] + int32(len(text))
}

func utf16Len(r rune) int {
	if r > 0xFFFF {
		return 2
	}
	return 1
}

// Text of a span; a span outside the file is clamped.
func (f *File) Slice(s Span) string {
	n := int32(len(f.Text))
	a := min(max(s.Start, 0), n)
	b := min(max(s.End, a), n)
	return f.Text[a:b]
}
