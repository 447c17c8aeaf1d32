package parser

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/alecthomas/participle/v2/lexer"

	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/token"
)

// mistake is what is wrong with a piece of text, on its way to a diagnostic.
type mistake struct {
	rule    string
	span    source.Span
	message string
	help    string
	// mend is what the text at mends is replaced by, where that is certain; its span is empty where nothing is.
	mend  string
	mends source.Span
	// opener is the bracket that the mistake is about, where it stands elsewhere.
	opener source.Span
	// opens says that an opening brace is missing, and its body follows.
	opens bool
	// quiet says that it has been reported already, and only has to stop the reading.
	quiet bool
}

// Error implements error.
func (m *mistake) Error() string { return m.message }

func syntax(s source.Span, format string, args ...any) *mistake {
	return &mistake{rule: diag.Syntax, span: s, message: fmt.Sprintf(format, args...)}
}

// expected says what should stand where t stands. With inLine, a line break before t is what was found.
func expected(want string, t, before *lexer.Token, inLine bool) *mistake {
	if kindOf(t) == token.Illegal {
		return illegal(t)
	}
	if t.EOF() {
		return syntax(spanOf(t), "expected %s, found the end of the file", want)
	}
	if inLine && startsLine(t) && before != nil {
		at := end(before)
		m := syntax(source.Span{Start: at, End: at}, "expected %s, found the end of the line", want)
		if want == "a value" && kindOf(t) == token.Minus {
			m.help = "a list is written [a, b]"
		}
		return m
	}
	m := syntax(spanOf(t), "expected %s, found %s", want, found(t))
	m.help = habit(want, t, before)
	m.sign(want, t, before)
	if m.help == notHelp {
		m.span, m.message = spanOf(before), `unexpected "not"`
	}
	return m
}

// sign mends a sign between a name and its value that is another language's. Nothing could run with it as it stands.
func (m *mistake) sign(want string, t, before *lexer.Token) {
	k := kindOf(t)
	if before == nil || startsLine(t) || k != token.Colon && k != token.Assign {
		return
	}
	switch at := (source.Span{Start: end(before), End: end(t)}); {
	case want == "a value" && kindOf(before) == token.Word:
		m.mends, m.mend = at, ""
	case want == `"="` && k == token.Colon:
		m.mends, m.mend = at, " ="
	case want == commaOrParen && k == token.Assign && kindOf(before) == token.Word:
		m.mends, m.mend = at, ":"
	}
}

// mended is the text that takes the place of a strange sign; there is none where another sign follows.
func (m *mistake) mended(f *source.File) (string, bool) {
	if m.mends.End == 0 || int(m.mends.End) >= len(f.Text) {
		return "", false
	}
	if behind := strings.TrimLeft(f.Text[m.mends.End:], " \t"); behind != "" && strings.IndexByte("=>:~", behind[0]) >= 0 {
		return "", false
	}
	switch f.Text[m.mends.End] {
	case ' ', '\t', '\r', '\n':
		return m.mend, true
	}
	return m.mend + " ", true
}

// found names a token for a message.
func found(t *lexer.Token) string {
	const limit = 40
	switch kindOf(t) {
	case token.EOF:
		return "the end of the file"
	case token.Fence:
		return "a fenced block"
	case token.String, token.Bytes:
		return "the string " + shorten(t.Value, limit)
	case token.CodeSpan:
		return "the script " + shorten(t.Value, limit)
	}
	return strconv.Quote(shorten(t.Value, limit))
}

// shorten keeps the head of a text's first line, with nothing in it that a terminal would obey.
func shorten(s string, limit int) string {
	var out strings.Builder
	for _, r := range s {
		if limit--; limit < 0 || r == '\n' || r == '\r' {
			out.WriteString("…")
			break
		}
		if !unicode.IsPrint(r) {
			r = '?'
		}
		out.WriteRune(r)
	}
	return out.String()
}

// illegal says what is wrong with a token that the lexer could not read.
func illegal(t *lexer.Token) *mistake {
	text := t.Value
	m := syntax(spanOf(t), "unexpected %s", found(t))
	switch c := text[0]; {
	case flagsOf(t)&token.Deep != 0:
		return tooDeep(spanOf(t), fmt.Sprintf("strings are nested in interpolations more than %d deep", token.MaxNesting))
	case flagsOf(t)&reported != 0, !utf8.ValidString(text):
		m.quiet = true // said already: when brackets were matched, or once for the whole file
	case isString(text):
		unclosedString(m, t)
	case c == '`':
		illegalScript(m, text)
	case c >= '0' && c <= '9' || c == '.':
		m.message = fmt.Sprintf("%s is neither a number, a duration nor a size", found(t))
		m.help = "write 10, 1.5, 10m, 1h30m or 512MiB"
		if better := withUnit(text); better != "" {
			m.help = "write " + better
		}
	default:
		first, _ := utf8.DecodeRuneInString(text)
		if m.help = byValue()[string(first)]; m.help == "" && unicode.IsLetter(first) {
			m.help = "names are made of a to z, A to Z, digits and _"
		}
		if !unicode.IsPrint(first) {
			m.message = fmt.Sprintf("unexpected character U+%04X, which cannot be seen", first)
			m.help = "remove it"
			if first == '\ufeff' {
				m.message = "unexpected byte order mark, U+FEFF, which stands at the start of a file only"
			}
		}
	}
	return m
}

func isString(text string) bool {
	i := 0
	for i < len(text) && i < 2 && (text[i]|0x20 == 'b' || text[i]|0x20 == 'r') {
		i++
	}
	return i < len(text) && (text[i] == '"' || text[i] == '\'')
}

// unclosedString points at the opening quote: the rest of the line is swallowed, not wrong.
func unclosedString(m *mistake, t *lexer.Token) {
	m.span = source.Span{Start: start(t), End: start(t) + 1}
	m.message = "the string is not closed: " + shorten(t.Value, 40)
	switch {
	case flagsOf(t)&token.Triple != 0:
		m.span.End = start(t) + 3
		m.help = "close it with the same three quotes"
	case flagsOf(t)&token.Interpolated != 0:
		m.message = `the string or a "${" in it is not closed`
		m.help = `close it on its line; "$${" is a literal "${"`
	default:
		m.help = "close it on its line, or write it in triple quotes"
	}
}

func illegalScript(m *mistake, text string) {
	ticks := 0
	for ticks < len(text) && text[ticks] == '`' {
		ticks++
	}
	m.span.End = m.span.Start + int32(ticks)
	switch {
	case ticks == 2:
		m.message = "the script is empty"
	case ticks == 1 && strings.Contains(text, "\n"):
		m.message = "a script in single back quotes stays on one line"
		m.help = "over several lines it is a fenced block: three back quotes, which also close it on a line of their own"
	case ticks == 1:
		m.message = "the script is not closed"
		m.help = "close it with a back quote on its line, or write a fenced block"
	case len(text) > ticks:
		m.message = "the fenced block is not closed"
		m.help = "a closing fence stands alone on its line"
	default:
		m.message = "unexpected fence"
		m.help = "after an opening fence stands nothing but the name of an interpreter"
	}
}

func tooDeep(s source.Span, message string) *mistake {
	return &mistake{rule: diag.TooDeep, span: s, message: message, help: "take parts out into names of their own"}
}

// report turns a mistake into a diagnostic.
func (m *mistake) report(f *source.File, diags *diag.List) {
	if m.quiet {
		return
	}
	d := diag.Diagnostic{Rule: m.rule, File: f, Span: m.span, Message: m.message, Help: m.help}
	if text, ok := m.mended(f); ok {
		d.Fixes = []diag.Fix{{Message: m.help, Obvious: true, Edits: []diag.Edit{{File: f, Span: m.mends, Text: text}}}}
	}
	if m.opener.End > 0 {
		d.Related = []diag.Related{{File: f, Span: m.opener, Message: "it opens here"}}
	}
	diags.Add(d)
}
