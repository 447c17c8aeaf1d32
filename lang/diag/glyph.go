package diag

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// tabStop is what a tab is widened to in source frames.
const tabStop = 4

// glyph is one character of a source line as a terminal shows it.
type glyph struct {
	text  string
	width int // columns
	off   int // byte offset in the line
}

// glyphs spells out a text so that it is safe to show: what would move the cursor, reorder
// the line or stay invisible is escaped, tabs become spaces.
func glyphs(s string, ascii bool) []glyph {
	out := make([]glyph, 0, len(s))
	column := 0
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		g := glyph{off: i}
		switch {
		case r == '\t':
			g.width = tabStop - column%tabStop
			g.text = strings.Repeat(" ", g.width)
		case r == utf8.RuneError && size == 1:
			g.text = fmt.Sprintf(`\x%02x`, s[i])
			g.width = len(g.text)
		case !unicode.IsPrint(r) || ascii && r > '~':
			g.text = fmt.Sprintf(`\u{%x}`, r)
			g.width = len(g.text)
		default:
			g.text, g.width = s[i:i+size], columns(r)
		}
		out = append(out, g)
		column += g.width
		i += size
	}
	return out
}

// printable is a text on one line that a terminal can be shown.
func printable(s string, ascii bool) string {
	var b strings.Builder
	for _, g := range glyphs(s, ascii) {
		b.WriteString(g.text)
	}
	return b.String()
}

// columns that a printable character takes: 2 for East Asian wide ones and emoji, 0 for
// marks that combine with the character before.
func columns(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	case unicode.Is(wide, r):
		return 2
	}
	return 1
}

// wide has the blocks of Unicode's EastAsianWidth whose characters are W or F.
var wide = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x1100, 0x115F, 1}, {0x231A, 0x231B, 1}, {0x23E9, 0x23EC, 1}, {0x25FD, 0x25FE, 1}, {0x2614, 0x2615, 1},
		{0x2648, 0x2653, 1}, {0x26AA, 0x26AB, 1}, {0x26BD, 0x26BE, 1}, {0x2705, 0x2705, 1}, {0x270A, 0x270B, 1},
		{0x2728, 0x2728, 1}, {0x274C, 0x274C, 1}, {0x2753, 0x2755, 1}, {0x2757, 0x2757, 1}, {0x2795, 0x2797, 1},
		{0x2B1B, 0x2B1C, 1}, {0x2B50, 0x2B50, 1}, {0x2E80, 0x303E, 1}, {0x3041, 0x33FF, 1}, {0x3400, 0x4DBF, 1},
		{0x4E00, 0xA4CF, 1}, {0xA960, 0xA97F, 1}, {0xAC00, 0xD7A3, 1}, {0xF900, 0xFAFF, 1}, {0xFE30, 0xFE6F, 1},
		{0xFF00, 0xFF60, 1}, {0xFFE0, 0xFFE6, 1},
	},
	R32: []unicode.Range32{
		{0x16FE0, 0x18AFF, 1}, {0x1B000, 0x1B2FF, 1}, {0x1F004, 0x1F004, 1}, {0x1F18E, 0x1F18E, 1}, {0x1F191, 0x1F19A, 1},
		{0x1F200, 0x1F265, 1}, {0x1F300, 0x1F64F, 1}, {0x1F680, 0x1F6FF, 1}, {0x1F7E0, 0x1F7EB, 1}, {0x1F900, 0x1FAFF, 1},
		{0x20000, 0x3FFFD, 1},
	},
}
