package check

import (
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/types"
)

// bareText is what names of images, networks, users, locks and folders look like without quotes.
var bareText = lazily(`^[a-z0-9][A-Za-z0-9._/-]*$`)

// unquoted checks a value that other languages write without quotes: one of which no name is known, and no
// name is near, is text.
func (e exprs) unquoted(x ast.Expr, word string, check func(exprs) *types.Type) *types.Type {
	var found diag.List
	own := e.diags
	e.diags = &found
	t := check(e)
	text, unknown := e.file.src.Slice(x.Span()), found.Len() > 0
	found.Each(func(d *diag.Diagnostic) { unknown = unknown && d.Rule == diag.UnknownName && d.Help == "" })
	if !unknown || !bareText().MatchString(text) {
		own.Append(&found)
		return t
	}
	quoted := `"` + text + `"`
	written := word + " " + quoted
	if word == "mount" {
		written = "mount { " + quoted + " = … }"
	}
	e.file.reportTo(own, finding{
		rule: diag.UnknownName, at: x.Span(), message: "unknown name " + quoted, help: "text stands in quotes: " + written,
		fixes: []diag.Fix{{Message: "put it into quotes", Obvious: true, Edits: []diag.Edit{{File: e.file.src, Span: x.Span(), Text: quoted}}}},
	})
	return t
}
