package format

import (
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/token"
)

func (m *marker) exprs(list ...ast.Expr) {
	for _, x := range list {
		m.expr(x)
	}
}

func (m *marker) expr(x ast.Expr) {
	m.root(x)
	switch x := x.(type) {
	case *ast.Unary:
		m.set(x.Range.Start, tightAfter)
		m.expr(x.X)
	case *ast.IntLit, *ast.FloatLit:
		m.sign(x)
	case *ast.Binary:
		m.set(x.OpAt.Range.Start, operator)
		m.exprs(x.X, x.Y)
	case *ast.Conditional:
		m.set(x.Cond.Span().End, operator)
		m.set(x.Then.Span().End, operator)
		m.exprs(x.Cond, x.Then, x.Else)
	case *ast.Select:
		m.set(x.X.Span().End, chain)
		m.expr(x.X)
	case *ast.Index:
		m.setOpen(x.X.Span().End, token.LBrack, tightBefore)
		m.exprs(x.X, x.Index)
	case *ast.Call:
		m.setOpen(x.Name.Range.End, token.LParen, tightBefore)
		if x.Target != nil {
			m.set(x.Target.Span().End, chain)
			m.expr(x.Target)
		}
		m.exprs(x.Args...)
	case *ast.Paren:
		m.expr(x.X)
	case *ast.BadExpr:
		m.ok = false
	default:
		m.collection(x)
	}
}

// root marks the dot of a name such as .a, which no name stands before.
func (m *marker) root(x ast.Expr) {
	switch x := x.(type) {
	case *ast.Ident, *ast.RecordLit:
	case *ast.Call:
		if x.Target != nil {
			return
		}
	default:
		return
	}
	if t := &m.toks[m.after(x.Span().Start)]; t.kind == token.Dot {
		t.mark |= rooted
	}
}

// sign marks the minus of a negative number.
func (m *marker) sign(x ast.Expr) {
	if t := &m.toks[m.after(x.Span().Start)]; t.kind == token.Minus {
		t.mark |= tightAfter
	}
}

func (m *marker) collection(x ast.Expr) {
	switch x := x.(type) {
	case *ast.ListLit:
		m.set(x.Range.Start, trailing)
		for _, e := range x.Elems {
			m.expr(e.Value)
		}
	case *ast.MapLit:
		m.set(x.Range.Start, trailing)
		for _, e := range x.Entries {
			m.exprs(e.Key, e.Value)
		}
	case *ast.RecordLit:
		m.setOpen(x.Type.Range.End, token.LBrace, tightBefore|trailing)
		m.recordFields(x.Fields)
	case *ast.RecordBody:
		m.set(x.Range.Start, padded|trailing)
		m.recordFields(x.Fields)
	}
}

func (m *marker) recordFields(list []ast.RecordField) {
	for _, f := range list {
		m.expr(f.Value)
	}
}
