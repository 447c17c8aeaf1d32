package diag

import "strings"

// wrap breaks a text into lines at its blanks. The first line has room for first columns, the
// others for rest; a word that is longer than a line keeps one for itself.
func wrap(text string, first, rest int) []string {
	var out []string
	room := first
	for {
		cut := lineEnd(text, room)
		if cut >= len(text) {
			return append(out, text)
		}
		out = append(out, text[:cut])
		text = strings.TrimLeft(text[cut:], " ")
		room = rest
	}
}

// lineEnd is the byte before which the first line of a text ends: at the last blank that leaves
// no more than room columns before it, else at the first one.
func lineEnd(text string, room int) int {
	column, blank := 0, -1
	for _, g := range glyphs(text, false) {
		if g.text == " " && (column <= room || blank < 0) && g.off > 0 {
			blank = g.off
		}
		if column += g.width; column > room && blank > 0 {
			return blank
		}
	}
	return len(text)
}
