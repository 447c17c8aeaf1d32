package parser

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/token"
)

// escapeError is a bad escape in a string and its place in the text.
type escapeError struct {
	at, length int
	message    string
}

// mistake is what to say of it, in a token that starts at base.
func (e *escapeError) mistake(base int32) *mistake {
	from := base + int32(e.at)
	m := syntax(source.Span{Start: from, End: from + int32(e.length)}, "%s", e.message)
	m.help = `a backslash itself is "\\", and r"…" has no escapes`
	return m
}

// lineBreaks makes every line break in a string "\n", as CEL does.
var lineBreaks = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// unquote resolves a whole literal that has no holes. Offsets in errors are those of text.
func unquote(text string, kind token.Kind, flags token.Flags) (string, *escapeError) {
	quote := strings.IndexAny(text, `"'`)
	n := 1
	if flags&token.Triple != 0 {
		n = 3
	}
	body := text[quote+n : len(text)-n]
	if flags&token.Raw != 0 {
		return lineBreaks.Replace(body), nil
	}
	value, err := unescape(body, kind == token.Bytes)
	if err != nil {
		err.at += quote + n
	}
	return value, err
}

// unescape resolves the escapes of the text between quotes or holes.
func unescape(s string, bytes bool) (string, *escapeError) {
	if !strings.ContainsAny(s, "\\\r$") {
		return s, nil
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == '\\':
			chunk, n, message := unescapeOne(s[i:], bytes)
			if message != "" {
				return "", &escapeError{i, n, message}
			}
			out = append(out, chunk...)
			i += n
		case c == '\r':
			out = append(out, '\n')
			i++
			if i < len(s) && s[i] == '\n' {
				i++
			}
		case !bytes && strings.HasPrefix(s[i:], "$${"):
			out = append(out, "${"...)
			i += len("$${")
		default:
			out = append(out, c)
			i++
		}
	}
	return string(out), nil
}

const (
	simpleEscapes = "abfnrtv\\'\"`?"
	simpleValues  = "\a\b\f\n\r\t\v\\'\"`?"
)

// unescapeOne resolves the escape that s starts with and says how long it is.
func unescapeOne(s string, bytes bool) (value []byte, length int, message string) {
	if len(s) < 2 {
		return nil, 1, "a backslash cannot end a string"
	}
	c := s[1]
	if i := strings.IndexByte(simpleEscapes, c); i >= 0 {
		return []byte{simpleValues[i]}, 2, ""
	}
	head, digits, base := 2, 0, 16
	switch {
	case c == 'x' || c == 'X':
		digits = 2
	case c == 'u' && !bytes:
		digits = 4
	case c == 'U' && !bytes:
		digits = 8
	case c >= '0' && c <= '3':
		head, digits, base = 1, 3, 8
	default:
		_, n := utf8.DecodeRuneInString(s[1:])
		return nil, 1 + n, fmt.Sprintf(`unknown escape "\%s"`, s[1:1+n])
	}
	length = min(head+digits, len(s))
	v, err := strconv.ParseUint(s[head:length], base, 32)
	if err != nil || length < head+digits {
		return nil, length, fmt.Sprintf(`escape %q needs %d digits`, s[:head], digits)
	}
	if bytes {
		return []byte{byte(v)}, length, ""
	}
	if !utf8.ValidRune(rune(v)) {
		return nil, length, fmt.Sprintf("%s is no character", s[:length])
	}
	return utf8.AppendRune(nil, rune(v)), length, ""
}
