// Package parser reads .pipe files: declarations by a grammar on participle, expressions by
// an operator-precedence parser, both over the same tokens, both carrying on after a mistake.
// It is the only importer of participle. It knows no names' meanings and no types.
package parser

import (
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/token"
)

// Parse reads a file. It always returns a file; what could not be read is a Bad node
// and has been reported. Several files may be parsed at once, each with a list of its own.
func Parse(f *source.File, diags *diag.List) *ast.File {
	out := &ast.File{Source: f}
	if !isText(f, diags) {
		return out
	}
	room := rooms.Get().(*room)
	room.lexed = token.AppendTokens(room.lexed[:0], f.Text)
	p := prepare(f, room.lexed, 0, diags)
	room.toks = newStream(f.Text, p.toks, 0).into(room.toks)
	l := &lowerer{prepared: p, source: f, diags: diags}
	r := &reader{toks: room.toks, entries: room.pending, room: room}
	out.Decls = l.decls(r)
	room.pending = r.entries[:0]
	out.Doc = p.head
	out.Comments = p.leftover(f.Text)
	room.leave()
	return out
}

// ParseExpr reads a text that is one expression and nothing else, as CEL's grammar has it.
func ParseExpr(f *source.File, diags *diag.List) ast.Expr { return parseWhole(f, diags, false) }

// ParseValue reads a text that is one value and nothing else, as it may stand after `return`
// or as an argument: an expression, or a record body.
func ParseValue(f *source.File, diags *diag.List) ast.Expr { return parseWhole(f, diags, true) }

func parseWhole(f *source.File, diags *diag.List, record bool) ast.Expr {
	whole := ast.At{Range: source.Span{End: int32(len(f.Text))}}
	said := diags.Len()
	if isText(f, diags); diags.Len() > said {
		return &ast.BadExpr{At: whole}
	}
	toks := settleBrackets(f, significant(token.Lex(f.Text)), 0, diags)
	if diags.Len() > said {
		return &ast.BadExpr{At: whole}
	}
	p := exprParser{toks: newStream(f.Text, toks, 0).all(), open: 1, record: record}
	x, m := p.parse()
	if m == nil && p.kind() != token.EOF {
		m = expected("the end of the expression", p.peek(), nil, false)
	}
	if m != nil {
		m.report(f, diags)
		return &ast.BadExpr{At: whole}
	}
	return x
}
