package parser

import (
	"fmt"

	"github.com/alecthomas/participle/v2/lexer"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/token"
)

// items lowers a body of attributes, modifiers or steps.
func (l *lowerer) items(b *body) []ast.Item {
	var out []ast.Item
	for i := range b.entries {
		out = append(out, l.entry(&b.entries[i]))
	}
	l.closed(b)
	return out
}

func (l *lowerer) entry(e *entry) ast.Item {
	where := ast.At{Range: e.span}
	doc := l.doc(e.span.Start)
	if e.err == nil {
		return l.item(e.node, where, doc)
	}
	l.report(e.err)
	switch n := e.node.(type) {
	case *stepNode:
		s := l.step(n, where, doc)
		s.Name, s.Bad = firstName(s.Name, e.name), true
		return s
	case *inlineNode:
		return &ast.Step{At: where, Doc: doc, Name: e.name, Inline: true, Bad: true}
	case *callNode:
		if len(n.Callee.Tokens) > 0 {
			s := l.bareCall(n, where, doc)
			s.Bad = true
			return s
		}
	}
	return &ast.BadItem{At: where, Name: e.name}
}

// item lowers an item that was read to its end.
func (l *lowerer) item(node any, where ast.At, doc *ast.Doc) ast.Item {
	switch n := node.(type) {
	case *stepNode:
		return l.step(n, where, doc)
	case *inlineNode:
		s := &ast.Step{At: where, Doc: doc, Name: nameOf(&n.Name), Inline: true, HasBody: true}
		s.Items = l.items(&n.Items.body)
		return s
	case *callNode:
		return l.bareCall(n, where, doc)
	case *letDecl:
		return ast.LetItem{Let: l.decl(n, where, doc).(*ast.Let)}
	case *onFailureNode:
		return &ast.OnFailure{At: where, Doc: doc, Items: l.items(&n.Items.body)}
	case *finallyNode:
		return &ast.Finally{At: where, Doc: doc, Items: l.items(&n.Items.body)}
	case *returnNode:
		return &ast.Return{At: where, Doc: doc, Value: n.Value.X}
	case *serviceNode:
		return &ast.Service{At: where, Doc: doc, Name: nameOf(&n.Name), Items: l.items(&n.Items.body)}
	case *retryNode:
		return &ast.Retry{
			At: where, Doc: doc, Count: n.Count.X, Every: exprOf(n.Every),
			Backoff: exprOf(n.Backoff), Max: exprOf(n.Max), When: exprOf(n.When),
		}
	}
	if it := l.attribute(node, where, doc); it != nil {
		return it
	}
	return l.modifier(node, where, doc)
}

func (l *lowerer) attribute(node any, where ast.At, doc *ast.Doc) ast.Item {
	switch n := node.(type) {
	case *attrNode:
		return &ast.Attr{At: where, Doc: doc, Key: nameOf(&n.Key), Value: n.Value.X}
	case *openNode:
		a := &ast.Attr{At: where, Doc: doc, Key: nameOf(&n.Key)}
		if n.Value != nil {
			a.Value = n.Value.X
		}
		return a
	case *flagNode:
		return &ast.Attr{At: where, Doc: doc, Key: nameOf(&n.Key)}
	case *inPlaceNode:
		return &ast.InPlace{At: where, Doc: doc}
	case *runNode:
		return &ast.Run{
			At: where, Doc: doc, Title: l.static(&n.Title), Script: script(&n.Script),
			When: exprOf(n.When), OnFailure: n.OnFailure,
		}
	case *envNode:
		return &ast.Env{At: where, Doc: doc, Entries: l.assigns(&n.Entries.body)}
	case *mountsNode:
		return &ast.Mount{At: where, Doc: doc, Entries: l.mounts(&n.Entries.body)}
	case *cachedNode:
		return &ast.Cached{At: where, Doc: doc, For: exprOf(n.For), Vary: exprOf(n.Vary)}
	}
	return nil
}

func (l *lowerer) modifier(node any, where ast.At, doc *ast.Doc) ast.Item {
	switch n := node.(type) {
	case *needsNode:
		return &ast.Needs{At: where, Doc: doc, Items: needs(n)}
	case *afterNode:
		return &ast.After{At: where, Doc: doc, Steps: names(n.Steps)}
	case *whenNode:
		return &ast.When{At: where, Doc: doc, Cond: n.Cond.X}
	case *forNode:
		return &ast.For{
			At: where, Doc: doc, Var: nameOf(&n.Var), List: n.List.X,
			Where: exprOf(n.Where), Max: exprOf(n.Max),
		}
	case *requireNode:
		return &ast.Require{At: where, Doc: doc, Cond: n.Cond.X, Else: exprOf(n.Else)}
	case *approveNode:
		return &ast.Approve{At: where, Doc: doc, Message: n.Message.X, When: exprOf(n.When)}
	case *lockNode:
		return &ast.Lock{At: where, Doc: doc, Key: n.Key.X, Policy: nameOf(&n.Policy)}
	case *allowFailureNode:
		return &ast.AllowFailure{At: where, Doc: doc, When: exprOf(n.When)}
	}
	panic(fmt.Sprintf("an item without a node: %T", node))
}

func needs(n *needsNode) []ast.Need {
	need := func(toks []lexer.Token, name *lexer.Token, value *exprNode) ast.Need {
		return ast.Need{At: spanOfTokens(toks), Name: nameOf(name), Value: exprOf(value)}
	}
	out := []ast.Need{need(n.First.Tokens, &n.First.Name, n.First.Value)}
	for _, m := range n.More {
		out = append(out, need(m.Tokens, &m.Name, m.Value))
	}
	return out
}

// names are the words of a list, without its commas.
func names(toks []lexer.Token) (out []ast.Name) {
	for i := range toks {
		if kindOf(&toks[i]) == token.Word {
			out = append(out, nameOf(&toks[i]))
		}
	}
	return out
}

func (l *lowerer) mounts(b *body) []*ast.MountEntry {
	var out []*ast.MountEntry
	for i := range b.entries {
		e := &b.entries[i]
		if e.err != nil {
			l.report(e.err)
			continue
		}
		n := e.node.(*mountNode)
		out = append(out, &ast.MountEntry{At: ast.At{Range: e.span}, Path: n.Path.X, Value: n.Value.X})
	}
	l.closed(b)
	return out
}

// step lowers `name = op(…)`, as far as it was read.
func (l *lowerer) step(n *stepNode, where ast.At, doc *ast.Doc) *ast.Step {
	s := &ast.Step{At: where, Doc: doc, Name: nameOf(&n.Name)}
	l.call(s, n.Callee.Tokens, n.Args.Args, &n.Items.body)
	return s
}

func (l *lowerer) bareCall(n *callNode, where ast.At, doc *ast.Doc) *ast.Step {
	s := &ast.Step{At: where, Doc: doc, Bare: true}
	l.call(s, n.Callee.Tokens, n.Args.Args, &n.Items.body)
	s.Name = s.Callee.Parts[len(s.Callee.Parts)-1]
	return s
}

func (l *lowerer) call(s *ast.Step, callee []lexer.Token, args []argNode, mods *body) {
	s.Callee = qualName(callee)
	for i := range args {
		a := &args[i]
		s.Args = append(s.Args, &ast.Arg{At: a.span, Name: a.name, Value: a.value})
	}
	s.HasBody = mods.present
	s.Items = l.items(mods)
}
