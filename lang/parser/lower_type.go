package parser

import (
	"github.com/alecthomas/participle/v2/lexer"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/token"
)

// typ lowers a type: labels qualify all that follows them, and a question mark all that stands before it.
func (l *lowerer) typ(n *typeNode) ast.TypeExpr {
	whole := spanOfTokens(n.Tokens)
	if len(n.Tokens) == 0 || len(n.Union) == 0 { // it was not read to its end
		return &ast.BadType{At: whole}
	}
	members := make([]ast.TypeExpr, len(n.Union))
	for i, a := range n.Union {
		members[i] = l.atom(a)
	}
	t := members[0]
	from := t.Span().Start
	if len(members) > 1 {
		t = &ast.UnionType{At: at(from, members[len(members)-1].Span().End), Members: members}
	}
	if n.Optional.Value != "" {
		t = &ast.OptionalType{At: at(from, end(&n.Optional)), Elem: t}
	}
	for i := len(n.Labels) - 1; i >= 0; i-- {
		label := &n.Labels[i]
		t = &ast.LabelType{At: at(start(label), whole.Range.End), Label: nameOf(label), Elem: t}
	}
	return t
}

func (l *lowerer) atom(n *atomNode) ast.TypeExpr {
	where := spanOfTokens(n.Tokens)
	switch {
	case n.Name != nil:
		return &ast.NamedType{At: where, Name: qualName(n.Name.Tokens)}
	case n.Literal.Value != "":
		if s := l.static(&n.Literal); s != nil {
			return &ast.LiteralType{At: where, Value: s.Value}
		}
	case n.List != nil:
		return &ast.ListType{At: where, Elem: l.typ(n.List)}
	case n.Paren != nil:
		return &ast.ParenType{At: where, Elem: l.typ(n.Paren)}
	case n.Braces != nil && n.Braces.elem != nil:
		return &ast.MapType{At: where, Elem: l.typ(n.Braces.elem)}
	case n.Braces != nil:
		return &ast.RecordType{At: where, Fields: l.fields(&n.Braces.fields.body)}
	}
	return &ast.BadType{At: where}
}

// qualName is a name from its words and dots.
func qualName(toks []lexer.Token) ast.QualName {
	q := ast.QualName{At: spanOfTokens(toks)}
	for i := range toks {
		if kindOf(&toks[i]) == token.Word {
			q.Parts = append(q.Parts, nameOf(&toks[i]))
		}
	}
	return q
}
