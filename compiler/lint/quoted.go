package lint

import (
	"fmt"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
)

// singleQuotes finds variables that the op gives its script and that stand as text in single quotes.
var singleQuotes = rule{alone: true, script: func(p *pass, o *check.Op, s *script) {
	if len(s.read.Literal) == 0 {
		return
	}
	known := variables(o)
	for _, q := range s.read.Literal {
		for _, name := range q.Names {
			if !known[name] {
				continue
			}
			f := finding{
				rule: diag.SingleQuoted, file: s.file, at: s.span(q.At),
				message: fmt.Sprintf("$%s stays as it is written: nothing is put in between single quotes", name),
				help:    "double quotes put the value in",
			}
			if q.Plain {
				first, last := source.Span{Start: q.At.Start, End: q.At.Start + 1}, source.Span{Start: q.At.End - 1, End: q.At.End}
				f.fixes = []diag.Fix{{Message: "use double quotes", Changes: "the value stands there then", Edits: []diag.Edit{
					{File: s.file, Span: s.span(first), Text: `"`}, {File: s.file, Span: s.span(last), Text: `"`},
				}}}
			}
			p.report(f)
			break
		}
	}
}}
