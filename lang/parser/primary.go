package parser

import (
	"strconv"
	"strings"

	"github.com/alecthomas/participle/v2/lexer"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/token"
)

// primary is a literal, a name, a call, a list, a map, a record or an expression in parentheses.
func (p *exprParser) primary() ast.Expr {
	t := p.peek()
	switch kindOf(t) {
	case token.LParen:
		p.bracket()
		x := p.expr()
		p.close(token.RParen, `")"`)
		return &ast.Paren{At: at(start(t), p.lastEnd()), X: x}
	case token.LBrack:
		return p.list()
	case token.LBrace:
		return p.mapLit()
	case token.Word, token.Dot:
		return p.name()
	case token.Minus, token.Int, token.Uint, token.Float:
		return p.number()
	case token.String:
		p.take()
		return p.str(t)
	case token.Bytes:
		p.take()
		return &ast.BytesLit{At: ast.At{Range: spanOf(t)}, Value: p.unquote(t), Text: t.Value}
	case token.Duration:
		return p.duration()
	case token.Size:
		return p.size()
	}
	p.failExpected("a value")
	return &ast.BadExpr{At: ast.At{Range: spanOf(t)}}
}

func (p *exprParser) duration() ast.Expr {
	t := p.take()
	v, err := token.ParseDuration(t.Value)
	if err != nil {
		p.fail(syntax(spanOf(t), "%v", err))
	}
	return &ast.DurationLit{At: ast.At{Range: spanOf(t)}, Value: v, Text: t.Value}
}

func (p *exprParser) size() ast.Expr {
	t := p.take()
	v, err := token.ParseSize(t.Value)
	if err != nil {
		p.fail(syntax(spanOf(t), "%v", err))
	}
	return &ast.SizeLit{At: ast.At{Range: spanOf(t)}, Value: v, Text: t.Value}
}

// number reads a number with its sign.
func (p *exprParser) number() ast.Expr {
	first := p.peek()
	sign := ""
	if kindOf(first) == token.Minus {
		p.take()
		sign = "-"
	}
	t := p.peek()
	text := sign + t.Value
	where := at(start(first), end(t))
	var x ast.Expr
	var err error
	switch k := kindOf(t); {
	case k == token.Int:
		lit := &ast.IntLit{At: where, Text: text}
		lit.Value, err = parseInt(text)
		x = lit
	case k == token.Float:
		lit := &ast.FloatLit{At: where, Text: text}
		lit.Value, err = strconv.ParseFloat(text, 64)
		x = lit
	case k == token.Uint && sign == "":
		lit := &ast.UintLit{At: where, Text: text}
		lit.Value, err = strconv.ParseUint(text[:len(text)-1], intBase(text), 64)
		x = lit
	default:
		p.failExpected("a value")
		return &ast.BadExpr{At: where}
	}
	if err != nil {
		p.fail(syntax(where.Range, "number %s is out of range", shorten(text, 40)))
	}
	p.take()
	return x
}

// intBase is 0, for "0x" to be understood, or 10, for leading zeros to mean nothing.
func intBase(text string) int {
	if strings.HasPrefix(strings.TrimPrefix(text, "-"), "0x") {
		return 0
	}
	return 10
}

func parseInt(text string) (int64, error) { return strconv.ParseInt(text, intBase(text), 64) }

// name is a name, a call of a function, or a record with its type's name.
func (p *exprParser) name() ast.Expr {
	first := p.take()
	t, dot := first, ""
	if kindOf(first) == token.Dot {
		dot = "."
		t = p.expect(token.Word, "a name")
		if p.err != nil {
			return &ast.BadExpr{At: ast.At{Range: spanOf(first)}}
		}
	}
	where := at(start(first), end(t))
	if x := literalWord(t.Value, where); dot == "" && x != nil {
		return x
	}
	if isLiteralWord(t.Value) || t.Value == "else" {
		p.i--
		p.failExpected("a value")
		return &ast.BadExpr{At: where}
	}
	name := ast.Name{Text: dot + t.Value, At: where}
	if n, ok := p.recordName(); ok {
		return p.recordLit(name, n)
	}
	if p.operator() == token.LParen {
		args := p.args()
		return &ast.Call{At: at(where.Range.Start, p.lastEnd()), Name: name, Args: args}
	}
	return &ast.Ident{At: where, Name: name.Text}
}

func literalWord(word string, where ast.At) ast.Expr {
	switch word {
	case "true", "false":
		return &ast.BoolLit{At: where, Value: word == "true"}
	case "null":
		return &ast.NullLit{At: where}
	}
	return nil
}

// str is a string, or an interpolation of its pieces.
func (p *exprParser) str(t *lexer.Token) ast.Expr {
	where := ast.At{Range: spanOf(t)}
	if flagsOf(t)&token.Interpolated == 0 {
		return &ast.StringLit{At: where, Value: p.unquote(t), Text: t.Value}
	}
	whole := token.Token{Kind: token.String, Flags: flagsOf(t), End: int32(len(t.Value))}
	out := &ast.Interpolation{At: where, Text: t.Value}
	for _, piece := range token.Pieces(t.Value, whole) {
		if piece.Tokens != nil {
			out.Parts = append(out.Parts, p.hole(t, piece))
			continue
		}
		text := t.Value[piece.Start:piece.End]
		v, err := unescape(text, false)
		if err != nil {
			p.fail(err.mistake(start(t) + piece.Start))
		}
		out.Parts = append(out.Parts, &ast.StringLit{At: at(start(t)+piece.Start, start(t)+piece.End), Value: v, Text: text})
	}
	return out
}

// hole reads the expression of an interpolation from tokens of its own.
func (p *exprParser) hole(t *lexer.Token, piece token.Piece) ast.Expr {
	where := at(start(t)+piece.Start, start(t)+piece.End)
	if len(piece.Tokens) == 1 {
		p.fail(syntax(where.Range, `expected an expression in "${}"`))
		return &ast.BadExpr{At: where}
	}
	s := newStream(t.Value, piece.Tokens, start(t))
	s.at, s.bol = piece.Start, piece.Start // no indentation counts in here, and looking for it would take long in a long string
	sub := exprParser{toks: s.all(), open: 1, nest: p.nest}
	sub.enter()
	x, err := sub.parse()
	if err == nil && sub.kind() != token.EOF {
		err = expected(`"}"`, sub.peek(), nil, false)
	}
	if err != nil {
		if err.span.Start >= where.Range.End-1 && sub.peek().EOF() {
			err = syntax(source.Span{Start: where.Range.End - 1, End: where.Range.End}, `expected a value, found "}"`)
		}
		p.fail(err)
	}
	return x
}

func (p *exprParser) unquote(t *lexer.Token) string {
	v, err := unquote(t.Value, kindOf(t), flagsOf(t))
	if err != nil {
		p.fail(err.mistake(start(t)))
	}
	return v
}
