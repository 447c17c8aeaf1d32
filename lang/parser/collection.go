package parser

import (
	"github.com/alecthomas/participle/v2/lexer"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/token"
)

// list is [a, ?b]; its elements may be record bodies where the list itself might have been one.
func (p *exprParser) list() ast.Expr {
	first := p.peek()
	out := &ast.ListLit{}
	p.bracket()
	if p.kind() == token.Comma && kindOf(&p.toks[p.i+1]) == token.RBrack { // CEL's grammar has [,]
		p.take()
	}
	for p.kind() != token.RBrack && p.err == nil {
		optional := p.optional()
		out.Elems = append(out.Elems, ast.ListElem{Optional: optional, Value: p.value()})
		if p.kind() != token.Comma {
			break
		}
		p.take()
	}
	p.close(token.RBrack, `"," or "]"`)
	out.At = at(start(first), p.lastEnd())
	return out
}

// mapLit is {"key": value, (computed): value}.
func (p *exprParser) mapLit() ast.Expr {
	first := p.peek()
	out := &ast.MapLit{}
	p.bracket()
	if p.kind() == token.Comma && kindOf(&p.toks[p.i+1]) == token.RBrace { // CEL's grammar has {,}
		p.take()
	}
	for p.kind() != token.RBrace && p.err == nil {
		from := p.peek()
		optional := p.optional()
		key := p.plain()
		p.expect(token.Colon, `":" after the key`)
		value := p.value()
		out.Entries = append(out.Entries, ast.MapEntry{At: at(start(from), p.lastEnd()), Optional: optional, Key: key, Value: value})
		if p.kind() != token.Comma {
			break
		}
		p.take()
	}
	p.close(token.RBrace, `"," or "}"`)
	out.At = at(start(first), p.lastEnd())
	return out
}

// isRecordBody looks ahead for `{ name :` and `{ ?name :`.
func (p *exprParser) isRecordBody() bool {
	if p.kind() != token.LBrace {
		return false
	}
	i := p.i + 1
	if kindOf(&p.toks[i]) == token.Question {
		i++
	}
	t := &p.toks[i]
	return isFieldName(t) && kindOf(&p.toks[i+1]) == token.Colon
}

func isFieldName(t *lexer.Token) bool {
	return kindOf(t) == token.CodeSpan || kindOf(t) == token.Word && !isLiteralWord(t.Value)
}

// recordBody is { field: value } without a type's name.
func (p *exprParser) recordBody() ast.Expr {
	first := p.peek()
	fields := p.recordFields()
	return &ast.RecordBody{At: at(start(first), p.lastEnd()), Fields: fields}
}

// recordName looks ahead for `.b.C{`, and says how many names follow the first.
func (p *exprParser) recordName() (names int, ok bool) {
	j := p.i
	for kindOf(&p.toks[j]) == token.Dot && kindOf(&p.toks[j+1]) == token.Word && !p.broken(j) && !p.broken(j+1) {
		j += 2
	}
	return (j - p.i) / 2, kindOf(&p.toks[j]) == token.LBrace && !p.broken(j)
}

// broken reports whether a line break that means something stands before a token.
func (p *exprParser) broken(i int) bool { return p.open == 0 && startsLine(&p.toks[i]) }

// recordLit is Name{field: value}; n more names follow the first.
func (p *exprParser) recordLit(first ast.Name, n int) ast.Expr {
	typ := ast.QualName{Parts: []ast.Name{first}}
	for range n {
		p.take()
		t := p.take()
		typ.Parts = append(typ.Parts, ast.Name{Text: t.Value, At: ast.At{Range: spanOf(t)}})
	}
	typ.At = at(first.Range.Start, p.lastEnd())
	saved := p.record
	p.record = true
	fields := p.recordFields()
	p.record = saved
	return &ast.RecordLit{At: at(first.Range.Start, p.lastEnd()), Type: typ, Fields: fields}
}

// recordFields reads from brace to brace.
func (p *exprParser) recordFields() []ast.RecordField {
	var out []ast.RecordField
	p.bracket()
	for p.kind() != token.RBrace && p.err == nil {
		from := p.peek()
		optional := p.optional()
		t := p.peek()
		if !isFieldName(t) {
			p.failExpected("a field's name")
			break
		}
		p.take()
		p.expect(token.Colon, `":" after the field's name`)
		value := p.value()
		out = append(out, ast.RecordField{At: at(start(from), p.lastEnd()), Optional: optional, Name: fieldName(t), Value: value})
		if p.kind() != token.Comma {
			break
		}
		p.take()
	}
	p.close(token.RBrace, `"," or "}"`)
	return out
}

// fieldName is a name, without the back quotes of an escaped one.
func fieldName(t *lexer.Token) ast.Name {
	n := ast.Name{Text: t.Value, At: ast.At{Range: spanOf(t)}}
	if kindOf(t) == token.CodeSpan {
		n.Text = t.Value[1 : len(t.Value)-1]
	}
	return n
}
