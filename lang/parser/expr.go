package parser

import (
	"fmt"
	"strings"

	"github.com/alecthomas/participle/v2/lexer"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/token"
)

const (
	// maxNesting is how deep brackets, signs and conditions may be nested.
	maxNesting = 200
	// maxChain is how long a chain of selections or of operators may be.
	maxChain = 1000
)

// exprParser reads one expression, as far as CEL's grammar goes, from the tokens that start with it.
// After the first mistake it sees nothing but the end, so that every reader returns at once.
type exprParser struct {
	toks   []lexer.Token
	before *lexer.Token // the token before the first; nil at the head of a text
	i      int
	open   int  // open brackets: a line break within them means nothing
	record bool // a record body may stand where a value does
	nest   int
	err    *mistake
	errAt  int // the token that the mistake was found at
}

// parse reads one expression.
func (p *exprParser) parse() (ast.Expr, *mistake) {
	if t := p.peek(); p.open == 0 && startsLine(t) && p.i == 0 && len(p.toks) > 0 {
		return &ast.BadExpr{At: at(start(t), start(t))}, expected("a value", t, p.before, true)
	}
	x := p.value()
	if p.err != nil {
		p.i = p.errAt
		return &ast.BadExpr{At: at(start(&p.toks[0]), max(p.lastEnd(), start(&p.toks[0])))}, p.err
	}
	return x, nil
}

func at(start, end int32) ast.At { return ast.At{Range: source.Span{Start: start, End: end}} }

func (p *exprParser) peek() *lexer.Token { return &p.toks[p.i] }

func (p *exprParser) kind() token.Kind { return kindOf(p.peek()) }

// take consumes a token; the end of the file is never passed.
func (p *exprParser) take() *lexer.Token {
	t := p.peek()
	if !t.EOF() {
		p.i++
	}
	return t
}

// lastEnd is the end of the token before the next one.
func (p *exprParser) lastEnd() int32 {
	if p.i == 0 {
		return start(&p.toks[0])
	}
	return end(&p.toks[p.i-1])
}

// fail keeps the first mistake and moves to the end.
func (p *exprParser) fail(m *mistake) {
	if p.err == nil {
		p.err, p.errAt = m, p.i
	}
	p.i = len(p.toks) - 1
}

func (p *exprParser) failExpected(want string) {
	before := p.before
	if p.i > 0 {
		before = &p.toks[p.i-1]
	}
	p.fail(expected(want, p.peek(), before, true))
}

func (p *exprParser) expect(k token.Kind, want string) *lexer.Token {
	if p.kind() != k {
		p.failExpected(want)
	}
	return p.take()
}

// continues are the kinds that go on with the expression of the line above: no item starts with one.
var continues = [token.Kinds]bool{
	token.Dot: true, token.Question: true, token.Colon: true,
	token.Plus: true, token.Minus: true, token.Star: true, token.Slash: true, token.Percent: true,
	token.Eq: true, token.Ne: true, token.Lt: true, token.Le: true, token.Gt: true, token.Ge: true,
	token.And: true, token.Or: true,
}

// operator is the kind of the next token where an operator may stand; EOF where a line break ends the expression.
func (p *exprParser) operator() token.Kind {
	t := p.peek()
	k := kindOf(t)
	if p.open == 0 && startsLine(t) && !continues[k] {
		return token.EOF
	}
	return k
}

// enter counts one level of nesting; leave it with p.nest--.
func (p *exprParser) enter() {
	if p.nest++; p.nest > maxNesting {
		p.fail(tooDeep(spanOf(p.peek()), fmt.Sprintf("the expression is nested more than %d deep", maxNesting)))
	}
}

// chain counts the links of a chain.
func (p *exprParser) chain(n *int) {
	if *n++; *n > maxChain {
		p.fail(tooDeep(spanOf(p.peek()), fmt.Sprintf("the expression is a chain of more than %d parts", maxChain)))
	}
}

// value is an expression or, where one may stand, a record body.
func (p *exprParser) value() ast.Expr {
	if p.record && p.isRecordBody() {
		return p.recordBody()
	}
	return p.expr()
}

// plain reads an expression in which no record body may stand.
func (p *exprParser) plain() ast.Expr {
	saved := p.record
	p.record = false
	x := p.expr()
	p.record = saved
	return x
}

// expr is or ('?' or ':' expr)?
func (p *exprParser) expr() ast.Expr {
	cond := p.binary(0)
	if p.operator() != token.Question {
		return cond
	}
	p.take()
	then := p.branch(false)
	p.expect(token.Colon, `":" and the other value of the condition`)
	other := p.branch(true)
	return &ast.Conditional{At: at(cond.Span().Start, p.lastEnd()), Cond: cond, Then: then, Else: other}
}

// branch is one of the two values of a condition; only the last may be a condition itself.
func (p *exprParser) branch(last bool) ast.Expr {
	if p.record && p.isRecordBody() {
		return p.recordBody()
	}
	if !last {
		return p.binary(0)
	}
	p.enter()
	x := p.expr()
	p.nest--
	return x
}

// levels are CEL's binary operators, from the weakest.
var levels = [...]map[token.Kind]string{
	{token.Or: "||"},
	{token.And: "&&"},
	{token.Eq: "==", token.Ne: "!=", token.Lt: "<", token.Le: "<=", token.Gt: ">", token.Ge: ">=", token.Word: "in"},
	{token.Plus: "+", token.Minus: "-"},
	{token.Star: "*", token.Slash: "/", token.Percent: "%"},
}

// precedence of each operator, counted from 1.
var precedence = func() (out [token.Kinds]int8) {
	for i, ops := range levels {
		for k := range ops {
			out[k] = int8(i + 1)
		}
	}
	return out
}()

// binary reads operators of at least the given level; all are left-associative.
func (p *exprParser) binary(level int) ast.Expr {
	x := p.unary()
	links := 0
	for {
		k := p.operator()
		n := int(precedence[k])
		if n == 0 || n <= level || k == token.Word && p.peek().Value != "in" {
			return x
		}
		p.chain(&links)
		op := p.take()
		y := p.binary(n)
		x = &ast.Binary{
			At: at(x.Span().Start, p.lastEnd()), Op: levels[n-1][k],
			OpAt: ast.At{Range: spanOf(op)}, X: x, Y: y,
		}
	}
}

// unary is a run of one sign before a member. The sign of a number belongs to the number.
func (p *exprParser) unary() ast.Expr {
	k := p.kind()
	if k != token.Not && k != token.Minus || k == token.Minus && p.signed() {
		return p.member()
	}
	t := p.peek()
	first := p.i
	for p.kind() == k {
		p.take()
	}
	signs := p.toks[first:p.i]
	if len(signs) > maxNesting {
		p.fail(tooDeep(spanOf(t), fmt.Sprintf("more than %d signs in a row", maxNesting)))
	}
	x := p.member()
	for i := len(signs) - 1; i >= 0; i-- {
		x = &ast.Unary{At: at(start(&signs[i]), p.lastEnd()), Op: signs[i].Value, X: x}
	}
	return x
}

// signed reports whether a minus is the sign of a number.
func (p *exprParser) signed() bool {
	k := kindOf(&p.toks[p.i+1])
	return k == token.Int || k == token.Float
}

// member is a primary with selections, calls and indices after it.
func (p *exprParser) member() ast.Expr {
	x := p.primary()
	links := 0
	for {
		switch p.operator() {
		case token.Dot:
			p.chain(&links)
			x = p.selection(x)
		case token.LBrack:
			p.chain(&links)
			x = p.index(x)
		default:
			return x
		}
	}
}

func (p *exprParser) selection(x ast.Expr) ast.Expr {
	p.take()
	optional := p.optional()
	t := p.peek()
	name := ast.Name{Text: t.Value, At: ast.At{Range: spanOf(t)}}
	escaped := kindOf(t) == token.CodeSpan
	switch {
	case escaped:
		name.Text = t.Value[1 : len(t.Value)-1]
	case kindOf(t) != token.Word || isLiteralWord(t.Value):
		p.failExpected(`a field's name after "."`)
		if strings.HasPrefix(t.Value, ".") {
			p.err.help = "a row of numbers is a list: lists.range(4) is 0 to 3"
		}
		return x
	}
	p.take()
	if !optional && !escaped && p.operator() == token.LParen {
		args := p.args()
		return &ast.Call{At: at(x.Span().Start, p.lastEnd()), Target: x, Name: name, Args: args}
	}
	return &ast.Select{At: at(x.Span().Start, p.lastEnd()), X: x, Name: name, Optional: optional, Escaped: escaped}
}

func (p *exprParser) index(x ast.Expr) ast.Expr {
	p.bracket()
	optional := p.optional()
	part := p.kind() == token.Colon
	i := p.plain()
	part = part || p.kind() == token.Colon
	p.close(token.RBrack, `"]"`)
	if part && p.err != nil {
		p.err.help = "a part of a text is x.substring(0, 7), and one of a list x.slice(0, 7)"
	}
	return &ast.Index{At: at(x.Span().Start, p.lastEnd()), X: x, Index: i, Optional: optional}
}

// optional takes the ? of an optional field, index, element or entry.
func (p *exprParser) optional() bool {
	if p.kind() != token.Question {
		return false
	}
	p.take()
	return true
}

// bracket takes an opening bracket.
func (p *exprParser) bracket() {
	p.take()
	p.open++
	p.enter()
}

// close takes the bracket that closes; want names what may stand there.
func (p *exprParser) close(k token.Kind, want string) {
	p.expect(k, want)
	p.open--
	p.nest--
}

func (p *exprParser) args() []ast.Expr {
	saved := p.record
	p.record = false
	p.bracket()
	var out []ast.Expr
	for p.kind() != token.RParen && p.err == nil {
		out = append(out, p.expr())
		if p.kind() != token.Comma {
			break
		}
		p.take()
		if p.kind() == token.RParen {
			p.failExpected("another argument")
		}
	}
	arrow, assigns := p.arrow(), p.kind() == token.Assign
	p.close(token.RParen, commaOrParen)
	switch {
	case p.err == nil:
	case arrow:
		p.err.help = arrowHelp
	case assigns: // no function takes arguments by name
		p.err.help, p.err.mends = equalityHelp, source.Span{}
	}
	p.record = saved
	return out
}

const arrowHelp = "a name for each element stands before a comma: x, x.failed"

// arrow reports whether a function without a name seems to be meant: x => y, or x -> y.
func (p *exprParser) arrow() bool {
	t := p.peek()
	return kindOf(t) == token.Arrow || kindOf(t) == token.Assign && kindOf(&p.toks[p.i+1]) == token.Gt && start(&p.toks[p.i+1]) == end(t)
}

// isLiteralWord reports whether a word is never a name.
func isLiteralWord(s string) bool { return s == "true" || s == "false" || s == "null" || s == "in" }
