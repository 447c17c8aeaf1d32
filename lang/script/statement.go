package script

import (
	"mvdan.cc/sh/v3/syntax"

	"github.com/pipelang/pipe/lang/source"
)

// EachStatement calls f with the place of each statement of a script, those within others after them, with the
// here-documents that belong to it; with none where the script cannot be read.
func EachStatement(text string, d Dialect, f func(at source.Span)) {
	if len(text) > maxSize {
		return
	}
	stmts, mistakes, ok := parse(text, d)
	if !ok || len(mistakes) > 0 {
		return
	}
	for _, s := range stmts {
		syntax.Walk(s, func(n syntax.Node) bool {
			if s, ok := n.(*syntax.Stmt); ok {
				at := spanOf(s)
				for _, r := range s.Redirs {
					if r.Hdoc != nil {
						at.End = max(at.End, spanOf(r.Hdoc).End)
					}
				}
				at.End = min(at.End, int32(len(text)))
				f(at)
			}
			return true
		})
	}
}
