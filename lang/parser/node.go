package parser

import (
	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/token"
)

// exprNode is an expression.
type exprNode struct{ X ast.Expr }

func (n *exprNode) read(r *reader) (err error) {
	n.X, err = readExpr(r, false)
	return err
}

// valueNode is an expression or a record body.
type valueNode struct{ X ast.Expr }

func (n *valueNode) read(r *reader) (err error) {
	n.X, err = readExpr(r, true)
	return err
}

// maybeNode is a value that may be left out.
type maybeNode struct{ X ast.Expr }

func (n *maybeNode) read(r *reader) (err error) {
	if endsItem(r.peek()) {
		return participle.NextMatch
	}
	n.X, err = readExpr(r, true)
	return err
}

func readExpr(r *reader, record bool) (ast.Expr, error) {
	p := exprParser{toks: r.rest(), before: r.last(), record: record}
	x, m := p.parse()
	if m != nil {
		return x, m
	}
	r.i += p.i
	return x, nil
}

// endsItem reports whether a token cannot belong to the item before it.
func endsItem(t *lexer.Token) bool {
	k := kindOf(t)
	return startsLine(t) || k == token.Semicolon || k == token.RBrace
}

// qualNode is a name, perhaps with dots.
type qualNode struct{ Tokens []lexer.Token }

func (n *qualNode) read(r *reader) error {
	toks := r.rest()
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
	r.i += i
	return nil
}

// bracesNode is {string: T}, or the fields of a record.
type bracesNode struct {
	elem   *typeNode // of a map
	fields fieldBody
}

func (n *bracesNode) read(r *reader) error {
	toks := r.rest()
	if len(toks) < 3 || kindOf(&toks[0]) != token.LBrace || !isWord(&toks[1], "string") || kindOf(&toks[2]) != token.Colon {
		return n.fields.read(r)
	}
	node, err := readMap(r)
	n.elem = &node.(*mapNode).Elem
	return err
}

// paramList is (name: type = default, …).
type paramList struct{ Fields []*fieldNode }

func (l *paramList) read(r *reader) error {
	return readList(r, "the parameters", func() error {
		if t := r.peek(); kindOf(t) != token.Word {
			return expected(`a parameter's name or ")"`, t, r.last(), true)
		}
		node, err := readField(r)
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

func (l *argList) read(r *reader) error {
	return readList(r, "the arguments", func() error {
		arg := argNode{}
		from := start(r.peek())
		if toks := r.rest(); kindOf(&toks[0]) == token.Word && kindOf(&toks[1]) == token.Colon {
			arg.name = nameOf(&toks[0])
			r.i += 2
		}
		x, err := readExpr(r, true)
		if err != nil {
			return err
		}
		arg.value = x
		arg.span = at(from, end(r.last()))
		l.Args = append(l.Args, arg)
		return nil
	})
}

// readList reads elements with commas between them, and perhaps after them, in parentheses.
func readList(r *reader, what string, element func() error) error {
	if t := r.peek(); kindOf(t) != token.LParen || startsLine(t) {
		return expected(`"(" and `+what, t, r.last(), true)
	}
	r.next()
	for kindOf(r.peek()) != token.RParen {
		if t := r.peek(); startsLine(t) {
			return expected(`"," or ")"`, t, r.last(), true)
		}
		if err := element(); err != nil {
			return explain(err, r)
		}
		t := r.peek()
		if k := kindOf(t); k == token.RParen {
			break
		} else if k != token.Comma {
			return expected(`"," or ")"`, t, r.last(), true)
		}
		r.next()
	}
	r.next()
	return nil
}
