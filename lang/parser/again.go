package parser

import (
	"strings"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
)

// Again reads a file of which an earlier form is known: its tree, of whose text nothing was reported. Where
// one change lies within one declaration, or within one item of a pipeline, that part alone is read, and the rest
// of the tree is taken over or moved. Both the tree and what is reported are those of Parse, which has the word
// on everything else. before may be nil, and is not changed.
func Again(f *source.File, before *ast.File, diags *diag.List) *ast.File {
	if before != nil && before.Source.Name == f.Name {
		if out := edited(f, before); out != nil {
			return out
		}
	}
	return Parse(f, diags)
}

// edit is what became of a text: old[start:end] was replaced, and the text behind it moved by some bytes.
type edit struct {
	start, end, by int32
}

// changed finds the edit between two texts; nothing was replaced when they are the same.
func changed(old, text string) edit {
	n := min(len(old), len(text))
	start := 0
	for start+64 <= n && old[start:start+64] == text[start:start+64] {
		start += 64
	}
	for start < n && old[start] == text[start] {
		start++
	}
	tail := 0
	for start+tail+64 <= n && old[len(old)-tail-64:len(old)-tail] == text[len(text)-tail-64:len(text)-tail] {
		tail += 64
	}
	for start+tail < n && old[len(old)-tail-1] == text[len(text)-tail-1] {
		tail++
	}
	return edit{start: int32(start), end: int32(len(old) - tail), by: int32(len(text) - len(old))}
}

// within says that an edit leaves the first and the last byte of a place as they are.
func (e edit) within(at source.Span) bool { return at.Start < e.start && e.end < at.End }

// edited is the tree of a file after one edit within a part of it; nil where the whole has to be read.
func edited(f *source.File, before *ast.File) *ast.File {
	e := changed(before.Source.Text, f.Text)
	if e.start == e.end && e.by == 0 {
		return &ast.File{Source: f, Doc: before.Doc, Decls: before.Decls, Comments: before.Comments}
	}
	for i, d := range before.Decls {
		if !e.within(d.Span()) {
			continue
		}
		part, comments := e.decl(f.Text, before.Source.Text, d)
		if part == nil {
			return nil
		}
		out := &ast.File{Source: f, Doc: before.Doc, Decls: make([]ast.Decl, len(before.Decls))}
		copy(out.Decls, before.Decls[:i])
		out.Decls[i] = part
		for j := i + 1; j < len(before.Decls); j++ {
			out.Decls[j] = ast.Moved(before.Decls[j], e.by)
		}
		out.Comments = comments.among(before.Comments, e.by)
		return out
	}
	return nil
}

// fresh are the comments of the part that was read, in place of those that stood there.
type fresh struct {
	list []ast.Comment
	at   source.Span // the part as it was
}

func (c fresh) among(old []ast.Comment, by int32) []ast.Comment {
	var out []ast.Comment
	i := 0
	for ; i < len(old) && old[i].Range.Start < c.at.Start; i++ {
		out = append(out, old[i])
	}
	out = append(out, c.list...)
	for ; i < len(old) && old[i].Range.Start < c.at.End; i++ {
	}
	return append(out, ast.MovedComments(old[i:], by)...)
}

// decl reads an edited declaration: one item of it where that is a pipeline's, the whole of it otherwise.
func (e edit) decl(text, old string, d ast.Decl) (ast.Decl, fresh) {
	if p, ok := d.(*ast.Pipeline); ok {
		for i, it := range p.Items {
			if e.within(it.Span()) {
				return e.item(text, old, p, i)
			}
		}
	}
	w, ok := e.window(text, old, d, behind)
	if !ok || len(w.part.Decls) != 2 || w.part.Decls[1].Span() != w.wanted {
		return nil, fresh{}
	}
	return ast.Moved(w.part.Decls[1], w.by), w.fresh()
}

// item reads an edited item of a pipeline.
func (e edit) item(text, old string, p *ast.Pipeline, i int) (ast.Decl, fresh) {
	w, ok := e.window(text, old, p.Items[i], inside)
	if !ok || len(w.part.Decls) != 1 {
		return nil, fresh{}
	}
	q, ok := w.part.Decls[0].(*ast.Pipeline)
	if !ok || len(q.Items) != 1 || q.Items[0].Span() != w.wanted {
		return nil, fresh{}
	}
	out := *p
	out.Range.End += e.by
	out.Items = make([]ast.Item, len(p.Items))
	copy(out.Items, p.Items[:i])
	out.Items[i] = ast.MovedItem(q.Items[0], w.by)
	for j := i + 1; j < len(p.Items); j++ {
		out.Items[j] = ast.MovedItem(p.Items[j], e.by)
	}
	return &out, w.fresh()
}

// setting is what stands around a part that is read by itself, as in a whole file.
type setting struct{ head, tail string }

var (
	// behind another declaration, since the documentation of the first one may be the file's.
	behind = setting{"use \"x\"\n", "\n"}
	inside = setting{"pipeline x() {\n", "\n}\n"}
)

// window is a part of a file that was read by itself.
type window struct {
	part   *ast.File
	wanted source.Span // where the node has to stand in it
	by     int32       // from there to its place in the file
	was    source.Span // what it replaces, documentation included
}

func (w window) fresh() fresh { return fresh{ast.MovedComments(w.part.Comments, w.by), w.was} }

// window reads the lines of an edited node by themselves. It fails where anything is wrong with them, and where
// something else stands on them, which could become a piece of the node.
func (e edit) window(text, old string, n ast.Node, s setting) (window, bool) {
	at := n.Span()
	first := at.Start
	if d := ast.DocOf(n); d != nil {
		first = d.Range.Start
	}
	line := int32(strings.LastIndexByte(old[:first], '\n') + 1)
	if !blank(old[line:first]) || !blank(old[strings.LastIndexByte(old[:at.Start], '\n')+1:at.Start]) {
		return window{}, false
	}
	if int(at.End) == len(old) || old[at.End] != '\n' {
		return window{}, false
	}
	var said diag.List
	w := window{by: line - int32(len(s.head)), was: source.Span{Start: line, End: at.End}}
	w.wanted = source.Span{Start: at.Start - w.by, End: at.End + e.by - w.by}
	w.part = Parse(&source.File{Text: s.head + text[line:at.End+e.by] + s.tail}, &said)
	return w, said.Len() == 0
}

func blank(s string) bool { return strings.Trim(s, " \t") == "" }
