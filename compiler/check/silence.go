package check

import (
	"strings"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/token"
	"github.com/pipelang/pipe/lang/types"
)

// silence takes back what only follows from a text that could not be read: that nothing
// declares a name which may have been declared there, or that an op runs nothing.
func (c *checker) silence() {
	if c.diags.Len() == 0 {
		return
	}
	var w wreckage
	for _, m := range c.modules {
		for _, f := range m.files {
			w.file(f)
		}
	}
	if w.none() {
		return
	}
	told := map[string]bool{}
	c.diags.Keep(func(d diag.Diagnostic) bool {
		switch {
		case d.File == nil:
			return true
		case w.explains(d):
			return false
		case !unknown[d.Rule]:
			return true
		}
		name := d.Rule + " " + d.File.Slice(d.Span) // told once: the declaration that has lost its name may be its
		again := told[name]
		told[name] = true
		return !again
	})
}

// unknown are the rules about a name that nothing declares.
var unknown = map[string]bool{
	diag.UnknownName: true, diag.UnknownField: true, diag.UnknownOp: true, diag.UnknownType: true,
	diag.UnknownSetting: true, diag.UnknownArgument: true,
}

// wreckage is what could not be read of a program.
type wreckage struct {
	// words stand in it; heads begin a declaration or name something, where two words may have become one.
	words map[string]bool
	heads []string
	// places are where it lies.
	places map[*source.File][]source.Span
}

func (w *wreckage) none() bool { return len(w.places) == 0 }

func (w *wreckage) file(f *file) {
	ast.Inspect(f.ast, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BadDecl:
			w.add(f.src, n.Range)
			head, _, _ := strings.Cut(f.src.Slice(n.Range), "\n")
			w.heads = append(w.heads, words(head)...)
		case *ast.BadItem, *ast.BadExpr, *ast.BadType:
			w.add(f.src, n.Span())
		case *ast.Field:
			if n.Bad {
				w.add(f.src, n.Range)
				w.heads = append(w.heads, n.Name.Text)
			}
		case *ast.Step:
			if n.Bad {
				w.add(f.src, n.Range)
				w.heads = append(w.heads, n.Name.Text)
			}
		case *ast.Assign:
			if n.Bad {
				w.add(f.src, n.Range)
			}
		}
		return true
	})
}

func (w *wreckage) add(f *source.File, at source.Span) {
	if w.places == nil {
		w.places, w.words = map[*source.File][]source.Span{}, map[string]bool{}
	}
	w.places[f] = append(w.places[f], at)
	for _, word := range words(f.Slice(at)) {
		w.words[word] = true
	}
}

// words are those of a text, in scripts and strings too.
func words(text string) (out []string) {
	for _, t := range token.Lex(text) {
		if t.Kind == token.Word {
			out = append(out, text[t.Start:t.End])
		}
	}
	return out
}

// explains says that a finding may well have no other reason.
func (w *wreckage) explains(d diag.Diagnostic) bool {
	switch {
	case unknown[d.Rule]:
		return w.mayDeclare(d.File.Slice(d.Span))
	case d.Rule == diag.MissingField: // of a record in which an entry is lost, or whose type has lost its marks
		return w.holds(d.File, d.Span) || strings.Contains(d.Message, ": "+types.InvalidType.String())
	}
	return false
}

// mayDeclare says that a name may be declared in what could not be read.
func (w *wreckage) mayDeclare(name string) bool {
	if w.words[name] {
		return true
	}
	const glued = 3 // letters that a name needs to be told in a longer word
	for _, head := range w.heads {
		if len(name) >= glued && (strings.HasPrefix(head, name) || strings.HasSuffix(head, name)) {
			return true
		}
	}
	return false
}

// holds says that something within a place could not be read.
func (w *wreckage) holds(f *source.File, at source.Span) bool {
	for _, s := range w.places[f] {
		if s.Start < at.End && at.Start < s.End {
			return true
		}
	}
	return false
}
