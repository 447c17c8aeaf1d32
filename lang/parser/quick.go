package parser

import (
	"github.com/alecthomas/participle/v2/lexer"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/token"
)

// Here each node of the grammar reads itself, as its tags say and at a tenth of the grammar's cost, and gives up
// at whatever is not well-formed. A test holds the two together.

// lead takes the word that a production starts with, on whatever line it stands.
func (r *reader) lead(word string) bool { return r.found(isWord(r.peek(), word)) }

// word takes a given word on the same line.
func (r *reader) word(word string) bool {
	t := r.peek()
	return r.found(t.Type == lexer.TokenType(token.Word) && t.Value == word)
}

// skip takes a token of a kind on the same line.
func (r *reader) skip(k token.Kind) bool { return r.found(r.peek().Type == lexer.TokenType(k)) }

// take keeps a token of a kind on the same line.
func (r *reader) take(k token.Kind, into *lexer.Token) bool {
	t := r.peek()
	if t.Type != lexer.TokenType(k) {
		return false
	}
	*into = *t
	r.i++
	return true
}

// found consumes the next token if it is what was looked for.
func (r *reader) found(is bool) bool {
	if is {
		r.i++
	}
	return is
}

func (r *reader) expr(into *ast.Expr, record bool) bool {
	x, err := readExpr(r, record)
	*into = x
	return err == nil
}

// clause reads an expression behind a word, if that word is there.
func (r *reader) clause(word string, into **exprNode) bool {
	if !r.word(word) {
		return true
	}
	*into = &exprNode{}
	return r.expr(&(*into).X, false)
}

// assigned reads an expression behind an equals sign, if there is one.
func (r *reader) assigned(into **exprNode) bool {
	if !r.skip(token.Assign) {
		return true
	}
	*into = &exprNode{}
	return r.expr(&(*into).X, false)
}

func (r *reader) hand(n handRead) bool { return n.read(r) == nil }

func (n *useDecl) quick(r *reader) bool {
	return r.lead("use") && r.take(token.String, &n.Path) && (!r.word("as") || r.take(token.Word, &n.Alias))
}

func (n *settingsDecl) quick(r *reader) bool { return r.lead("settings") && r.hand(&n.Fields) }

func (n *profileDecl) quick(r *reader) bool {
	return r.lead("profile") && r.take(token.Word, &n.Name) && r.hand(&n.Entries)
}

func (n *letDecl) quick(r *reader) bool {
	return r.lead("let") && r.take(token.Word, &n.Name) && r.skip(token.Assign) && r.expr(&n.Value.X, false)
}

func (n *defaultsDecl) quick(r *reader) bool { return r.lead("defaults") && r.hand(&n.Items) }

func (n *typeDecl) quick(r *reader) bool {
	return r.lead("type") && r.take(token.Word, &n.Name) && r.hand(&n.Fields)
}

func (n *opDecl) quick(r *reader) bool {
	if native := r.peek(); r.lead("native") {
		n.Native = *native
		if !r.word("op") {
			return false
		}
	} else if !r.lead("op") {
		return false
	}
	return r.take(token.Word, &n.Name) && r.hand(&n.Params) && r.result(&n.Result) && r.hand(&n.Items)
}

func (n *pipelineDecl) quick(r *reader) bool {
	return r.lead("pipeline") && r.take(token.Word, &n.Name) && r.hand(&n.Params) && r.result(&n.Result) && r.hand(&n.Items)
}

// result reads a type behind an arrow, if there is one.
func (r *reader) result(into **typeNode) bool {
	if !r.skip(token.Arrow) {
		return true
	}
	*into = &typeNode{}
	return (*into).quick(r)
}

func (n *targetDecl) quick(r *reader) bool {
	return r.lead("target") && r.take(token.Word, &n.Name) && r.skip(token.Assign) && r.take(token.Word, &n.Kind) && r.hand(&n.Items)
}

func (n *fieldNode) quick(r *reader) bool {
	from := r.i
	n.Type = &typeNode{}
	if !r.take(token.Word, &n.Name) || !r.skip(token.Colon) || !n.Type.quick(r) {
		return false
	}
	if r.skip(token.Assign) {
		n.Default = &valueNode{}
		if !r.expr(&n.Default.X, true) {
			return false
		}
	}
	if !r.from(&n.From) || !r.clause("where", &n.Where) || n.Where != nil && !r.clause("else", &n.Else) || !r.from(&n.After) {
		return false
	}
	n.Tokens = r.toks[from:r.i]
	return true
}

// from reads where a setting comes from, if that is said.
func (r *reader) from(into **fromNode) bool {
	from := r.i
	if !r.word("from") {
		return true
	}
	n := &fromNode{}
	*into = n
	if !r.take(token.String, &n.Variable) && (!r.clause("exec", &n.Exec) || n.Exec == nil) {
		return false
	}
	n.Tokens = r.toks[from:r.i]
	return true
}

func (n *typeNode) quick(r *reader) bool {
	from := r.i
	for r.word("secret") || r.word("untrusted") {
	}
	n.Labels = r.toks[from:r.i]
	for {
		a := &atomNode{}
		if !a.quick(r) {
			return false
		}
		n.Union = append(n.Union, a)
		if !r.found(kindOf(r.peek()) == token.Bar) {
			break
		}
	}
	r.take(token.Question, &n.Optional)
	n.Tokens = r.toks[from:r.i]
	return true
}

func (n *atomNode) quick(r *reader) bool {
	from := r.i
	ok := false
	switch t := r.peek(); kindOf(t) {
	case token.Word:
		n.Name = &qualNode{}
		ok = r.hand(n.Name)
	case token.String:
		n.Literal, ok = *r.next(), true
	case token.LBrack:
		ok = r.between(&n.List, token.RBrack)
	case token.LParen:
		ok = r.between(&n.Paren, token.RParen)
	case token.LBrace:
		n.Braces = &bracesNode{}
		ok = r.hand(n.Braces)
	}
	n.Tokens = r.toks[from:r.i]
	return ok
}

// between reads a type from a bracket to the one that closes it.
func (r *reader) between(into **typeNode, closing token.Kind) bool {
	r.next()
	*into = &typeNode{}
	return (*into).quick(r) && r.found(kindOf(r.peek()) == closing)
}

func (n *mapNode) quick(r *reader) bool {
	for _, k := range []token.Kind{token.LBrace, token.Word, token.Colon} { // as bracesNode has seen
		if !r.found(kindOf(r.peek()) == k) {
			return false
		}
	}
	if !n.Elem.quick(r) {
		return false
	}
	r.found(kindOf(r.peek()) == token.Comma)
	return r.found(kindOf(r.peek()) == token.RBrace)
}

func (n *assignNode) quick(r *reader) bool {
	return r.take(token.Word, &n.Name) && r.skip(token.Assign) && r.expr(&n.Value.X, true)
}

func (n *mountNode) quick(r *reader) bool {
	return r.expr(&n.Path.X, false) && r.skip(token.Assign) && r.expr(&n.Value.X, false)
}
