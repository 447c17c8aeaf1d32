package parser

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/token"
)

// among is which of some items an edit lies within, -1 where it lies in none.
func (e edit) among(items []ast.Item) int {
	return slices.IndexFunc(items, func(it ast.Item) bool { return e.within(it.Span()) })
}

// items are those of a body after an edit of one of them; nil where that cannot be read by itself.
func (e edit) items(f *source.File, old string, items []ast.Item, i int, s setting) ([]ast.Item, fresh) {
	it, c := e.item(f, old, items[i], s)
	if it == nil {
		return nil, c
	}
	out := make([]ast.Item, len(items))
	copy(out, items[:i])
	out[i] = it
	for j := i + 1; j < len(items); j++ {
		out[j] = ast.MovedItem(items[j], e.by)
	}
	return out, c
}

// item reads an edited item: one of a step's own items where the edit is within one, the whole of it otherwise.
func (e edit) item(f *source.File, old string, it ast.Item, s setting) (ast.Item, fresh) {
	if step, ok := it.(*ast.Step); ok {
		if i := e.among(step.Items); i >= 0 {
			body := inCall
			if step.Inline {
				body = inInline
			}
			if items, c := e.items(f, old, step.Items, i, body); items != nil {
				out := *step
				out.Range.End, out.Items = out.Range.End+e.by, items
				return &out, c
			}
		}
	}
	return e.read(f, old, it, s)
}

// setting is where an item stands.
type setting struct {
	body *place
	deep int // brackets that are open there
}

var (
	inPipeline = setting{pipelinePlace, 1}
	inOp       = setting{opPlace, 1}
	inInline   = setting{inlinePlace, 2}
	inCall     = setting{stepPlace, 2}
)

// read reads the lines of an edited item as if the item were all that stands in its body; nil where anything is wrong
// with them, or where they are no longer that item and nothing else.
func (e edit) read(f *source.File, old string, it ast.Item, s setting) (ast.Item, fresh) {
	was, ok := lines(old, it)
	text := f.Slice(source.Span{Start: was.Start, End: was.End + e.by})
	if !ok || strings.IndexByte(text, 0) >= 0 || !utf8.ValidString(text) {
		return nil, fresh{}
	}
	if mayDeclare(text) || mayDeclare(old[was.Start:was.End]) {
		return nil, fresh{} // what stands behind it is read otherwise where a declaration seems to begin
	}
	var said diag.List
	part := &source.File{Name: f.Name, Text: strings.Clone(text)} // whose names do not keep the whole text
	p := prepare(part, token.Lex(part.Text), s.deep, &said)
	if p.head != nil || len(p.toks) == 1 {
		return nil, fresh{} // documentation that is the file's where nothing stands before it
	}
	r := &reader{toks: newStream(part.Text, p.toks, 0).all()}
	var b body
	b.item(r, s.body)
	b.take(r, 0)
	l := &lowerer{prepared: p, source: part, diags: &said}
	if b.entries[0].err != nil || !r.peek().EOF() {
		return nil, fresh{}
	}
	out := ast.MovedItem(l.entry(&b.entries[0]), was.Start)
	if said.Len() > 0 || out.Span() != (source.Span{Start: it.Span().Start, End: was.End + e.by}) {
		return nil, fresh{}
	}
	return out, fresh{ast.MovedComments(p.leftover(part.Text), was.Start), was}
}

// mayDeclare says that a line begins with a word that may start a declaration.
func mayDeclare(text string) bool {
	for line := range strings.Lines(text) {
		end := 0
		for end < len(line) && 'a' <= line[end] && line[end] <= 'z' {
			end++
		}
		if end > 0 && token.StartsDeclaration(line[:end]) {
			return true
		}
	}
	return false
}
