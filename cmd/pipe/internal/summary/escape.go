package summary

import (
	"strings"

	"github.com/pipelang/pipe/cmd/pipe/internal/ui"
)

// code is a text, which may be a stranger's, as a span of code: nothing in it is Markdown.
func code(s string) string {
	s = ui.Line(s)
	if s == "" {
		return ""
	}
	fence := fenceFor(s, 1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return fence + s + fence
}

// fenceFor is more backticks than stand side by side anywhere in a text, and so many at least.
func fenceFor(s string, least int) string {
	most, here := 0, 0
	for _, r := range s {
		if r == '`' {
			here++
			most = max(most, here)
		} else {
			here = 0
		}
	}
	return strings.Repeat("`", max(least, most+1))
}

// escaped is a text on one line in which nothing is Markdown, a link or HTML.
func escaped(s string) string {
	var b strings.Builder
	for _, r := range ui.Line(strings.Join(strings.Fields(s), " ")) {
		if r < 0x80 && strings.ContainsRune("\\`*_{}[]<>()#+-.!|~&@:/\"'$^=", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// cell is a text of a table that is Markdown already: a bar in it would end the cell, in code too.
func cell(s string) string {
	var b strings.Builder
	for i, r := range s {
		if r == '|' && (i == 0 || s[i-1] != '\\') {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func html(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(ui.Line(s))
}
