package token

import "strings"

// MaxNesting is how deep strings may be nested in interpolations of strings.
const MaxNesting = 200

// stringPrefix looks for the prefix of a string literal: r, b or br, in any case, and a quote.
func (l *lexer) stringPrefix() (length int, flags Flags, ok bool) {
	i := l.pos
	if l.at(i)|0x20 == 'b' {
		i++
	}
	if l.at(i)|0x20 == 'r' {
		i++
		flags = Raw
	}
	c := l.at(i)
	return i - l.pos, flags, i > l.pos && (c == '"' || c == '\'')
}

// stringLit reads a string literal whole, its interpolations with it. One that is not closed
// ends with its line; in triple quotes, before the next line that starts a declaration.
func (l *lexer) stringLit(prefix int, flags Flags) (Kind, Flags) {
	start := l.pos
	kind := String
	if l.at(start)|0x20 == 'b' {
		kind = Bytes
	}
	quote := l.src[start+prefix]
	if l.at(start+prefix+1) == quote && l.at(start+prefix+2) == quote {
		flags |= Triple
	}
	l.pos += prefix
	flags, ok := l.stringBody(kind, flags)
	if ok {
		return kind, flags
	}
	if l.deep && l.nest == 0 {
		l.deep = false
		flags |= Deep
	}
	if flags&Triple != 0 {
		l.pos = l.nextDeclaration(start)
	} else {
		l.pos = l.lineEnd(start)
	}
	return Illegal, flags
}

// stringBody reads from the opening to the closing quotes.
func (l *lexer) stringBody(kind Kind, flags Flags) (Flags, bool) {
	quotes := quotesAt(l.src, l.pos, flags)
	l.pos += len(quotes)
	for l.pos < len(l.src) {
		switch c := l.src[l.pos]; {
		case c == quotes[0] && strings.HasPrefix(l.src[l.pos:], quotes):
			l.pos += len(quotes)
			return flags, true
		case (c == '\n' || c == '\r') && flags&Triple == 0:
			return flags, false
		case c == '\\' && flags&Raw == 0:
			l.escape()
		case c == '$' && l.at(l.pos+1) == '$' && l.at(l.pos+2) == '{' && interpolates(kind, flags):
			l.pos += len("$${")
		case c == '$' && l.at(l.pos+1) == '{' && interpolates(kind, flags):
			flags |= Interpolated
			l.pos += len("${")
			if !l.hole(flags, nil) {
				return flags, false
			}
		default:
			l.pos++
		}
	}
	return flags, false
}

func interpolates(kind Kind, flags Flags) bool { return kind == String && flags&Raw == 0 }

func quotesAt(src string, at int, flags Flags) string {
	if flags&Triple != 0 {
		return src[at : at+3]
	}
	return src[at : at+1]
}

// escape skips a backslash and what it escapes, but never a line break.
func (l *lexer) escape() {
	l.pos++
	if c := l.at(l.pos); l.pos < len(l.src) && c != '\n' && c != '\r' {
		l.pos++
	}
}

// hole reads the expression of an interpolation and its closing brace; emit, when given, gets
// its tokens. There are no comments in a hole: the // of a bad expression must not eat the quotes.
func (l *lexer) hole(flags Flags, emit func(Token)) bool {
	if l.nest++; l.nest > MaxNesting {
		l.deep = true
		l.nest--
		return false
	}
	defer func() { l.nest-- }()
	for depth := 0; ; {
		if l.space(len(l.src)) && (flags&Triple == 0 || l.declares(l.pos)) || l.pos >= len(l.src) {
			return false
		}
		start := l.pos
		kind, fl := l.inHole()
		switch {
		case kind == Illegal && fl&unclosed != 0:
			return false
		case kind == LBrace:
			depth++
		case kind == RBrace && depth == 0:
			return true
		case kind == RBrace:
			depth--
		}
		if emit != nil {
			emit(Token{kind, fl, int32(start), int32(l.pos)})
		}
	}
}

// unclosed marks, within this package, an Illegal token that ran to the end of its line or farther.
const unclosed Flags = 1 << 7

func (l *lexer) inHole() (Kind, Flags) {
	switch c := l.src[l.pos]; {
	case c == '/':
		l.pos++
		return Slash, 0
	case c == '`':
		return l.codeSpan(), 0
	}
	prefix, flags, ok := l.stringPrefix()
	if c := l.src[l.pos]; !ok && c != '"' && c != '\'' {
		return l.next()
	}
	kind, flags := l.stringLit(prefix, flags)
	if kind == Illegal {
		flags |= unclosed
	}
	return kind, flags
}

// Piece is a part of an interpolated string: a text between holes, or a hole.
type Piece struct {
	// Start and End are the text's bytes; for a hole those from $ to the closing brace.
	Start, End int32
	// Tokens are a hole's tokens with an EOF at its closing brace; nil for a text.
	Tokens []Token
}

// Pieces are the parts of an Interpolated String of src, in order, without empty texts.
func Pieces(src string, t Token) []Piece {
	quotes := len(quotesAt(src, int(t.Start), t.Flags))
	end := int(t.End) - quotes
	l := lexer{src: src[:end+quotes], pos: int(t.Start) + quotes}
	var out []Piece
	from := l.pos
	text := func(to int) {
		if to > from {
			out = append(out, Piece{Start: int32(from), End: int32(to)})
		}
	}
	for l.pos < end {
		switch rest := src[l.pos:end]; {
		case rest[0] == '\\':
			l.escape()
		case strings.HasPrefix(rest, "$${"):
			l.pos += len("$${")
		case strings.HasPrefix(rest, "${"):
			text(l.pos)
			out = append(out, l.holePiece(t.Flags))
			from = l.pos
		default:
			l.pos++
		}
	}
	text(end)
	return out
}

func (l *lexer) holePiece(flags Flags) Piece {
	p := Piece{Start: int32(l.pos), Tokens: make([]Token, 0, 8)}
	l.pos += len("${")
	l.hole(flags, func(t Token) { p.Tokens = append(p.Tokens, t) })
	p.End = int32(l.pos)
	p.Tokens = append(p.Tokens, Token{Kind: EOF, Start: p.End - 1, End: p.End - 1})
	return p
}
