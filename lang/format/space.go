package format

import "github.com/pipelang/pipe/lang/token"

// spaced reports whether a space stands between token i and the one before, when both are on one line.
func (p *printer) spaced(i int) bool {
	a, b := &p.toks[i-1], &p.toks[i]
	switch {
	case a.is(tightAfter) || b.is(tightBefore) && !b.is(operator):
		return false
	case a.opens():
		return a.is(block | padded)
	case b.kind == token.RBrace:
		return p.toks[b.pair].is(block | padded)
	}
	return !hugsNext(p.toks, i-1) && !hugsPrevious(p.toks, i)
}

// hugsNext says that no space follows a token.
func hugsNext(toks []tok, i int) bool {
	t := &toks[i]
	return t.kind == token.Dot || t.isQuestion() && prefixes(toks, i)
}

// hugsPrevious says that no space precedes a token.
func hugsPrevious(toks []tok, i int) bool {
	switch t := &toks[i]; t.kind {
	case token.Comma, token.Semicolon, token.RParen, token.RBrack:
		return true
	case token.Colon:
		return !t.is(operator)
	case token.Dot:
		return !t.is(rooted)
	case token.Question:
		return t.isQuestion() && !prefixes(toks, i)
	}
	return false
}

// prefixes tells the question mark of an optional element from that of an optional type.
func prefixes(toks []tok, i int) bool {
	if i == 0 {
		return false
	}
	before := &toks[i-1]
	return before.opens() || before.kind == token.Comma || before.kind == token.Dot || before.isComment()
}
