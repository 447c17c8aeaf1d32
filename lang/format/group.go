package format

import (
	"strings"
	"unicode/utf8"
)

// group prints what stands between the bracket at i and its partner, on one line if the
// author had it so and it fits, else one element a line.
func (p *printer) group(i, limit, base, tail int) {
	t := &p.toks[i]
	p.text(t.text)
	in := split(p.toks, i+1, t.pair)
	switch {
	case len(in.elems)+len(in.head)+len(in.rest) == 0:
		p.text(p.toks[t.pair].text)
	case p.mustBreak(i, in) || !p.fits(i, limit, tail):
		p.broken(i, in, base)
	default:
		p.flat(i, in, base)
	}
}

func (p *printer) flat(i int, in parts, base int) {
	t := &p.toks[i]
	pad := choose(t.is(block|padded), " ", "")
	separator := choose(t.is(block) && !t.is(fields), "; ", ", ")
	p.text(pad)
	for n, e := range in.elems {
		if n > 0 {
			p.text(separator)
		}
		p.run(e.from, e.to, base, 0)
	}
	p.text(pad + p.toks[t.pair].text)
}

// broken prints one element a line: a list one level deeper than the line that it opens on,
// a block one deeper than its item.
func (p *printer) broken(i int, in parts, base int) {
	t := &p.toks[i]
	outer := p.indent
	if t.is(block) {
		outer = base
	}
	p.trail(in.head, outer+1)
	first := true
	for n, e := range in.elems {
		for _, c := range e.lead {
			p.start(c, outer+1, first)
			p.comment(c)
			first = false
		}
		p.start(e.from, outer+1, first)
		first = false
		comma := !t.is(block) && (n < len(in.elems)-1 || t.is(trailing))
		p.element(e, outer+1, comma)
	}
	for _, c := range in.rest {
		p.start(c, outer+1, first)
		p.comment(c)
		first = false
	}
	p.newline(outer)
	p.text(p.toks[t.pair].text)
}

// element prints one element of a broken group, its comma, and the comments that end its line.
func (p *printer) element(e elem, base int, comma bool) {
	if !comma {
		p.run(e.from, e.to, base, 0)
	} else {
		p.run(e.from, e.to, base, 1)
		p.text(",")
	}
	p.trail(e.trail, base)
}

// mustBreak reports whether the author broke a group, or whether it holds what cannot stand on one line.
func (p *printer) mustBreak(i int, in parts) bool {
	t := &p.toks[i]
	if t.is(block) {
		return p.anyBreak(i)
	}
	if len(in.head)+len(in.rest) > 0 || p.toks[t.pair].breaks {
		return true
	}
	for _, e := range in.elems {
		if len(e.lead)+len(e.trail) > 0 || p.toks[e.from].breaks || p.runBreaks(e, t.isList()) {
			return true
		}
	}
	return false
}

// anyBreak reports whether a line break stands anywhere between the brackets.
func (p *printer) anyBreak(i int) bool {
	for j := i + 1; j <= p.toks[i].pair; j++ {
		if t := &p.toks[j]; t.breaks || t.isComment() || t.multiline() {
			return true
		}
	}
	return false
}

// runBreaks reports whether an element has comments within or, in a list, lines of its own.
func (p *printer) runBreaks(e elem, list bool) bool {
	for j := e.from; j < e.to; j++ {
		t := &p.toks[j]
		if t.isComment() || list && j > e.from && p.keepsBreak(j) {
			return true
		}
		if t.pair > j {
			j = t.pair
		}
	}
	return false
}

// fits reports whether the group at i, whose bracket is written, has room on the current line,
// together with what follows it up to where the line could be broken next. Nothing at or
// after limit counts, but tail does.
func (p *printer) fits(i, limit, tail int) bool {
	width, end := p.column, p.toks[i].pair
	for j := i + 1; j < limit && width <= maxWidth; j++ {
		t := &p.toks[j]
		if t.isComment() || j > i+1 && p.keepsBreak(j) {
			return true
		}
		if p.optionalComma(j) {
			continue
		}
		if p.spaced(j) {
			width++
		}
		first, _, more := strings.Cut(t.text, "\n")
		width += utf8.RuneCountInString(first)
		if more || t.opens() && p.opensBreak(j, end) {
			return width <= maxWidth
		}
	}
	return width+tail <= maxWidth
}

// opensBreak reports whether a line can end behind the bracket at j: that of a group which
// comes after the one that ends at end, or which is broken anyway. Parameters are broken
// before the record that they give is.
func (p *printer) opensBreak(j, end int) bool {
	if p.toks[j].pair == j+1 {
		return false
	}
	return j > end && !p.toks[j].is(fields) || p.mustBreak(j, split(p.toks, j+1, p.toks[j].pair))
}

// optionalComma is a separator that a flat group does without.
func (p *printer) optionalComma(j int) bool {
	next := &p.toks[j+1]
	return p.toks[j].isSeparator() && (next.closes() || next.isSeparator())
}
