package parser

import (
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/token"
)

// entry is one item of a body: what was read of it, and what is wrong with it.
type entry struct {
	node any // nil when nothing could be read
	err  *mistake
	name ast.Name // what the item would have declared, when it could not be read
	span source.Span
}

// body is what stands between braces. Reading one never fails once its brace is open: each broken item keeps its
// mistake, and its siblings are kept.
type body struct {
	entries []entry
	errs    []*mistake // of the body itself
	span    source.Span
	present bool // braces were written
}

// place is what may stand in a body.
type place struct {
	what   string // "an attribute": what a message calls an item
	commas bool   // items may be separated by commas, too
	graph  bool   // items are steps: their modifiers stand in braces
	choose func(r *reader) (production, *mistake)
}

// read reads a body from brace to brace.
func (b *body) read(r *reader, p *place) error {
	open := r.peek()
	if kindOf(open) != token.LBrace {
		return participle.NextMatch
	}
	if startsLine(open) { // nothing else starts with a brace, so it is clear what was meant
		m := syntax(spanOf(open), `"{" stands on a line of its own`)
		m.help = "put it at the end of the line before"
		b.errs = append(b.errs, m)
	}
	b.present = true
	defer b.take(r, len(r.entries))
	opener := indentOf(open)
	r.next()
	margin := -1 // the column of the first item
	for {
		t := r.peek()
		switch kindOf(t) {
		case token.RBrace:
			r.next()
			b.span = source.Span{Start: start(open), End: end(t)}
			return nil
		case token.Semicolon:
			r.next()
			continue
		}
		if t.EOF() || b.leaves(r, open, opener, margin) {
			b.unclosed(r, open)
			return nil
		}
		if startsLine(t) && margin < 0 {
			margin = t.Pos.Column
		}
		b.item(r, p)
	}
}

// readMaybe reads a body that may be left out.
func (b *body) readMaybe(r *reader, p *place) error {
	if kindOf(r.peek()) != token.LBrace {
		return nil
	}
	return b.read(r, p)
}

// leaves reports whether the next token lies outside a body whose closing brace is missing: where a declaration
// starts, and, as some bracket of this one does not match, where a line is indented no deeper than the one that opened the body.
func (b *body) leaves(r *reader, open *lexer.Token, opener, margin int) bool {
	t := r.peek()
	if flagsOf(open)&suspect == 0 || !startsLine(t) {
		return false
	}
	if (margin < 0 || margin > opener) && t.Pos.Column <= opener {
		return true
	}
	return t.Pos.Column == 0 && kindOf(t) == token.Word && declares(r) && t.Value != "let" && t.Value != "target"
}

// declares reports whether the next token can start a declaration.
func declares(r *reader) bool {
	toks := r.rest()
	return len(toks) > 1 && declaresAt(toks[0].Value, kindOf(&toks[1]))
}

func (b *body) unclosed(r *reader, open *lexer.Token) {
	before := r.last()
	m := syntax(source.Span{Start: end(before), End: end(before)}, `"{" is not closed: its body seems to end here`)
	m.help = `add "}"`
	if start(before) == start(open) {
		m.span, m.message = spanOf(open), `"{" is not closed`
	} else {
		m.opener = spanOf(open)
	}
	m.quiet = kindOf(before) == token.Illegal // which has swallowed the brace, and is said to be wrong itself
	b.errs = append(b.errs, m)
	b.span = source.Span{Start: start(open), End: end(before)}
}

// item reads one item into the reader's entries, and on a mistake moves on to the next.
func (b *body) item(r *reader, p *place) {
	first := r.peek()
	from := r.i
	e := entry{span: spanOf(first)}
	choice, m := p.choose(r)
	e.err = m
	r.claim()
	if m == nil {
		node, err := choice(r)
		e.node = node
		if err != nil {
			e.err = explain(err, r)
		} else if t := r.peek(); !endsItem(t) && !(p.commas && kindOf(t) == token.Comma) {
			e.err = trailing(first.Value, t, r.last(), p.graph)
			if h := inItem(first.Value, t); h != "" {
				e.err.help = h
			}
		}
	}
	if e.err != nil {
		if h := unquoted(r.toks[from:]); h != "" && (e.err.help == "" || e.err.help == noDashes) {
			e.err.help = h
		}
		if e.err.help == byValue()["$"] && (first.Value == "lock" || slices.Contains(named, first.Value)) {
			e.err.help = `text stands in quotes, and values in it as "…${name}…"`
		}
		if e.err.help == "" && (strings.HasPrefix(e.err.message, "expected a value") || strings.HasPrefix(e.err.message, `expected ":" after`)) {
			e.err.help = shapes[first.Value]
		}
		if toks := r.toks[from:]; e.err.help == "" && p.graph && len(toks) > 1 && kindOf(&toks[1]) == token.Assign && strings.HasPrefix(e.err.message, `expected "(" and`) {
			e.err.help = "a step calls an op, name = op(); a named value is declared by let: let name = value"
		}
		e.name = nameAt(r, from)
		syncItem(r, from, e.err)
	}
	e.span.End = max(end(r.last()), e.span.End)
	if p.commas && kindOf(r.peek()) == token.Comma {
		r.next()
	}
	r.entries = append(r.entries, e)
}

// take makes the entries that were read since there were some, the body's.
func (b *body) take(r *reader, from int) {
	b.entries = r.room.entriesOf(r.entries[from:])
	r.entries = r.entries[:from]
}

// clauses are the words that go on with an item on its line.
var clauses = []string{"as", "backoff", "else", "every", "exec", "for", "from", "latest", "max", "on", "reject", "vary", "when", "where"}

// listed are the attributes whose value is a list.
var listed = []string{"success_codes", "inputs", "keep", "exec", "inherit", "capabilities", "ports", "tmpfs", "vary"}

// clausesOf are those of an item.
func clausesOf(keyword string) []string {
	switch keyword {
	case "cached":
		return []string{"for", "vary"}
	case "for":
		return []string{"where", "max"}
	case "retry":
		return []string{"every", "backoff", "max", "when"}
	case "lock":
		return []string{"latest", "reject"}
	case "require":
		return []string{"else"}
	case "approve", "allow_failure":
		return []string{"when"}
	case "run":
		return []string{"when", "on"}
	}
	return clauses
}

// trailing says that an item, which a keyword begins, should have ended.
func trailing(keyword string, t, before *lexer.Token, inGraph bool) *mistake {
	m := expected(theEndOfLine, t, before, false)
	switch kindOf(t) {
	case token.Word:
		if m.help != "" && t.Value != "else" {
			return m
		}
	case token.Comma:
		m.help = `items stand on lines of their own, or are separated by ";"`
		if slices.Contains(listed, keyword) {
			m.help = fmt.Sprintf("a list stands in brackets: %s […, …]", keyword)
		}
		return m
	default:
		return m
	}
	foreign := m.help
	m.help = didYouMean(t.Value, clausesOf(keyword))
	_, modifies := modifiers[t.Value]
	switch {
	case m.help != "":
	case everywhere()[t.Value] == "":
		m.help = foreign
	case modifies && inGraph:
		m.help = fmt.Sprintf("put it in braces: { %s … }", t.Value)
	default:
		m.help = `start a line with it, or write ";" before it`
	}
	return m
}

// nameAt is the name that the item at a place would declare: `name =`, `name :`, `let name`
// or, without its equals sign, `name op(`.
func nameAt(r *reader, from int) ast.Name {
	toks := r.toks[from:]
	i := 0
	if isWord(&toks[0], "let") && len(toks) > 1 && kindOf(&toks[1]) == token.Word {
		i = 1
	}
	if len(toks) < 3 || kindOf(&toks[i]) != token.Word {
		return ast.Name{}
	}
	switch next := &toks[i+1]; kindOf(next) {
	case token.Assign, token.Colon:
	case token.Word:
		if i == 0 && (startsLine(next) || everywhere()[toks[0].Value] != "" || !isCallLike(toks)) {
			return ast.Name{}
		}
	default:
		if i == 0 {
			return ast.Name{}
		}
	}
	return nameOf(&toks[i])
}

// syncItem moves past a broken item that starts at from: to the next line, beyond the place of the mistake, that is
// indented no deeper than the item's, to a semicolon, or to a closing brace that is not the item's own.
func syncItem(r *reader, from int, m *mistake) {
	toks := r.toks[from:]
	indent := indentOf(&toks[0])
	depth, i := 0, 0
	matched := true    // the braces do, so that a line break within them ends nothing
	missing := m.opens // its own brace has still to be counted
	for ; !toks[i].EOF(); i++ {
		t := &toks[i]
		k := kindOf(t)
		if missing && start(t) >= m.span.Start {
			missing, matched = false, false
			depth++
		}
		if m.opens && depth == 1 && k == token.RBrace && startsLine(t) && t.Pos.Column < indent {
			break // of the body around
		}
		if i > 0 && start(t) >= m.span.Start && !(matched && depth > 0) && endsBroken(t, k, depth, indent) {
			break
		}
		if k == token.LBrace {
			depth++
			matched = matched && flagsOf(t)&suspect == 0
		}
		if k == token.RBrace {
			if depth == 0 {
				break
			}
			depth--
		}
	}
	r.i = from + i
}

func endsBroken(t *lexer.Token, k token.Kind, depth, indent int) bool {
	if depth == 0 && k == token.Semicolon {
		return true
	}
	if flagsOf(t)&token.NewlineBefore == 0 || t.Pos.Column > indent || isClosing(k) && k != token.RBrace {
		return false
	}
	// the item's own brace may close here; anything else on this margin is a sibling
	return k != token.RBrace || depth == 0
}

func nameOf(t *lexer.Token) ast.Name {
	if t.Value == "" {
		return ast.Name{}
	}
	return ast.Name{Text: t.Value, At: ast.At{Range: spanOf(t)}}
}

// unknownKeyword says that a word is none of those that may stand here.
func unknownKeyword(t *lexer.Token, what string, known []string) *mistake {
	m := &mistake{rule: diag.UnknownKeyword, span: spanOf(t), message: fmt.Sprintf("unknown %s %s", what, found(t))}
	m.help = didYouMean(t.Value, known)
	return m
}

func didYouMean(word string, known []string) string {
	const longest = 40
	if len(word) > longest {
		return ""
	}
	return diag.DidYouMean(word, known)
}
