package format

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/pipelang/pipe/lang/ast"
)

// literalText is a literal as its author wrote it, or one of the same value where it was
// written over several lines or was never written.
func literalText(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.BoolLit:
		return strconv.FormatBool(x.Value)
	case *ast.NullLit:
		return "null"
	case *ast.IntLit, *ast.FloatLit:
		return numberText(x)
	case *ast.UintLit:
		return written(x.Text, strconv.FormatUint(x.Value, 10)+"u")
	case *ast.StringLit:
		return written(x.Text, quote(x.Value))
	case *ast.BytesLit:
		return written(x.Text, quoteBytes(x.Value))
	case *ast.DurationLit:
		return written(x.Text, durationText(x.Value))
	case *ast.SizeLit:
		return written(x.Text, sizeText(x.Value))
	case *ast.Interpolation:
		return interpolationText(x)
	case *ast.BadExpr:
		return "<bad>"
	}
	return fmt.Sprintf("<%T>", x)
}

func written(text, otherwise string) string {
	if text == "" || strings.ContainsAny(text, "\r\n") {
		return otherwise
	}
	return text
}

func interpolationText(x *ast.Interpolation) string {
	if x.Text != "" && !strings.ContainsAny(x.Text, "\r\n") {
		return x.Text
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, part := range x.Parts {
		if lit, ok := part.(*ast.StringLit); ok {
			b.WriteString(escape(lit.Value))
			continue
		}
		b.WriteString("${" + Expr(part) + "}")
	}
	b.WriteByte('"')
	return b.String()
}

func quote(s string) string { return `"` + escape(s) + `"` }

var escapes = map[rune]string{
	'\\': `\\`, '"': `\"`, '\n': `\n`, '\r': `\r`, '\t': `\t`, '\a': `\a`, '\b': `\b`, '\f': `\f`, '\v': `\v`,
}

// escape writes a text for the inside of a double-quoted string. A dollar before a brace, and
// one that a neighbouring hole or brace would join, is written as an escape.
func escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch e, ok := escapes[r]; {
		case ok:
			b.WriteString(e)
		case r == '$':
			b.WriteString(`\u0024`)
		case unicode.IsPrint(r) && r != utf8.RuneError:
			b.WriteRune(r)
		case r > 0xFFFF:
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

func quoteBytes(s string) string {
	var b strings.Builder
	b.WriteString(`b"`)
	for i := range len(s) {
		if c := s[i]; c >= ' ' && c <= '~' && c != '"' && c != '\\' {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, `\x%02x`, s[i])
	}
	b.WriteByte('"')
	return b.String()
}

var durationUnits = []struct {
	unit time.Duration
	text string
}{
	{time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"},
	{time.Millisecond, "ms"}, {time.Microsecond, "us"}, {time.Nanosecond, "ns"},
}

// durationText uses whole numbers of units only: 1h30m, 1s500ms.
func durationText(d time.Duration) string {
	if d == 0 {
		return "0s"
	}
	var b strings.Builder
	for _, u := range durationUnits {
		if n := d / u.unit; n != 0 {
			b.WriteString(strconv.FormatInt(int64(n), 10) + u.text)
			d -= n * u.unit
		}
	}
	return b.String()
}

var sizeUnits = []struct {
	bytes int64
	text  string
}{
	{1 << 40, "TiB"}, {1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"},
	{1e12, "TB"}, {1e9, "GB"}, {1e6, "MB"}, {1e3, "kB"},
}

func sizeText(n int64) string {
	for _, u := range sizeUnits {
		if n != 0 && n%u.bytes == 0 {
			return strconv.FormatInt(n/u.bytes, 10) + u.text
		}
	}
	return strconv.FormatInt(n, 10) + "B"
}
