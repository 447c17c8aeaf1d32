package parser

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/token"
)

// setApart takes comments and documentation out of the tokens. A block of documentation is
// kept under the offset of the token that follows it.
func (p *prepared) setApart(src string, toks []token.Token) {
	p.toks = toks[:0] // what is kept never overtakes what is read
	var block []token.Token
	for _, t := range toks {
		switch {
		case t.Kind == token.Doc && ownLine(src, t):
			if len(block) > 0 && breaks(src, block[len(block)-1].End, t.Start) > 1 {
				p.endBlock(src, block, t.Start)
				block = nil
			}
			block = append(block, t)
			continue
		case t.Kind == token.Doc || t.Kind == token.Comment:
			p.comments = append(p.comments, comment(src, t))
			continue
		}
		if len(block) > 0 {
			p.endBlock(src, block, t.Start)
			if t.Kind != token.EOF && !p.isHead(block) {
				p.docs[t.Start] = newDoc(src, block)
			}
			block = nil
		}
		p.toks = append(p.toks, t)
	}
}

// endBlock settles a block that a blank line or the end of the file follows: the first one, at the head of a file,
// is the file's; any other is a comment.
func (p *prepared) endBlock(src string, block []token.Token, next int32) {
	lastDoc := block[len(block)-1]
	apart := breaks(src, lastDoc.End, next) > 1 || int(next) == len(src)
	switch {
	case len(p.toks) == 0 && p.head == nil && apart:
		p.head = newDoc(src, block)
	case int(next) == len(src) || strings.HasPrefix(src[next:], "///"):
		for _, t := range block {
			p.comments = append(p.comments, comment(src, t))
		}
	}
}

func (p *prepared) isHead(block []token.Token) bool {
	return p.head != nil && p.head.Range.Start == block[0].Start
}

func ownLine(src string, t token.Token) bool {
	bol := strings.LastIndexByte(src[:t.Start], '\n') + 1
	return strings.TrimSpace(src[bol:t.Start]) == ""
}

// breaks counts the line breaks between two offsets, those of comments between them not.
func breaks(src string, from, to int32) int {
	n, most := 0, 0
	for _, c := range src[from:to] {
		switch c {
		case '\n':
			n++
			most = max(most, n)
		case ' ', '\t', '\r', '\f':
		default:
			n = 0
		}
	}
	return most
}

func comment(src string, t token.Token) ast.Comment {
	return ast.Comment{Text: src[t.Start:t.End], At: at(t.Start, t.End)}
}

func newDoc(src string, block []token.Token) *ast.Doc {
	lines := make([]string, len(block))
	for i, t := range block {
		line := strings.TrimPrefix(src[t.Start:t.End], "///")
		lines[i] = strings.TrimRight(strings.TrimPrefix(line, " "), " \t")
	}
	where := source.Span{Start: block[0].Start, End: block[len(block)-1].End}
	return &ast.Doc{Text: strings.Join(lines, "\n"), At: ast.At{Range: where}}
}

// doc hands out the documentation of the node that starts at an offset.
func (p *prepared) doc(start int32) *ast.Doc {
	d := p.docs[start]
	delete(p.docs, start)
	return d
}

// leftover are all comments in order, with the documentation that no node took among them.
func (p *prepared) leftover(src string) []ast.Comment {
	for _, d := range p.docs {
		p.comments = append(p.comments, docLines(src, d)...)
	}
	slices.SortFunc(p.comments, func(a, b ast.Comment) int { return cmp.Compare(a.Range.Start, b.Range.Start) })
	return p.comments
}

func docLines(src string, d *ast.Doc) []ast.Comment {
	var out []ast.Comment
	for _, t := range token.Lex(src[d.Range.Start:d.Range.End]) {
		if t.Kind == token.Doc {
			t.Start += d.Range.Start
			t.End += d.Range.Start
			out = append(out, comment(src, t))
		}
	}
	return out
}
