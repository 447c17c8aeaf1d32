package lint

import (
	"slices"
	"strings"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/ast"
	shell "github.com/pipelang/pipe/lang/script"
	"github.com/pipelang/pipe/lang/source"
)

// hole stands in a script for a value that pipe puts in, of which nothing is known.
const hole = "${x}"

// pasting puts together a script that values are put into.
type pasting struct {
	file   *source.File
	text   strings.Builder
	places []int32 // of each byte; nil once one is not known
	pasted []source.Span
	end    int32
}

// pastedScript is the script that an exec hands to a shell, where values stand in it: exec ["sh", "-c", "make ${target}"].
func (p *pass) pastedScript(o *check.Op, h shell.Handing) (*script, bool) {
	l, ok := ast.Unparen(attr(o.Items, "exec").Value).(*ast.ListLit)
	if !ok {
		return nil, false
	}
	t := &pasting{file: o.File.Source, places: []int32{}}
	rest := l.Elems
	for i, word := range h.Words {
		at := slices.IndexFunc(rest, func(e ast.ListElem) bool { return e.Value.Span() == word.At })
		if at < 0 {
			return nil, false
		}
		value := rest[at].Value
		rest = rest[at+1:]
		if i > 0 {
			t.add(" ", []int32{t.end})
		}
		t.word(ast.Unparen(value))
	}
	if t.places != nil {
		t.places = append(t.places, t.end)
	}
	first, last := h.Words[0].At, h.Words[len(h.Words)-1].At
	s := &script{file: t.file, src: &ast.Script{Text: t.text.String()}, dialect: h.Dialect, elsewhere: h.Elsewhere, places: t.places, pasted: t.pasted}
	s.src.Range = first.Join(last)
	s.read = p.options.Scripts.ReadAs(s.src.Text, h.Dialect, h.Options)
	return s, true
}

func (t *pasting) word(x ast.Expr) {
	switch x := x.(type) {
	case *ast.StringLit:
		places := unescaped(t.file, x.Range, x.Value)
		t.end = x.Range.End - 1
		t.add(x.Value, places[:max(len(places)-1, 0)])
	case *ast.Interpolation:
		for _, part := range x.Parts {
			if s, literal := part.(*ast.StringLit); literal {
				places := unescapedFrom(s.Text, s.Range.Start, 0, s.Value)
				t.end = s.Range.End
				t.add(s.Value, places[:max(len(places)-1, 0)])
			} else {
				t.hole(part.Span())
			}
		}
	default:
		t.hole(x.Span())
	}
}

// add takes in text with the places of its bytes, which may not be known.
func (t *pasting) add(text string, places []int32) {
	t.text.WriteString(text)
	if len(places) != len(text) {
		t.places = nil
	}
	if t.places != nil {
		t.places = append(t.places, places...)
	}
}

func (t *pasting) hole(at source.Span) {
	start := int32(t.text.Len())
	t.end = at.End
	t.add(hole, slices.Repeat([]int32{at.Start}, len(hole)))
	t.pasted = append(t.pasted, source.Span{Start: start, End: start + int32(len(hole))})
}

// certain says that a risk of a script does not follow from what is put into it.
func (s *script) certain(r shell.Risk) bool {
	switch r.Kind {
	case shell.LostFailure, shell.UncheckedCd, shell.RunsDownload, shell.NoTerminal, shell.LostChange:
		return true
	}
	return !slices.ContainsFunc(s.pasted, func(at source.Span) bool { return at.Start < r.At.End && r.At.Start < at.End })
}
