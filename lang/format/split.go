package format

import "github.com/pipelang/pipe/lang/token"

// elem is one element of a list or one item of a block, with the comments that go with it.
type elem struct {
	lead     []int // comments and documentation on lines of their own above it
	from, to int   // its tokens, comments between them included
	trail    []int // comments that end its line
}

// first is the first token, comments included.
func (e elem) first() int {
	if len(e.lead) > 0 {
		return e.lead[0]
	}
	return e.from
}

// parts of what stands between brackets, or in a file.
type parts struct {
	head  []int // comments on the line of the opening bracket
	elems []elem
	rest  []int // comments before the closing bracket
}

// splitter walks over tokens and gathers elements.
type splitter struct {
	toks []tok
	parts
	open    bool  // the last element may go on
	waiting []int // comments whose element is not known yet
}

// split takes apart the tokens from one index up to another. Elements end with a separator,
// or where the next item starts.
func split(toks []tok, from, to int) parts {
	s := &splitter{toks: toks}
	for i := from; i < to; i++ {
		switch t := &toks[i]; {
		case t.isComment():
			s.waiting = append(s.waiting, i)
		case s.separates(i, to):
			s.close()
		default:
			end := i
			if t.pair > i {
				end = t.pair
			}
			s.take(i, end+1)
			i = end
		}
	}
	s.close()
	s.rest = s.waiting
	return s.parts
}

// separates reports whether a comma or semicolon ends an element, rather than being part of
// an item such as `needs a, b`.
func (s *splitter) separates(i, to int) bool {
	t := &s.toks[i]
	if t.kind == token.Semicolon {
		return true
	}
	if t.kind != token.Comma {
		return false
	}
	if !s.open || !s.toks[s.elems[len(s.elems)-1].from].is(item) {
		return true
	}
	for i++; i < to && (s.toks[i].isComment() || s.toks[i].isSeparator()); i++ {
	}
	return i == to || s.toks[i].is(item)
}

// take adds tokens to the open element, or opens one.
func (s *splitter) take(from, to int) {
	if s.open && s.toks[from].is(item) {
		s.close()
	}
	if !s.open {
		s.settle()
		s.elems = append(s.elems, elem{lead: s.waiting, from: from})
		s.open = true
	}
	s.elems[len(s.elems)-1].to = to
	s.waiting = nil
}

// close ends the open element.
func (s *splitter) close() {
	s.settle()
	s.open = false
}

// settle gives the waiting comments that end a line to the element or bracket on it.
func (s *splitter) settle() {
	n := 0
	for n < len(s.waiting) && !s.toks[s.waiting[n]].breaks {
		n++
	}
	line := s.waiting[:n:n]
	s.waiting = s.waiting[n:]
	if len(s.elems) == 0 {
		s.head = append(s.head, line...)
		return
	}
	last := &s.elems[len(s.elems)-1]
	last.trail = append(last.trail, line...)
}
