package format

import (
	"strings"
	"unicode/utf8"

	"github.com/pipelang/pipe/lang/token"
)

// printer writes tokens and keeps count of where it is.
type printer struct {
	strings.Builder
	toks   []tok
	indent int  // levels of the current line
	column int  // characters on the current line
	fresh  bool // nothing stands on the current line yet
	held   bool // what was written last must end its line
}

// text writes on the current line.
func (p *printer) text(s string) {
	if p.fresh {
		p.fresh = false
		p.WriteString(strings.Repeat(indentation, p.indent))
		p.column = p.indent * len(indentation)
	}
	p.WriteString(s)
	if i := strings.LastIndexByte(s, '\n'); i >= 0 {
		p.column = 0
		s = s[i+1:]
	}
	p.column += utf8.RuneCountInString(s)
}

func (p *printer) newline(indent int) {
	if !p.fresh {
		p.WriteByte('\n')
	}
	p.indent, p.fresh, p.held = indent, true, false
}

// start begins a line for token i, below the author's blank line if there is one and it is not the first.
func (p *printer) start(i, indent int, first bool) {
	p.newline(indent)
	if p.toks[i].blank && !first {
		p.WriteByte('\n')
	}
}

func (p *printer) comment(i int) {
	p.text(p.toks[i].text)
	p.held = true
}

// trail writes the comments that end the current line; of several, which stood around a
// separator, all but the first get lines of their own.
func (p *printer) trail(list []int, indent int) {
	for _, i := range list {
		if p.held {
			p.newline(indent)
		} else {
			p.text(" ")
		}
		p.comment(i)
	}
}

// run prints the tokens of one item or element. Lines that it is broken into are indented
// one level more than base. tail is the width of what will follow on its last line.
func (p *printer) run(from, to, base, tail int) {
	for i := from; i < to; i++ {
		if i > from {
			p.gap(i, base)
		}
		switch t := &p.toks[i]; {
		case t.opens():
			p.group(i, to, base, tail)
			i = t.pair
		case t.script != nil && t.script.Fenced:
			p.fence(t)
		case t.isComment():
			p.comment(i)
		default:
			p.text(t.text)
		}
	}
}

// gap is what stands between two tokens of a run.
func (p *printer) gap(i, base int) {
	t := &p.toks[i]
	switch {
	case p.held && !t.isComment() && p.toks[i-1].script != nil:
		p.held = false
		p.text(" ") // the guard of a fenced script stands behind its closing fence
	case p.held, p.keepsBreak(i), t.isComment() && t.breaks:
		p.newline(base + 1)
	case t.isComment(), p.spaced(i):
		p.text(" ")
	}
}

// keepsBreak reports whether the author broke the line before token i where that is kept:
// beside an operator or bar, before a selection, after a comma.
func (p *printer) keepsBreak(i int) bool {
	t, before := &p.toks[i], &p.toks[i-1]
	return t.breaks && !t.isComment() &&
		(t.is(operator|chain) || before.is(operator) || before.kind == token.Comma || before.kind == token.Bar || t.kind == token.Bar)
}
