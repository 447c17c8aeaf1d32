package ui

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Line is a text of pipe's own, which may hold what a stranger chose, as one line: whatever
// would end the line, move the cursor, colour, reorder or hide text is spelled out, and so is
// what a CI service would read as a command.
func Line(s string) string {
	if plain(s) {
		return s
	}
	return disarm(spell(s, isShown))
}

// Lines is Line for a text of several lines, which stay apart.
func Lines(s string) string {
	if plain(s) {
		return s
	}
	parts := strings.Split(s, "\n")
	for i := range parts {
		parts[i] = Line(parts[i])
	}
	return strings.Join(parts, "\n")
}

// Output is a line that a process wrote. Colours stay, and end with the line; tabs and what
// scripts other than Latin need stay too. Whatever else would act on a terminal or on a CI
// service is spelled out: nothing that a process writes can touch another line, or the window.
func Output(s string) string {
	if plain(s) {
		return s
	}
	var b strings.Builder
	colored := false
	for s != "" {
		at := strings.IndexByte(s, '\x1b')
		if at < 0 {
			break
		}
		b.WriteString(spell(s[:at], isText))
		s = s[at:]
		code := color().FindString(s)
		switch {
		case code == "":
			b.WriteString(`\x1b`)
			s = s[1:]
			continue
		case strings.HasSuffix(code, "m"):
			colored = code != "\x1b[m" && code != reset
		}
		b.WriteString(code)
		s = s[len(code):]
	}
	b.WriteString(spell(s, isText))
	if colored {
		b.WriteString(reset)
	}
	return disarm(b.String())
}

// color is a sequence that sets colours, or erases to the end of the line as tools write it
// after them; at the end of what was written nothing is there to erase.
var color = lazily(`^\x1b\[(?:[0-9;:]{0,64}m|0?K)`)

// plain reports whether a text holds nothing but printable ASCII, and no start of a command.
func plain(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c < ' ' || c > '~' || (c == '#' || c == ':') && i+1 < len(s) && s[i+1] == c {
			return false
		}
	}
	return true
}

// spell writes what keep refuses as escapes, and bytes that are no UTF-8.
func spell(s string, keep func(rune) bool) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case keep(r):
			b.WriteString(s[i : i+size])
		default:
			b.WriteString(escape(r))
		}
		i += size
	}
	return b.String()
}

func escape(r rune) string {
	switch {
	case r == '\n':
		return `\n`
	case r == '\r':
		return `\r`
	case r == '\t':
		return `\t`
	case r < 0x80:
		return fmt.Sprintf(`\x%02x`, r)
	}
	return fmt.Sprintf(`\u{%x}`, r)
}

// isShown reports whether a character can be seen as what it is.
func isShown(r rune) bool { return unicode.IsPrint(r) && !unicode.Is(blank, r) }

// isText reports whether a character of a process's output only adds to its line.
func isText(r rune) bool {
	return r == '\t' || !unicode.IsControl(r) && !unicode.Is(unicode.Bidi_Control, r) && r != 0x2028 && r != 0x2029
}

// blank are letters and symbols that look like nothing.
var blank = &unicode.RangeTable{R16: []unicode.Range16{{0x115F, 0x1160, 1}, {0x2800, 0x2800, 1}, {0x3164, 0x3164, 1}, {0xFFA0, 0xFFA0, 1}}}

// What CI services read as commands: GitHub's "::name …::" at the start of a line, "##[name]" of
// GitHub and Azure and Azure's "##vso[…]" anywhere in one, TeamCity's "##teamcity[…]".
var (
	lineCommand   = lazily(`^(\s*)(::[A-Za-z][\w-]*.*::)`)
	inlineCommand = lazily(`##([A-Za-z]*)\[`)
)

// Disarm is a text of several lines, printable already, without commands of CI services.
func Disarm(s string) string {
	if !strings.Contains(s, "##") && !strings.Contains(s, "::") {
		return s
	}
	parts := strings.Split(s, "\n")
	for i := range parts {
		parts[i] = disarm(parts[i])
	}
	return strings.Join(parts, "\n")
}

// disarm puts a backslash where a command would start.
func disarm(s string) string {
	if strings.Contains(s, "##") {
		s = inlineCommand().ReplaceAllString(s, `##$1\[`)
	}
	if strings.Contains(s, "::") {
		s = lineCommand().ReplaceAllString(s, `$1\$2`)
	}
	return s
}

// lazily compiles a pattern when it is first asked for: a process that lives for milliseconds needs few of them.
func lazily(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}
