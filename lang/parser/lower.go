package parser

import (
	"fmt"

	"github.com/alecthomas/participle/v2/lexer"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/token"
)

// lowerer turns what the grammar read into the tree that everyone else sees, and reports
// the mistakes that the grammar's nodes keep.
type lowerer struct {
	*prepared
	source *source.File
	diags  *diag.List
	// reported counts the mistakes so far.
	reported int
}

// maxMistakes is how many mistakes of a file are told: a text with more is no pipe file, and
// nobody reads the rest.
const maxMistakes = 1000

func (l *lowerer) report(m *mistake) {
	if m.quiet {
		return
	}
	l.reported++
	switch {
	case l.reported == maxMistakes+1:
		(&mistake{rule: diag.Syntax, span: m.span, message: fmt.Sprintf("the file has more than %d mistakes; those from here on are left out", maxMistakes), help: "mend the first ones, or see whether this is a pipe file"}).report(l.source, l.diags)
	case l.reported <= maxMistakes:
		m.report(l.source, l.diags)
	}
}

// spanOfTokens is the range of tokens of one node.
func spanOfTokens(toks []lexer.Token) ast.At {
	if len(toks) == 0 {
		return ast.At{}
	}
	return at(start(&toks[0]), end(&toks[len(toks)-1]))
}

func (l *lowerer) decl(node any, where ast.At, doc *ast.Doc) ast.Decl {
	switch n := node.(type) {
	case *useDecl:
		path := l.static(&n.Path)
		if path == nil {
			return &ast.BadDecl{At: where, Name: nameOf(&n.Alias)}
		}
		return &ast.Use{At: where, Doc: doc, Path: path, Alias: nameOf(&n.Alias)}
	case *settingsDecl:
		return &ast.Settings{At: where, Doc: doc, Fields: l.fields(&n.Fields.body)}
	case *profileDecl:
		return &ast.Profile{At: where, Doc: doc, Name: nameOf(&n.Name), Entries: l.assigns(&n.Entries.body)}
	case *letDecl:
		return &ast.Let{At: where, Doc: doc, Name: nameOf(&n.Name), Value: n.Value.X}
	case *defaultsDecl:
		return &ast.Defaults{At: where, Doc: doc, Items: l.items(&n.Items.body)}
	case *typeDecl:
		return &ast.TypeDecl{At: where, Doc: doc, Name: nameOf(&n.Name), Fields: l.fields(&n.Fields.body)}
	case *opDecl:
		return l.op(n, where, doc)
	case *pipelineDecl:
		return &ast.Pipeline{
			At: where, Doc: doc, Name: nameOf(&n.Name), Params: l.params(&n.Params),
			Result: l.result(n.Result), Items: l.items(&n.Items.body),
		}
	case *targetDecl:
		return &ast.Target{At: where, Doc: doc, Name: nameOf(&n.Name), Kind: nameOf(&n.Kind), Items: l.items(&n.Items.body)}
	}
	panic(fmt.Sprintf("a declaration without a node: %T", node))
}

func (l *lowerer) op(n *opDecl, where ast.At, doc *ast.Doc) ast.Decl {
	said := l.diags.Len()
	d := &ast.Op{
		At: where, Doc: doc, Native: n.Native.Value != "", Name: nameOf(&n.Name),
		Params: l.params(&n.Params), Result: l.result(n.Result),
	}
	if n.Items.present {
		d.Items = l.items(&n.Items.body)
		if d.Items == nil {
			d.Items = []ast.Item{}
		}
	} else if !d.Native {
		if l.diags.Len() == said { // braces of a broken type may have been meant for the body
			l.report(syntax(source.Span{Start: where.Range.End, End: where.Range.End}, `expected "{" and what the op does`))
		}
		return &ast.BadDecl{At: where, Name: d.Name}
	}
	return d
}

// static is a string that may not interpolate; nil when there is none, or when it is broken.
func (l *lowerer) static(t *lexer.Token) *ast.StringLit {
	if t.Value == "" {
		return nil
	}
	if flagsOf(t)&token.Interpolated != 0 {
		m := syntax(spanOf(t), "this string cannot interpolate")
		m.help = `"$${" is a literal "${"`
		l.report(m)
		return nil
	}
	v, err := unquote(t.Value, kindOf(t), flagsOf(t))
	if err != nil {
		l.report(err.mistake(start(t)))
		return nil
	}
	return &ast.StringLit{At: ast.At{Range: spanOf(t)}, Value: v, Text: t.Value}
}

// closed reports the mistakes of a body itself.
func (l *lowerer) closed(b *body) {
	for _, m := range b.errs {
		l.report(m)
	}
}

func (l *lowerer) fields(b *body) []*ast.Field {
	var out []*ast.Field
	for i := range b.entries {
		e := &b.entries[i]
		n, _ := e.node.(*fieldNode)
		if n == nil {
			n = &fieldNode{}
		}
		f := l.field(n, ast.At{Range: e.span})
		if e.err != nil {
			l.report(e.err)
			f.Bad = true
			f.Name = firstName(f.Name, e.name)
		}
		out = append(out, f)
	}
	l.closed(b)
	return out
}

func (l *lowerer) params(list *paramList) []*ast.Field {
	var out []*ast.Field
	for _, n := range list.Fields {
		out = append(out, l.field(n, spanOfTokens(n.Tokens)))
	}
	return out
}

func (l *lowerer) field(n *fieldNode, where ast.At) *ast.Field {
	f := &ast.Field{At: where, Doc: l.doc(where.Range.Start), Name: nameOf(&n.Name), Type: l.result(n.Type)}
	if f.Type == nil || f.Type.Span().Len() == 0 {
		f.Type = &ast.BadType{At: at(where.Range.End, where.Range.End)}
	}
	if n.Default != nil {
		f.Default = n.Default.X
	}
	from := n.From
	if from == nil {
		from = n.After
	}
	if from != nil && len(from.Tokens) > 0 {
		f.From = &ast.From{At: spanOfTokens(from.Tokens), Variable: l.static(&from.Variable), Exec: exprOf(from.Exec)}
		f.Bad = f.From.Variable == nil && f.From.Exec == nil
	}
	f.Where, f.Else = exprOf(n.Where), exprOf(n.Else)
	return f
}

// firstName is the first of two names that is there.
func firstName(a, b ast.Name) ast.Name {
	if a.Text != "" {
		return a
	}
	return b
}

// exprOf is the expression of an optional clause, nil when it is absent.
func exprOf(n *exprNode) ast.Expr {
	if n == nil {
		return nil
	}
	return n.X
}

func (l *lowerer) assigns(b *body) []*ast.Assign {
	var out []*ast.Assign
	for i := range b.entries {
		e := &b.entries[i]
		a := &ast.Assign{At: ast.At{Range: e.span}, Doc: l.doc(e.span.Start)}
		if n, ok := e.node.(*assignNode); ok && n != nil {
			a.Name, a.Value = nameOf(&n.Name), n.Value.X
		}
		if e.err != nil {
			l.report(e.err)
			a.Bad = true
			a.Name = firstName(a.Name, e.name)
		}
		if a.Value == nil {
			a.Value = &ast.BadExpr{At: at(e.span.End, e.span.End)}
		}
		out = append(out, a)
	}
	l.closed(b)
	return out
}

// result is a type that may be absent.
func (l *lowerer) result(n *typeNode) ast.TypeExpr {
	if n == nil {
		return nil
	}
	return l.typ(n)
}
