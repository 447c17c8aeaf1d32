package secret

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// shellForms are the insides of quotes, and what printf %q and traces of shells print.
func shellForms(s string) []string {
	return []string{
		strings.ReplaceAll(s, `'`, `'\''`),
		strings.ReplaceAll(s, `'`, `'"'"'`),
		quoteRuns(s),
		strings.TrimSuffix(quoteRuns(s), `'`), // with nothing behind it
		strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`, "`", "\\`").Replace(s),
		backslashed(s, "%+-./:=@_"),      // bash
		backslashed(s, "%+-./:=@_#~"),    // bash, but for a first character
		backslashed(s, "%+,-./:=@_"),     // zsh, Python's shlex in older versions
		backslashed(s, "%+,-./:=@_#~^]"), // ksh
		dollarQuoted(s, true),
		dollarQuoted(s, false),
	}
}

// quoteRuns is the inside of single quotes as dash traces it: a run of single quotes stands
// in double quotes.
func quoteRuns(s string) string {
	var b strings.Builder
	for s != "" {
		n := len(s) - len(strings.TrimLeft(s, "'"))
		if n > 0 {
			b.WriteString(`'"` + s[:n] + `"'`)
			s = s[n:]
			continue
		}
		plain, _, _ := strings.Cut(s, "'")
		b.WriteString(plain)
		s = s[len(plain):]
	}
	return b.String()
}

func backslashed(s, plain string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if !alphanumeric(c) && c < utf8.RuneSelf && strings.IndexByte(plain, c) < 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
	return b.String()
}

// dollarQuoted is the inside of bash's $'…', which keeps characters above ASCII where the
// locale knows them and writes their bytes in octal elsewhere.
func dollarQuoted(s string, unicode bool) string {
	const letters, controls = `abEfnrtv\'`, "\a\b\x1b\f\n\r\t\v\\'"
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		at := strings.IndexByte(controls, s[i])
		switch {
		case unicode && size > 1 && r >= 0xA0 && r != '\u2028' && r != '\u2029': // iswprint of glibc
			b.WriteString(s[i : i+size])
			i += size
			continue
		case at >= 0:
			b.WriteByte('\\')
			b.WriteByte(letters[at])
		case r < ' ' || s[i] >= 0x7f:
			fmt.Fprintf(&b, `\%03o`, s[i])
		default:
			b.WriteByte(s[i])
		}
		i++
	}
	return b.String()
}
