package format

import (
	"sort"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/token"
)

// marker writes what the tree knows onto the tokens. It is no longer ok once it meets a part
// that could not be read.
type marker struct {
	toks []tok
	ok   bool
}

// after is the first token at or after an offset that is no comment.
func (m *marker) after(off int32) int {
	i := sort.Search(len(m.toks), func(i int) bool { return m.toks[i].start >= off })
	for i < len(m.toks)-1 && m.toks[i].isComment() {
		i++
	}
	return min(i, len(m.toks)-1)
}

func (m *marker) set(off int32, k mark) { m.toks[m.after(off)].mark |= k }

// setOpen marks the bracket at or after an offset, if one stands there.
func (m *marker) setOpen(off int32, kind token.Kind, k mark) {
	if t := &m.toks[m.after(off)]; t.kind == kind {
		t.mark |= k
	}
}

// body marks the brace that the last brace of a span closes.
func (m *marker) body(s source.Span, k mark) {
	last := &m.toks[m.after(s.End-1)]
	if last.kind == token.RBrace && last.pair >= 0 {
		m.toks[last.pair].mark |= k
	}
}

// bad gives up.
func (m *marker) bad(is bool) { m.ok = m.ok && !is }

func (m *marker) decl(d ast.Decl) {
	m.set(d.Span().Start, item)
	switch d := d.(type) {
	case *ast.Settings:
		m.body(d.Range, block|fields)
		m.fields(d.Fields)
	case *ast.Profile:
		m.body(d.Range, block)
		m.assigns(d.Entries)
	case *ast.Let:
		m.expr(d.Value)
	case *ast.Defaults:
		m.body(d.Range, block)
		m.items(d.Items)
	case *ast.TypeDecl:
		m.body(d.Range, block|fields)
		m.fields(d.Fields)
	case *ast.Op:
		m.signature(d.Name, d.Params, d.Result, d.Range)
		m.items(d.Items)
	case *ast.Pipeline:
		m.signature(d.Name, d.Params, d.Result, d.Range)
		m.items(d.Items)
	case *ast.Target:
		m.body(d.Range, block)
		m.items(d.Items)
	case *ast.BadDecl:
		m.ok = false
	}
}

// signature marks the head of an op or a pipeline, and its body where it has one.
func (m *marker) signature(name ast.Name, params []*ast.Field, result ast.TypeExpr, whole source.Span) {
	m.setOpen(name.Range.End, token.LParen, tightBefore|trailing)
	m.fields(params)
	end := name.Range.End
	if result != nil {
		m.typ(result)
		end = result.Span().End
	}
	if end != whole.End {
		m.body(whole, block)
	}
}

func (m *marker) fields(list []*ast.Field) {
	for _, f := range list {
		m.bad(f.Bad)
		m.set(f.Range.Start, item)
		m.typ(f.Type)
		m.expr(f.Default)
		if f.From != nil {
			m.expr(f.From.Exec)
		}
		m.expr(f.Where)
		m.expr(f.Else)
	}
}

func (m *marker) assigns(list []*ast.Assign) {
	for _, a := range list {
		m.bad(a.Bad)
		m.set(a.Range.Start, item)
		m.expr(a.Value)
	}
}

func (m *marker) typ(t ast.TypeExpr) {
	switch t := t.(type) {
	case *ast.ListType:
		m.typ(t.Elem)
	case *ast.MapType:
		m.typ(t.Elem)
	case *ast.OptionalType:
		m.typ(t.Elem)
	case *ast.LabelType:
		m.typ(t.Elem)
	case *ast.ParenType:
		m.typ(t.Elem)
	case *ast.UnionType:
		for _, member := range t.Members {
			m.typ(member)
		}
	case *ast.RecordType:
		m.set(t.Range.Start, block|fields)
		m.fields(t.Fields)
	case *ast.BadType:
		m.ok = false
	}
}
