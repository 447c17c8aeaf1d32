// Package format prints pipe in its one canonical form: comments keep their place, and
// formatting a second time changes nothing. It knows no types and reads no files.
//
// A file is printed from its own tokens, which the tree only marks: what a brace opens, where
// an item starts, which minus is a sign. So nothing that was written can get lost, and what
// may change is white space, the separators between items, and a list's last comma.
package format

import (
	"strings"

	"github.com/pipelang/pipe/lang/ast"
)

const (
	// maxWidth is the line that lists are broken to keep to, in characters.
	maxWidth = 100
	// indentation of one level.
	indentation = "  "
)

// File is the canonical text of a file that was read without syntax errors. One that holds
// Bad nodes comes back as it is, but do not count on it: what a mistake made the parser skip
// may leave no node. Line breaks are "\n", and a text that is not empty ends with one.
func File(f *ast.File) string {
	toks, ok := scan(f)
	if !ok {
		return f.Source.Text
	}
	var b strings.Builder
	parts := split(toks, 0, len(toks)-1)
	if len(parts.elems) > 0 {
		// what stands behind a semicolon at the head of the file
		parts.elems[0].lead = append(parts.head, parts.elems[0].lead...)
		parts.head = nil
	}
	above := false // whether the declaration above takes several lines
	for i, e := range parts.elems {
		text, long := declaration(toks, e)
		if i > 0 && (above || long) && !apart(toks, e) || i > 0 && toks[e.first()].blank {
			b.WriteByte('\n')
		}
		b.WriteString(text + "\n")
		above = long
	}
	b.WriteString(remaining(toks, parts))
	return b.String()
}

// declaration prints one declaration with the comments that belong to it, and says whether
// it takes several lines itself.
func declaration(toks []tok, e elem) (text string, long bool) {
	p := &printer{toks: toks, fresh: true}
	for n, i := range e.lead {
		p.start(i, 0, n == 0)
		p.comment(i)
	}
	p.start(e.from, 0, len(e.lead) == 0)
	before := p.Len()
	p.run(e.from, e.to, 0, 0)
	long = strings.Contains(p.String()[before:], "\n")
	p.trail(e.trail, 0)
	return p.String(), long
}

// remaining are the comments after the last declaration, or in a file without any.
func remaining(toks []tok, parts parts) string {
	p := &printer{toks: toks, fresh: true}
	for n, i := range append(parts.head, parts.rest...) {
		if n == 0 && len(parts.elems) > 0 && toks[i].blank {
			p.WriteByte('\n')
		}
		p.start(i, 0, n == 0)
		p.comment(i)
	}
	if p.Len() > 0 {
		p.WriteByte('\n')
	}
	return p.String()
}

// apart reports whether a blank line stands anywhere between a declaration and the one above.
func apart(toks []tok, e elem) bool {
	for _, i := range e.lead {
		if toks[i].blank {
			return true
		}
	}
	return toks[e.from].blank
}
