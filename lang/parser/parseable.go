package parser

import "github.com/alecthomas/participle/v2/lexer"

// handRead is a node that the grammar leaves to be read by hand.
type handRead interface{ read(*reader) error }

// parsed reads a node where participle has come to.
func parsed(n handRead, lex *lexer.PeekingLexer) error {
	r := readerOf(lex)
	err := n.read(r)
	r.done()
	return err
}

// Parse implements participle.Parseable, as do those below.
func (n *exprNode) Parse(lex *lexer.PeekingLexer) error { return parsed(n, lex) }

// Parse implements participle.Parseable.
func (n *valueNode) Parse(lex *lexer.PeekingLexer) error { return parsed(n, lex) }

// Parse implements participle.Parseable.
func (n *maybeNode) Parse(lex *lexer.PeekingLexer) error { return parsed(n, lex) }

// Parse implements participle.Parseable.
func (n *qualNode) Parse(lex *lexer.PeekingLexer) error { return parsed(n, lex) }

// Parse implements participle.Parseable.
func (n *bracesNode) Parse(lex *lexer.PeekingLexer) error { return parsed(n, lex) }

// Parse implements participle.Parseable.
func (n *paramList) Parse(lex *lexer.PeekingLexer) error { return parsed(n, lex) }

// Parse implements participle.Parseable.
func (n *argList) Parse(lex *lexer.PeekingLexer) error { return parsed(n, lex) }

// Parse implements participle.Parseable.
func (n *opBody) Parse(lex *lexer.PeekingLexer) error { return parsed(n, lex) }

// Parse implements participle.Parseable.
func (n *maybeOpBody) Parse(lex *lexer.PeekingLexer) error { return parsed(n, lex) }

// Parse implements participle.Parseable.
func (n *stepBody) Parse(lex *lexer.PeekingLexer) error { return parsed(n, lex) }

// Parse implements participle.Parseable.
func (n *inlineBody) Parse(lex *lexer.PeekingLexer) error { return parsed(n, lex) }

// Parse implements participle.Parseable.
func (n *pipelineBody) Parse(lex *lexer.PeekingLexer) error { return parsed(n, lex) }

// Parse implements participle.Parseable.
func (n *aftermathBody) Parse(lex *lexer.PeekingLexer) error { return parsed(n, lex) }

// Parse implements participle.Parseable.
func (n *openBody) Parse(lex *lexer.PeekingLexer) error { return parsed(n, lex) }

// Parse implements participle.Parseable.
func (n *fieldBody) Parse(lex *lexer.PeekingLexer) error { return parsed(n, lex) }

// Parse implements participle.Parseable.
func (n *assignBody) Parse(lex *lexer.PeekingLexer) error { return parsed(n, lex) }

// Parse implements participle.Parseable.
func (n *mountBody) Parse(lex *lexer.PeekingLexer) error { return parsed(n, lex) }
