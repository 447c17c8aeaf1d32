package plan

import (
	"fmt"
	"strings"
	"unicode"
)

// String is the expression for people: JSON of a value, the text of CEL, on one line.
func (x Expr) String() string {
	if x.Value != nil {
		return clean(string(x.Value))
	}
	return clean(x.CEL)
}

// condition is an expression that may be known, with the text that it comes from.
func condition(x Expr) string {
	if x.Text == "" {
		return x.String()
	}
	return clean(x.Text) + "  (" + x.String() + ")"
}

// clean makes text harmless to print: control and format characters, which could move a
// terminal's cursor or turn a line around, are written as escapes.
func clean(s string) string {
	if !strings.ContainsFunc(s, hostile) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case hostile(r):
			fmt.Fprintf(&b, `\u{%x}`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func hostile(r rune) bool {
	return r == unicode.ReplacementChar || unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r) || unicode.In(r, unicode.Zl, unicode.Zp)
}

// shorten cuts a text for people to at most n characters.
func shorten(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}

// counted is "1 step", "2 steps".
func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
