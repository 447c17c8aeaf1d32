package settings

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The dialect is python-dotenv's, by its grammar:
//
//	NAME=value            up to the end of the line; white space around it and " #…" are dropped
//	NAME='v' NAME="v"     may span lines; \\ and \' are escapes in the first, and \" \a \b \f \n
//	                      \r \t \v too in the second; any other backslash stands for itself,
//	                      but no quote after one ends the value
//	export NAME=value     the word is skipped
//	'NAME'=value          a quoted name
//	NAME                  a name without "=" has no value, and takes back what lines above say
//	# …                   a comment, also after a value in quotes
//	${NAME} ${NAME:-v}    an earlier name of the file, else the environment's, else v or nothing;
//	                      in every value, whatever its quotes
//
// A byte order mark is dropped. The last line for a name wins. "#" right after "=" is no comment. It differs from python-dotenv in these points:
//
//   - A line that does not parse is an error with its line, and not skipped.
//   - UTF-16 with a byte order mark is read.
//   - Bytes that are no UTF-8, and zero bytes, are errors.
//   - Files over 16 MiB, and values that grow beyond that by ${…}, are errors.

// maxFile is the largest file that is read as a source.
const maxFile = 16 << 20

// binding is one line of a .env file, or several when a value spans them.
type binding struct {
	name   string
	value  string
	hasVal bool
	line   int // from 1, where it starts
}

// dotenvError is a line that is no binding. It quotes nothing: the line may hold a secret.
type dotenvError struct {
	line    int
	message string
}

func (e *dotenvError) Error() string { return fmt.Sprintf("line %d: %s", e.line, e.message) }

// parseDotenv reads a file's content. Lines that do not parse are left out and reported.
func parseDotenv(data []byte) ([]binding, []*dotenvError) {
	text, fault := decodeText(data)
	if fault != nil {
		return nil, []*dotenvError{fault}
	}
	r := &dotenvReader{rest: text, line: 1}
	var out []binding
	var faults []*dotenvError
	for {
		r.skip(isSpace)
		if r.rest == "" {
			return out, faults
		}
		b, message := r.binding()
		switch {
		case message != "":
			faults = append(faults, &dotenvError{b.line, message})
			r.skipLine()
		case b.name != "":
			out = append(out, b)
		}
	}
}

// dotenvReader is what is left of a file.
type dotenvReader struct {
	rest string
	line int
}

func (r *dotenvReader) take(n int) string {
	s := r.rest[:n]
	r.rest = r.rest[n:]
	r.line += strings.Count(s, "\n")
	return s
}

// skip takes characters while they are of a kind.
func (r *dotenvReader) skip(is func(rune) bool) string {
	n := strings.IndexFunc(r.rest, func(c rune) bool { return !is(c) })
	if n < 0 {
		n = len(r.rest)
	}
	return r.take(n)
}

// skipLine takes the rest of the line and its end.
func (r *dotenvReader) skipLine() {
	if n := strings.IndexByte(r.rest, '\n'); n >= 0 {
		r.take(n + 1)
		return
	}
	r.take(len(r.rest))
}

func (r *dotenvReader) peek() byte {
	if r.rest == "" {
		return '\n'
	}
	return r.rest[0]
}

// binding reads one; message says what is wrong, and then rest is what follows the fault.
func (r *dotenvReader) binding() (b binding, message string) {
	b.line = r.line
	if after, ok := strings.CutPrefix(r.rest, "export"); ok && after != "" && isBlank(firstRune(after)) {
		r.take(len("export"))
		r.skip(isBlank)
	}
	if r.peek() != '#' {
		if b.name, message = r.name(); message != "" {
			return b, message
		}
		r.skip(isBlank)
		if r.peek() == '=' {
			r.take(1)
			b.hasVal = true
			// A comment needs white space before it, here as after a value.
			if blank := r.skip(isBlank); blank == "" || r.peek() != '#' {
				if b.value, message = r.value(); message != "" {
					return b, message
				}
			}
		}
	}
	r.skip(isBlank)
	if r.peek() == '#' {
		r.skip(func(c rune) bool { return c != '\n' })
	}
	if r.peek() != '\n' {
		if b.hasVal {
			return b, "text after the closing quote: expected the end of the line"
		}
		return b, "expected NAME=value"
	}
	return b, ""
}

func (r *dotenvReader) name() (name, message string) {
	if r.peek() == '\'' {
		end := strings.IndexByte(r.rest[1:], '\'')
		if end < 1 {
			return "", "a quoted name without its end: expected 'NAME'=value"
		}
		return r.take(end + 2)[1 : end+1], ""
	}
	name = r.skip(func(c rune) bool { return c != '=' && c != '#' && !isSpace(c) })
	if name == "" {
		return "", "expected NAME=value, found no name"
	}
	return name, ""
}

func (r *dotenvReader) value() (text, message string) {
	if q := r.peek(); q == '\'' || q == '"' {
		return r.quoted(q)
	}
	text = r.skip(func(c rune) bool { return c != '\n' })
	if n := commentStart(text); n >= 0 {
		text = text[:n]
	}
	return strings.TrimRightFunc(text, isSpace), ""
}

// commentStart is where white space and # begin a comment, or -1.
func commentStart(s string) int {
	for i := 1; i < len(s); i++ {
		if s[i] != '#' {
			continue
		}
		if before, _ := utf8.DecodeLastRuneInString(s[:i]); isSpace(before) {
			return len(strings.TrimRightFunc(s[:i], isSpace))
		}
	}
	return -1
}

func (r *dotenvReader) quoted(q byte) (text, message string) {
	for i := 1; i < len(r.rest); i++ {
		switch r.rest[i] {
		case '\\':
			i++ // whatever it is, a character after a backslash does not end the value
		case q:
			return unescape(r.take(i + 1)[1:i], q), ""
		}
	}
	return "", fmt.Sprintf("a value in quotes without its end: expected a closing %c", q)
}

var escapes = map[byte]string{'\\': "\\", '\'': "'", '"': "\"", 'a': "\a", 'b': "\b", 'f': "\f", 'n': "\n", 'r': "\r", 't': "\t", 'v': "\v"}

func unescape(s string, q byte) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			if to, ok := escapes[s[i+1]]; ok && (q == '"' || s[i+1] == '\\' || s[i+1] == '\'') {
				b.WriteString(to)
				i++
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// isSpace is white space as Python sees it.
func isSpace(c rune) bool { return unicode.IsSpace(c) || c >= 0x1c && c <= 0x1f }

// isBlank is white space within a line.
func isBlank(c rune) bool { return c != '\n' && isSpace(c) }

func firstRune(s string) rune {
	c, _ := utf8.DecodeRuneInString(s)
	return c
}
