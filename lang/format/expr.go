package format

import (
	"strconv"
	"strings"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/token"
)

// Binding powers, weakest first. An operand that binds less than its place asks for is put in parentheses.
const (
	precConditional = iota
	precOr
	precAnd
	precRelation
	precSum
	precProduct
	precUnary
	precPostfix
)

var precedences = map[string]int{
	"||": precOr, "&&": precAnd,
	"==": precRelation, "!=": precRelation, "<": precRelation, "<=": precRelation, ">": precRelation, ">=": precRelation, "in": precRelation,
	"+": precSum, "-": precSum,
	"*": precProduct, "/": precProduct, "%": precProduct,
}

// Expr is the canonical text of an expression, on one line and without comments. Reading it
// gives the same tree, but for Paren nodes: the author's are kept, and those that the tree
// needs are added where it was built without them.
func Expr(x ast.Expr) string {
	var p exprPrinter
	p.expr(x, precConditional)
	return p.String()
}

type exprPrinter struct{ strings.Builder }

// expr prints x where something that binds at least as strongly as least may stand.
func (p *exprPrinter) expr(x ast.Expr, least int) {
	if precedence(x) < least {
		p.WriteByte('(')
		defer p.WriteByte(')')
	}
	switch x := x.(type) {
	case *ast.Unary:
		p.unary(x)
	case *ast.Binary:
		prec := precedences[x.Op]
		p.expr(x.X, prec)
		p.WriteString(" " + x.Op + " ")
		p.expr(x.Y, prec+1)
	case *ast.Conditional:
		p.expr(x.Cond, precOr)
		p.WriteString(" ? ")
		p.expr(x.Then, precOr)
		p.WriteString(" : ")
		p.expr(x.Else, precConditional)
	case *ast.Select:
		p.selection(x)
	case *ast.Index:
		p.expr(x.X, precPostfix)
		p.WriteString(choose(x.Optional, "[?", "["))
		p.expr(x.Index, precConditional)
		p.WriteByte(']')
	case *ast.Call:
		p.call(x)
	case *ast.Paren:
		p.WriteByte('(')
		p.expr(x.X, precConditional)
		p.WriteByte(')')
	default:
		p.operand(x)
	}
}

// precedence of the outermost operation of x. A number with a sign counts as a unary one,
// so that a selection from it is not read as the negation of a selection.
func precedence(x ast.Expr) int {
	switch x := x.(type) {
	case *ast.Conditional:
		return precConditional
	case *ast.Binary:
		return precedences[x.Op]
	case *ast.Unary:
		return precUnary
	case *ast.IntLit, *ast.FloatLit:
		if strings.HasPrefix(numberText(x), "-") {
			return precUnary
		}
	}
	return precPostfix
}

// unary keeps -(5) and -(5).f() apart from the number -5, and a sign apart from another operator.
func (p *exprPrinter) unary(x *ast.Unary) {
	p.WriteString(x.Op)
	if mixes(x) {
		p.expr(&ast.Paren{X: x.X}, precUnary)
		return
	}
	p.expr(x.X, precUnary)
}

func mixes(x *ast.Unary) bool {
	if inner, ok := x.X.(*ast.Unary); ok {
		return inner.Op != x.Op
	}
	return precedence(x.X) == precUnary || x.Op == "-" && startsWithNumber(x.X)
}

func startsWithNumber(x ast.Expr) bool {
	for {
		switch y := x.(type) {
		case *ast.IntLit, *ast.FloatLit:
			return true
		case *ast.Select:
			x = y.X
		case *ast.Index:
			x = y.X
		case *ast.Call:
			x = y.Target
		default:
			return false
		}
	}
}

func (p *exprPrinter) selection(x *ast.Select) {
	p.expr(x.X, precPostfix)
	p.WriteString(choose(x.Optional, ".?", "."))
	if x.Escaped {
		p.WriteString("`" + x.Name.Text + "`")
		return
	}
	p.WriteString(x.Name.Text)
}

func (p *exprPrinter) call(x *ast.Call) {
	if x.Target != nil {
		p.expr(x.Target, precPostfix)
		p.WriteByte('.')
	}
	p.WriteString(x.Name.Text)
	p.WriteByte('(')
	for i, a := range x.Args {
		p.separate(i)
		p.expr(a, precConditional)
	}
	p.WriteByte(')')
}

func (p *exprPrinter) separate(i int) {
	if i > 0 {
		p.WriteString(", ")
	}
}

func (p *exprPrinter) operand(x ast.Expr) {
	switch x := x.(type) {
	case *ast.Ident:
		p.WriteString(x.Name)
	case *ast.ListLit:
		p.list(x)
	case *ast.MapLit:
		p.mapLit(x)
	case *ast.RecordLit:
		p.WriteString(x.Type.String() + "{")
		p.fields(x.Fields)
		p.WriteByte('}')
	case *ast.RecordBody:
		if len(x.Fields) == 0 {
			p.WriteString("{}")
			return
		}
		p.WriteString("{ ")
		p.fields(x.Fields)
		p.WriteString(" }")
	default:
		p.WriteString(literalText(x))
	}
}

func (p *exprPrinter) list(x *ast.ListLit) {
	p.WriteByte('[')
	for i, e := range x.Elems {
		p.separate(i)
		p.WriteString(choose(e.Optional, "?", ""))
		p.expr(e.Value, precConditional)
	}
	p.WriteByte(']')
}

// mapLit puts a computed key in parentheses, which is what tells a map from a record.
func (p *exprPrinter) mapLit(x *ast.MapLit) {
	p.WriteByte('{')
	for i, e := range x.Entries {
		p.separate(i)
		p.WriteString(choose(e.Optional, "?", ""))
		if keyNeedsParens(e.Key) {
			p.WriteByte('(')
			p.expr(e.Key, precConditional)
			p.WriteByte(')')
		} else {
			p.expr(e.Key, precConditional)
		}
		p.WriteString(": ")
		p.expr(e.Value, precConditional)
	}
	p.WriteByte('}')
}

func keyNeedsParens(key ast.Expr) bool {
	switch key.(type) {
	case *ast.StringLit, *ast.Interpolation, *ast.IntLit, *ast.UintLit, *ast.BoolLit, *ast.Paren:
		return false
	}
	return true
}

func (p *exprPrinter) fields(fields []ast.RecordField) {
	for i, f := range fields {
		p.separate(i)
		p.WriteString(choose(f.Optional, "?", "") + fieldName(f.Name.Text) + ": ")
		p.expr(f.Value, precConditional)
	}
}

// fieldName puts what is no name in back quotes.
func fieldName(s string) string {
	if token.IsWord(s) && s != "true" && s != "false" && s != "null" && s != "in" {
		return s
	}
	return "`" + s + "`"
}

func choose(cond bool, yes, no string) string {
	if cond {
		return yes
	}
	return no
}

// numberText is a number as written, without space after its sign.
func numberText(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.IntLit:
		if x.Text == "" {
			return strconv.FormatInt(x.Value, 10)
		}
		return joined(x.Text)
	case *ast.FloatLit:
		if x.Text == "" {
			return floatText(x.Value)
		}
		return joined(x.Text)
	}
	return ""
}

func joined(s string) string { return strings.Join(strings.Fields(s), "") }

// floatText always has a point or an exponent, or it would be read as an int.
func floatText(f float64) string {
	s := strconv.FormatFloat(f, 'g', -1, 64)
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return s
}
