package parser

import (
	"io"
	"strings"
	"sync"

	"github.com/alecthomas/participle/v2/lexer"

	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/token"
)

// The grammar sees a token's kind as its type, plus lineHead when a line break stands before it.
// A literal with a type, as "when":Word, therefore matches on the same line only, and one
// without, as "when", wherever it stands. Position.Line carries what else is to be known of
// a token: its flags, and how many tokens follow it.
const (
	lineHead   = lexer.TokenType(64)
	flagBits   = 8
	indentBits = 20
	leftShift  = flagBits + indentBits
	headPrefix = "Head"
)

// symbols names the token types for the grammar: Word, and HeadWord at the head of a line.
var symbols = sync.OnceValue(func() map[string]lexer.TokenType {
	m := map[string]lexer.TokenType{"EOF": lexer.EOF}
	for k := token.EOF + 1; k < token.Kinds; k++ {
		m[k.String()] = lexer.TokenType(k)
		m[headPrefix+k.String()] = lexer.TokenType(k) | lineHead
	}
	return m
})

// definition hands the token types to participle; the tokens themselves come from a stream.
type definition struct{}

// Symbols implements lexer.Definition.
func (definition) Symbols() map[string]lexer.TokenType { return symbols() }

// Lex implements lexer.Definition.
func (definition) Lex(_ string, r io.Reader) (lexer.Lexer, error) {
	b, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return newStream(string(b), significant(token.Lex(string(b))), 0), nil
}

// stream feeds tokens to participle's peeking lexer.
type stream struct {
	src  string
	base int32 // offset of src in the file
	toks []token.Token
	next int
	bol  int32 // offset of the start of the line that has been reached
	at   int32
	line int32 // indentation of that line: the column of its first token
}

func newStream(src string, toks []token.Token, base int32) *stream {
	return &stream{src: src, toks: toks, base: base}
}

// Next implements lexer.Lexer; it never fails.
func (s *stream) Next() (out lexer.Token, err error) {
	s.take(&out)
	return out, nil
}

// take gives the next token. Its numbers are written first: while memory is collected, a pointer is written behind a
// look at what was there, and a page that is looked at before it has ever been written costs twice.
func (s *stream) take(into *lexer.Token) {
	t := s.toks[s.next]
	was := s.bol
	for ; s.at < t.Start; s.at++ {
		if s.src[s.at] == '\n' {
			s.bol = s.at + 1
		}
	}
	if s.next == 0 || s.bol != was {
		s.line = min(t.Start-s.bol, 1<<indentBits-1)
	}
	left := len(s.toks) - s.next - 1
	s.next++
	into.Type = lexer.TokenType(t.Kind)
	if t.Kind == token.EOF {
		into.Type = lexer.EOF
	} else if t.Flags&token.NewlineBefore != 0 {
		into.Type |= lineHead
	}
	into.Pos.Offset = int(t.Start + s.base)
	into.Pos.Line = left<<leftShift | int(s.line)<<flagBits | int(t.Flags)
	into.Pos.Column = int(t.Start - s.bol)
	into.Value = s.src[t.Start:t.End]
}

// worthSharing is how many tokens pay for a second goroutine.
const worthSharing = 1 << 14

// all are the tokens of a stream at once, for readers that need no peeking lexer.
func (s *stream) all() []lexer.Token { return s.into(nil) }

// into is all in a slice that nobody reads any more, if it is large enough.
func (s *stream) into(out []lexer.Token) []lexer.Token {
	if cap(out) < len(s.toks) {
		out = make([]lexer.Token, len(s.toks))
	}
	out = out[:len(s.toks)]
	half := len(out)
	var second sync.WaitGroup
	if half >= worthSharing {
		half /= 2
		rest := s.from(half)
		second.Go(func() { rest.fill(out[half:]) })
	}
	s.fill(out[:half])
	second.Wait()
	return out
}

// fill takes as many tokens as there is room for.
func (s *stream) fill(out []lexer.Token) {
	for i := range out {
		s.take(&out[i])
	}
}

// from is the stream as it is when its first n tokens have been taken.
func (s *stream) from(n int) *stream {
	c := *s
	last := s.toks[n-1].Start
	c.next, c.at, c.bol = n, last, int32(strings.LastIndexByte(s.src[:last], '\n')+1)
	head := n - 1 // the first token of the line
	for head > 0 && s.toks[head-1].Start >= c.bol {
		head--
	}
	c.line = min(s.toks[head].Start-c.bol, 1<<indentBits-1)
	return &c
}

// left is how many tokens follow a token.
func left(t *lexer.Token) int { return t.Pos.Line >> leftShift }

// indentOf is the column of the first token of the line that a token stands on.
func indentOf(t *lexer.Token) int { return t.Pos.Line >> flagBits & (1<<indentBits - 1) }

func kindOf(t *lexer.Token) token.Kind {
	if t.EOF() {
		return token.EOF
	}
	return token.Kind(t.Type &^ lineHead)
}

func flagsOf(t *lexer.Token) token.Flags { return token.Flags(t.Pos.Line & (1<<flagBits - 1)) }

// startsLine reports whether a line break stands before a token; the end of the file counts as one.
func startsLine(t *lexer.Token) bool { return t.Type&lineHead != 0 || t.EOF() }

func start(t *lexer.Token) int32 { return int32(t.Pos.Offset) }
func end(t *lexer.Token) int32   { return int32(t.Pos.Offset + len(t.Value)) }

func spanOf(t *lexer.Token) source.Span { return source.Span{Start: start(t), End: end(t)} }

// isWord reports whether a token is a given word.
func isWord(t *lexer.Token, word string) bool { return kindOf(t) == token.Word && t.Value == word }

// significant drops comments and documentation.
func significant(toks []token.Token) []token.Token {
	out := make([]token.Token, 0, len(toks))
	for _, t := range toks {
		if t.Kind != token.Comment && t.Kind != token.Doc {
			out = append(out, t)
		}
	}
	return out
}
