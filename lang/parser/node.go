package parser

import (
	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/token"
)

// exprNode is an expression.
type exprNode struct{ X ast.Expr }

// Parse implements participle.Parseable.
func (n *exprNode) Parse(lex *lexer.PeekingLexer) (err error) {
	n.X, err = readExpr(lex, false)
	return err
}

// valueNode is an expression or a record body.
type valueNode struct{ X ast.Expr }

// Parse implements participle.Parseable.
func (n *valueNode) Parse(lex *lexer.PeekingLexer) (err error) {
	n.X, err = readExpr(lex, true)
	return err
}

// maybeNode is a value that may be left out.
type maybeNode struct{ X ast.Expr }

// Parse implements participle.Parseable.
func (n *maybeNode) Parse(lex *lexer.PeekingLexer) (err error) {
	if endsItem(lex.Peek()) {
		return participle.NextMatch
	}
	n.X, err = readExpr(lex, true)
	return err
}

func readExpr(lex *lexer.PeekingLexer, record bool) (ast.Expr, error) {
	p := exprParser{toks: rest(lex), before: last(lex), record: record}
	x, m := p.parse()
	if m != nil {
		return x, m
	}
	advance(lex, p.i)
	return x, nil
}

// endsItem reports whether a token cannot belong to the item before it.
func endsItem(t *lexer.Token) bool {
	k := kindOf(t)
	return startsLine(t) || k == token.Semicolon || k == token.RBrace
}

// qualNode is a name, perhaps with dots.
type qualNode struct{ Tokens []lexer.Token }

// Parse implements participle.Parseable.
func (n *qualNode) Parse(lex *lexer.PeekingLexer) error {
	toks := rest(lex)
	if kindOf(&toks[0]) != token.Word || startsLine(&toks[0]) {
		return participle.NextMatch
	}
	i := 1
	for kindOf(&toks[i]) == token.Dot && !startsLine(&toks[i]) && kindOf(&toks[i+1]) == token.Word && !startsLine(&toks[i+1]) {
		i += 2
	}
	if kindOf(&toks[i]) == token.Dot && !startsLine(&toks[i]) {
		return expected(`a name after "."`, &toks[i+1], &toks[i], true)
	}
	n.Tokens = toks[:i]
	advance(lex, i)
	return nil
}

// bracesNode is {string: T}, or the fields of a record.
type bracesNode struct {
	elem   *typeNode // of a map
	fields fieldBody
}

// Parse implements participle.Parseable.
func (n *bracesNode) Parse(lex *lexer.PeekingLexer) error {
	toks := rest(lex)
	if len(toks) < 3 || kindOf(&toks[0]) != token.LBrace || !isWord(&toks[1], "string") || kindOf(&toks[2]) != token.Colon {
		return n.fields.Parse(lex)
	}
	node, err := readMap(lex)
	n.elem = &node.(*mapNode).Elem
	return err
}

var readMap = root[mapNode]()

var readField = root[fieldNode]()

// paramList is (name: type = default, …).
type paramList struct{ Fields []*fieldNode }

// Parse implements participle.Parseable.
func (l *paramList) Parse(lex *lexer.PeekingLexer) error {
	return readList(lex, "the parameters", func() error {
		if t := lex.Peek(); kindOf(t) != token.Word {
			return expected(`a parameter's name or ")"`, t, last(lex), true)
		}
		node, err := readField(lex)
		l.Fields = append(l.Fields, node.(*fieldNode))
		return err
	})
}

// argNode is one argument.
type argNode struct {
	span  ast.At
	name  ast.Name
	value ast.Expr
}

// argList is (name: value, …).
type argList struct{ Args []argNode }

// Parse implements participle.Parseable.
func (l *argList) Parse(lex *lexer.PeekingLexer) error {
	return readList(lex, "the arguments", func() error {
		arg := argNode{}
		from := start(lex.Peek())
		if toks := rest(lex); kindOf(&toks[0]) == token.Word && kindOf(&toks[1]) == token.Colon {
			arg.name = nameOf(&toks[0])
			advance(lex, 2)
		}
		x, err := readExpr(lex, true)
		if err != nil {
			return err
		}
		arg.value = x
		arg.span = at(from, end(last(lex)))
		l.Args = append(l.Args, arg)
		return nil
	})
}

// readList reads elements with commas between them, and perhaps after them, in parentheses.
func readList(lex *lexer.PeekingLexer, what string, element func() error) error {
	if t := lex.Peek(); kindOf(t) != token.LParen || startsLine(t) {
		return expected(`"(" and `+what, t, last(lex), true)
	}
	lex.Next()
	for kindOf(lex.Peek()) != token.RParen {
		if t := lex.Peek(); startsLine(t) {
			return expected(`"," or ")"`, t, last(lex), true)
		}
		if err := element(); err != nil {
			return explain(err, lex)
		}
		t := lex.Peek()
		if k := kindOf(t); k == token.RParen {
			break
		} else if k != token.Comma {
			return expected(`"," or ")"`, t, last(lex), true)
		}
		lex.Next()
	}
	lex.Next()
	return nil
}
