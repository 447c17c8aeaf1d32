package parser

import "github.com/alecthomas/participle/v2/lexer"

// reader walks over the tokens of a file.
type reader struct {
	toks []lexer.Token
	i    int // the next one
	// grammar is the same tokens as participle reads them; nil until it is asked.
	grammar *lexer.PeekingLexer
	// entries are those of bodies that are being read, the inner ones last; room is where they go, and may be nil.
	entries []entry
	room    *room
}

// readerOf is a reader of what participle has come to. What it consumes is handed back by done.
func readerOf(lex *lexer.PeekingLexer) *reader {
	at := lex.RawCursor()
	return &reader{toks: lex.Range(0, at+lexer.RawCursor(left(lex.Peek()))+1), i: int(at), grammar: lex}
}

// asked is what participle reads on from the next token.
func (r *reader) asked() *lexer.PeekingLexer {
	if r.grammar == nil {
		r.grammar, _ = lexer.Upgrade(&replay{r.toks}) // which never fails
		r.toks = r.grammar.Range(0, lexer.RawCursor(len(r.toks)))
	}
	r.done()
	return r.grammar
}

// done moves participle to where the reader is.
func (r *reader) done() {
	to := lexer.RawCursor(r.i)
	if to < r.grammar.RawCursor() {
		r.grammar.LoadCheckpoint(lexer.Checkpoint{})
	}
	if to > r.grammar.RawCursor() {
		r.grammar.FastForward(to - 1)
	}
}

// replay hands tokens to participle as they are.
type replay struct{ left []lexer.Token }

// Next implements lexer.Lexer; it never fails.
func (p *replay) Next() (lexer.Token, error) {
	t := p.left[0]
	p.left = p.left[1:]
	return t, nil
}

func (r *reader) peek() *lexer.Token { return &r.toks[r.i] }

// next consumes a token; the end of the file is never passed.
func (r *reader) next() *lexer.Token {
	t := r.peek()
	if !t.EOF() {
		r.i++
	}
	return t
}

// rest are the tokens from the next one to the end.
func (r *reader) rest() []lexer.Token { return r.toks[r.i:] }

// last is the token before the next one.
func (r *reader) last() *lexer.Token { return &r.toks[max(r.i-1, 0)] }

// claim makes the next token the first of a production, for which its line break means nothing.
func (r *reader) claim() { r.peek().Type &^= lineHead }
