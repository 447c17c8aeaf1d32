package script

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/pipelang/pipe/lang/source"
)

// strayLocal looks whether a declaration with local, the word, stands outside of functions, and says whether it told so.
func (w *walker) strayLocal(declaration syntax.Node, word source.Span, c context) bool {
	if w.functions > 0 {
		return false
	}
	r := Risk{
		Kind: StrayLocal, At: word, Maybe: c.branch || !w.errexit(c),
		Message: "local stands outside of a function, where the shell refuses it, and the variable gets no value",
		Help:    "assign without local: a script's variables end with the script",
	}
	if r.Edits = w.withoutLocal(declaration, word); r.Edits != nil {
		r.FixMessage = "leave local out"
	}
	w.risk(r)
	return true
}

// withoutLocal makes a declaration with local assignments; nothing where it has options or names without a value.
func (w *walker) withoutLocal(declaration syntax.Node, word source.Span) []Edit {
	assigns := 0
	switch d := declaration.(type) {
	case *syntax.DeclClause:
		for _, a := range d.Args {
			if a.Name == nil || a.Naked {
				return nil
			}
			assigns++
		}
	case *syntax.CallExpr:
		for _, a := range d.Args[1:] {
			if l, ok := a.Parts[0].(*syntax.Lit); !ok || !isAssignment(l.Value) {
				return nil
			}
			assigns++
		}
	}
	if assigns == 0 || !strings.HasPrefix(w.text[word.Start:], "local ") {
		return nil
	}
	word.End++
	return []Edit{{word, ""}}
}
