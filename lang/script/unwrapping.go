package script

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/pipelang/pipe/lang/source"
)

// unwrapping is what words come to when their quotes are gone, with where it stands in their script.
type unwrapping struct {
	source   string // the script
	text     strings.Builder
	places   []int32 // of each byte of the text
	end      int32
	stop     int32 // of a document, before the line that ends it
	pasted   []paste
	verbatim bool // it stands there as it is
	escapes  bool // it stands in double quotes
}

// paste is a part of a text that the shell around it puts in.
type paste struct {
	at     source.Span
	masked bool // it is the output of a command, or a number
}

func (p *unwrapping) span(at source.Span) source.Span {
	return source.Span{Start: p.places[at.Start], End: p.places[max(at.End, at.Start)]}
}

func (p *unwrapping) pastedAt(at source.Span) *paste {
	for i, x := range p.pasted {
		if x.at.Start < at.End && at.Start < x.at.End {
			return &p.pasted[i]
		}
	}
	return nil
}

// words takes in words, with a space between them; it is false where nobody can tell what one comes to.
func (p *unwrapping) words(list []*syntax.Word) bool {
	for i, word := range list {
		if i > 0 {
			p.add(" ", p.end, 0)
		}
		if !p.parts(word.Parts, noQuotes) {
			return false
		}
	}
	if len(list) == 1 && len(list[0].Parts) == 1 {
		_, p.verbatim = list[0].Parts[0].(*syntax.SglQuoted)
		_, p.escapes = list[0].Parts[0].(*syntax.DblQuoted)
	}
	return true
}

// quoting is what stands around a part of a word, which says what a backslash does.
type quoting uint8

const (
	noQuotes quoting = iota
	inDouble
	inDocument
	inTabbed // a document whose lines lose the tabs before them
	rawDocument
	rawTabbed
)

// document takes in what follows <<.
func (p *unwrapping) document(r *syntax.Redirect) bool {
	at := spanOf(r.Word)
	q := inDocument
	if strings.ContainsAny(p.source[at.Start:at.End], `'"\`) {
		q, p.verbatim = rawDocument, true
	}
	if r.Op == syntax.DashHdoc {
		q++
	}
	p.stop = spanOf(r.Hdoc).End
	if end, _ := literal(r.Word.Parts); strings.HasSuffix(p.source[:p.stop], end) { // the line that ends it
		p.stop -= int32(len(end))
	}
	return p.parts(r.Hdoc.Parts, q)
}

func (p *unwrapping) parts(parts []syntax.WordPart, q quoting) bool {
	for _, part := range parts {
		at := spanOf(part)
		raw := p.source[at.Start:at.End]
		switch part := part.(type) {
		case *syntax.Lit:
			if p.stop > 0 {
				raw = raw[:max(min(p.stop, at.End)-at.Start, 0)]
			}
			p.literal(raw, at.Start, q)
		case *syntax.SglQuoted:
			if part.Dollar && strings.Contains(raw, `\`) {
				return false
			}
			inner := at.Start + int32(strings.IndexByte(raw, '\'')) + 1
			p.add(p.source[inner:at.End-1], inner, 1)
			p.end = at.End - 1
		case *syntax.DblQuoted:
			if !p.parts(part.Parts, inDouble) {
				return false
			}
			p.end = max(p.end, at.End-1)
		case *syntax.ParamExp:
			p.paste(raw, at, false)
		default:
			p.paste(masked(raw), at, true)
		}
	}
	return true
}

// masked stands for what is not known before it runs: an expansion of the same length.
func masked(raw string) string {
	if len(raw) < len("${x}") {
		return "$" + strings.Repeat("x", max(len(raw)-1, 1))
	}
	return "${" + strings.Repeat("x", len(raw)-len("${}")) + "}"
}

func (p *unwrapping) paste(text string, at source.Span, masked bool) {
	start := int32(p.text.Len())
	p.add(text, at.Start, 1)
	p.end = at.End
	p.pasted = append(p.pasted, paste{source.Span{Start: start, End: int32(p.text.Len())}, masked})
}

// literal takes in text whose backslashes the shell reads.
func (p *unwrapping) literal(text string, at int32, q quoting) {
	plain := 0
	for i := 0; i < len(text); i++ {
		skip := 0
		switch {
		case text[i] == '\\' && i+1 < len(text) && drops(q, text[i+1]):
			if skip = 1; text[i+1] == '\n' {
				skip = 2
			}
		case text[i] == '\t' && (q == inTabbed || q == rawTabbed) && (at == 0 || i == 0 && p.source[at-1] == '\n' || i > 0 && text[i-1] == '\n'):
			for skip = 1; i+skip < len(text) && text[i+skip] == '\t'; {
				skip++
			}
		default:
			continue
		}
		p.add(text[plain:i], at+int32(plain), 1)
		if text[i] == '\\' && skip == 1 { // a place is where the backslash stands
			p.add(text[i+1:i+2], at+int32(i), 1)
			i++
			plain = i + 1
			continue
		}
		plain = i + skip
		i += skip - 1
	}
	p.add(text[plain:], at+int32(plain), 1)
	p.end = at + int32(len(text))
}

// drops says that a backslash is gone before a byte.
func drops(q quoting, next byte) bool {
	switch q {
	case noQuotes:
		return true
	case inDouble:
		return strings.IndexByte("$`\"\\\n", next) >= 0
	case inDocument, inTabbed:
		return strings.IndexByte("$`\\\n", next) >= 0
	}
	return false
}

// add takes in text that stands at a place, each byte a step further.
func (p *unwrapping) add(text string, at, step int32) {
	p.text.WriteString(text)
	for i := range len(text) {
		p.places = append(p.places, at+int32(i)*step)
	}
	p.end = at + int32(len(text))*step
}
