package format

import (
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/token"
)

func (m *marker) items(list []ast.Item) {
	for _, x := range list {
		m.set(x.Span().Start, item)
		m.item(x)
	}
}

func (m *marker) item(x ast.Item) {
	switch x := x.(type) {
	case *ast.Attr:
		m.expr(x.Value)
	case *ast.Run:
		m.script(x.Script)
		m.expr(x.When)
	case *ast.Env:
		m.body(x.Range, block)
		m.assigns(x.Entries)
	case *ast.Mount:
		m.body(x.Range, block)
		m.mounts(x.Entries)
	case *ast.Cached:
		m.exprs(x.For, x.Vary)
	case *ast.Service:
		m.body(x.Range, block)
		m.items(x.Items)
	case *ast.Return:
		m.expr(x.Value)
	case ast.LetItem:
		m.expr(x.Value)
	case *ast.Step:
		m.step(x)
	case *ast.OnFailure:
		m.body(x.Range, block)
		m.items(x.Items)
	case *ast.Finally:
		m.body(x.Range, block)
		m.items(x.Items)
	case *ast.BadItem:
		m.ok = false
	default:
		m.modifier(x)
	}
}

func (m *marker) modifier(x ast.Item) {
	switch x := x.(type) {
	case *ast.Retry:
		m.exprs(x.Count, x.Every, x.Backoff, x.Max, x.When)
	case *ast.Needs:
		for _, n := range x.Items {
			m.expr(n.Value)
		}
	case *ast.When:
		m.expr(x.Cond)
	case *ast.For:
		m.exprs(x.List, x.Where, x.Max)
	case *ast.Require:
		m.exprs(x.Cond, x.Else)
	case *ast.Approve:
		m.exprs(x.Message, x.When)
	case *ast.Lock:
		m.expr(x.Key)
	case *ast.AllowFailure:
		m.expr(x.When)
	}
}

func (m *marker) step(x *ast.Step) {
	m.bad(x.Bad)
	if x.HasBody {
		m.body(x.Range, block)
	}
	if !x.Inline {
		m.setOpen(x.Callee.Range.End, token.LParen, tightBefore|trailing)
	}
	for _, a := range x.Args {
		m.expr(a.Value)
	}
	m.items(x.Items)
}

func (m *marker) mounts(list []*ast.MountEntry) {
	for _, e := range list {
		m.set(e.Range.Start, item)
		m.exprs(e.Path, e.Value)
	}
}

// script ties a fenced block's token to what the parser made of it.
func (m *marker) script(s *ast.Script) {
	if s == nil {
		m.ok = false
		return
	}
	m.toks[m.after(s.Range.Start)].script = s
}
