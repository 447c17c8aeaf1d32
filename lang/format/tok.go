package format

import (
	"sort"
	"strings"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/token"
)

// mark is what the tree says of a token.
type mark uint16

const (
	tightBefore mark = 1 << iota // no space before: the bracket of a call or an index
	tightAfter                   // no space after: a sign
	item                         // the first token of a declaration, an item or a field
	block                        // a brace whose items end with their lines
	fields                       // a block whose items have commas between them on one line
	trailing                     // a bracket whose last element may have a comma
	padded                       // a brace with space inside: { a: 1 }
	operator                     // a line may be broken before or after
	chain                        // a line may be broken before: the dot of a selection
	rooted                       // the dot that a name starts with
)

// tok is a token with what printing needs to know of it.
type tok struct {
	kind   token.Kind
	text   string
	start  int32
	mark   mark
	breaks bool // a line break stands before it
	blank  bool // a blank line stands before it
	pair   int  // the other bracket
	script *ast.Script
}

func (t *tok) is(m mark) bool  { return t.mark&m != 0 }
func (t *tok) isComment() bool { return t.kind == token.Comment || t.kind == token.Doc }
func (t *tok) multiline() bool {
	return t.script != nil && t.script.Fenced || strings.Contains(t.text, "\n")
}
func (t *tok) isSeparator() bool { return t.kind == token.Comma || t.kind == token.Semicolon }
func (t *tok) closes() bool      { return t.pair >= 0 && !t.opens() }
func (t *tok) opens() bool       { return closing[t.kind] != token.EOF }
func (t *tok) isQuestion() bool  { return t.kind == token.Question && !t.is(operator) }

// isList tells the brackets of several elements from those around one expression.
func (t *tok) isList() bool {
	return t.is(trailing|block) || t.kind == token.LParen && t.is(tightBefore)
}

var closing = [token.Kinds]token.Kind{token.LParen: token.RParen, token.LBrack: token.RBrack, token.LBrace: token.RBrace}

// scan cuts a file into tokens and marks them. It is not ok for a file with mistakes in it.
func scan(f *ast.File) (toks []tok, ok bool) {
	m := &marker{ok: true}
	m.toks = merge(f.Source.Text, token.Lex(f.Source.Text), reserved(f))
	if !pair(m.toks) {
		return nil, false
	}
	for _, d := range f.Decls {
		m.decl(d)
	}
	return m.toks, m.ok
}

// reserved are the spans of declarations that are printed as they stand.
func reserved(f *ast.File) (spans []source.Span) {
	for _, d := range f.Decls {
		if d, ok := d.(*ast.Reserved); ok {
			spans = append(spans, d.Span())
		}
	}
	return spans
}

// merge makes one token of each span that is to stay as it is.
func merge(src string, toks []token.Token, whole []source.Span) []tok {
	out := make([]tok, 0, len(toks))
	end := int32(0)
	for _, t := range toks {
		if t.Start < end && t.Kind != token.EOF {
			continue
		}
		gap := src[min(end, t.Start):t.Start]
		n := tok{kind: t.Kind, start: t.Start, pair: -1}
		n.breaks = strings.Contains(gap, "\n") || end == 0
		n.blank = strings.Count(gap, "\n") > 1
		end = t.End
		if i := sort.Search(len(whole), func(i int) bool { return whole[i].Start >= t.Start }); i < len(whole) && whole[i].Start == t.Start {
			n.kind, end = token.Word, whole[i].End
		}
		n.text = strings.ReplaceAll(src[t.Start:end], "\r\n", "\n")
		if n.isComment() {
			n.text = strings.TrimRight(n.text, " \t\r\f")
		}
		out = append(out, n)
	}
	return out
}

// pair finds the partner of each bracket. It fails when one has none, and on what is no token.
func pair(toks []tok) bool {
	var open []int
	for i := range toks {
		switch k := toks[i].kind; {
		case k == token.Illegal:
			return false
		case toks[i].opens():
			open = append(open, i)
		case k == token.RParen || k == token.RBrack || k == token.RBrace:
			if len(open) == 0 || closing[toks[open[len(open)-1]].kind] != k {
				return false
			}
			j := open[len(open)-1]
			open = open[:len(open)-1]
			toks[i].pair, toks[j].pair = j, i
		}
	}
	return len(open) == 0
}
