package token

import (
	"slices"
	"strings"
)

// Lex cuts a text into tokens; the last one is EOF. It never fails. Comments are tokens too;
// the gaps between tokens hold nothing but white space.
func Lex(src string) []Token { return AppendTokens(nil, src) }

// AppendTokens is Lex that adds the tokens to others.
func AppendTokens(toks []Token, src string) []Token {
	l := lexer{src: src}
	toks = slices.Grow(toks, len(src)/4+8)
	newline := NewlineBefore
	for {
		if l.space(len(src)) {
			newline = NewlineBefore
		}
		start := l.pos
		if start >= len(src) {
			return append(toks, Token{EOF, newline, int32(start), int32(start)})
		}
		kind, flags := l.next()
		toks = append(toks, Token{kind, flags | newline, int32(start), int32(l.pos)})
		if kind != Comment && kind != Doc {
			newline = 0
		}
	}
}

// lexer walks over a text.
type lexer struct {
	src  string
	pos  int
	nest int  // strings within interpolations of strings
	deep bool // the limit of nesting has been passed
	// unfenced is how many ticks, or more, no fence closes any more; 0 for none.
	unfenced int
}

func isWordStart(c byte) bool { return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' }
func isDigit(c byte) bool     { return c >= '0' && c <= '9' }
func isWord(c byte) bool      { return isWordStart(c) || isDigit(c) }
func isHex(c byte) bool       { return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' }
func isSpace(c byte) bool     { return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' }

// IsWord reports whether a text is a name: letters, digits and underscores, not starting with a digit.
func IsWord(s string) bool {
	for i := range len(s) {
		if !isWord(s[i]) {
			return false
		}
	}
	return s != "" && isWordStart(s[0])
}

// at is the byte at an offset, and 0 past the end.
func (l *lexer) at(i int) byte {
	if i < len(l.src) {
		return l.src[i]
	}
	return 0
}

// space skips white space up to end and reports whether a line break was in it.
func (l *lexer) space(end int) (newline bool) {
	for l.pos < end && isSpace(l.src[l.pos]) {
		newline = newline || l.src[l.pos] == '\n'
		l.pos++
	}
	return newline
}

// lineEnd is the offset of the end of the line that holds off, without its line break.
func (l *lexer) lineEnd(off int) int {
	end := len(l.src)
	if i := strings.IndexByte(l.src[off:], '\n'); i >= 0 {
		end = off + i
	}
	if end > off && l.src[end-1] == '\r' {
		end--
	}
	return end
}

// next reads the token that starts at l.pos, which is no white space.
func (l *lexer) next() (Kind, Flags) {
	c := l.src[l.pos]
	switch {
	case isWordStart(c):
		if prefix, flags, ok := l.stringPrefix(); ok {
			return l.stringLit(prefix, flags)
		}
		for isWord(l.at(l.pos)) {
			l.pos++
		}
		return Word, 0
	case isDigit(c), c == '.' && isDigit(l.at(l.pos+1)):
		return l.number(), 0
	case c == '"' || c == '\'':
		return l.stringLit(0, 0)
	case c == '`':
		return l.script(), 0
	case c == '/' && l.at(l.pos+1) == '/':
		return l.comment(), 0
	}
	return l.punct(c), 0
}

func (l *lexer) comment() Kind {
	start := l.pos
	l.pos = l.lineEnd(start)
	// four slashes are a ruler, not documentation
	if strings.HasPrefix(l.src[start:l.pos], "///") && !strings.HasPrefix(l.src[start:l.pos], "////") {
		return Doc
	}
	return Comment
}

var single = [256]Kind{
	'(': LParen, ')': RParen, '[': LBrack, ']': RBrack, '{': LBrace, '}': RBrace,
	',': Comma, ';': Semicolon, ':': Colon, '.': Dot, '?': Question,
	'+': Plus, '-': Minus, '*': Star, '/': Slash, '%': Percent,
	'=': Assign, '!': Not, '<': Lt, '>': Gt, '|': Bar,
}

var double = map[string]Kind{
	"->": Arrow, "==": Eq, "!=": Ne, "<=": Le, ">=": Ge, "&&": And, "||": Or,
}

func (l *lexer) punct(c byte) Kind {
	if n := l.at(l.pos + 1); n == '=' || n == '>' || n == '&' || n == '|' {
		if k, ok := double[l.src[l.pos:l.pos+2]]; ok {
			l.pos += 2
			return k
		}
	}
	if k := single[c]; k != EOF {
		l.pos++
		return k
	}
	return l.illegal()
}

// illegal takes a run of bytes that no token starts with, so that binary data is one token and not thousands.
func (l *lexer) illegal() Kind {
	l.pos++
	for l.pos < len(l.src) {
		c := l.src[l.pos]
		if isSpace(c) || isWord(c) || single[c] != EOF || c == '"' || c == '\'' || c == '`' {
			break
		}
		l.pos++
	}
	return Illegal
}
