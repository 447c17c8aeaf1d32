package parser

import (
	"strings"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
)

// Again reads a file of which an earlier form is known: its tree, of whose text nothing was reported. Where
// one change lies within one declaration, or within one item of an op, a pipeline or a step, that part alone is read,
// and the rest of the tree is taken over or moved. Both the tree and what is reported are those of Parse, which has the word
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

// within says that an edit lies in a place or at its end, and leaves its first byte as it is.
func (e edit) within(at source.Span) bool { return at.Start < e.start && e.end <= at.End }

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
		part, comments := e.decl(f, before.Source.Text, d)
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

// decl reads an edited declaration: one item of it where the edit is within one, the whole of it otherwise.
func (e edit) decl(f *source.File, old string, d ast.Decl) (ast.Decl, fresh) {
	switch d := d.(type) {
	case *ast.Pipeline:
		if i := e.among(d.Items); i >= 0 {
			items, c := e.items(f, old, d.Items, i, inPipeline)
			if items == nil {
				return nil, c // most likely something is wrong with it, which Parse has to say
			}
			out := *d
			out.Range.End, out.Items = out.Range.End+e.by, items
			return &out, c
		}
	case *ast.Op:
		if i := e.among(d.Items); i >= 0 {
			if items, c := e.items(f, old, d.Items, i, inOp); items != nil {
				out := *d
				out.Range.End, out.Items = out.Range.End+e.by, items
				return &out, c
			}
		}
	}
	w, ok := e.window(f.Text, old, d)
	if !ok || len(w.part.Decls) != 2 || w.part.Decls[1].Span() != w.wanted {
		return nil, fresh{}
	}
	return ast.Moved(w.part.Decls[1], w.by), w.fresh()
}

// window is a part of a file that was read by itself.
type window struct {
	part   *ast.File
	wanted source.Span // where the node has to stand in it
	by     int32       // from there to its place in the file
	was    source.Span // what it replaces, documentation included
}

func (w window) fresh() fresh { return fresh{ast.MovedComments(w.part.Comments, w.by), w.was} }

// behind is what stands before a declaration that is read by itself, since the documentation of the first one may be
// the file's.
const behind = "use \"x\"\n"

// window reads the lines of an edited declaration by themselves. It fails where anything is wrong with them.
func (e edit) window(text, old string, d ast.Decl) (window, bool) {
	was, ok := lines(old, d)
	if !ok {
		return window{}, false
	}
	var said diag.List
	at := d.Span()
	w := window{by: was.Start - int32(len(behind)), was: was}
	w.wanted = source.Span{Start: at.Start - w.by, End: at.End + e.by - w.by}
	w.part = Parse(&source.File{Text: behind + text[was.Start:was.End+e.by] + "\n"}, &said)
	return w, said.Len() == 0
}

// lines are those of a node with its documentation, from the head of the first to the end of the node. There are none
// where something else than a remark stands on them, which could become a piece of the node.
func lines(text string, n ast.Node) (source.Span, bool) {
	at := n.Span()
	first := at.Start
	if d := ast.DocOf(n); d != nil {
		first = d.Range.Start
	}
	line := int32(strings.LastIndexByte(text[:first], '\n') + 1)
	alone := blank(text[line:first]) && blank(text[strings.LastIndexByte(text[:at.Start], '\n')+1:at.Start]) && lineEnds(text[at.End:])
	return source.Span{Start: line, End: at.End}, alone
}

// lineEnds says that nothing or a remark, apart from what stands before it, is left of a line that is not the last.
func lineEnds(text string) bool {
	line, _, more := strings.Cut(text, "\n")
	rest := strings.TrimLeft(line, " \t")
	return more && (rest == "" || rest == "\r" || len(rest) < len(line) && strings.HasPrefix(rest, "//"))
}

func blank(s string) bool { return strings.Trim(s, " \t") == "" }
