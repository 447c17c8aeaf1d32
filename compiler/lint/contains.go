package lint

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/format"
)

// unsoundContains finds lists that are written as a text and searched for a part of it: "main dev"
// contains "ma", too.
var unsoundContains = rule{file: func(p *pass, m *check.Module, f *ast.File) {
	if !strings.Contains(f.Source.Text, "contains") {
		return
	}
	p.inspect(f, func(n ast.Node) bool {
		c, ok := n.(*ast.Call)
		if !ok || c.Name.Text != "contains" || c.Target == nil || len(c.Args) != 1 {
			return true
		}
		list, ok := ast.Unparen(c.Target).(*ast.StringLit)
		if _, literal := ast.Unparen(c.Args[0]).(*ast.StringLit); !ok || literal {
			return true
		}
		words := strings.FieldsFunc(list.Value, func(r rune) bool { return strings.ContainsRune(" ,;|", r) })
		if len(words) < 2 {
			return true
		}
		for i, w := range words {
			words[i] = strconv.Quote(w)
		}
		asked := format.Expr(c.Args[0])
		in := fmt.Sprintf("%s in [%s]", asked, strings.Join(words, ", "))
		p.report(finding{
			rule: diag.UnsoundContains, file: f.Source, at: c.Range,
			message: fmt.Sprintf("this holds for every part of %s, an empty text included", format.Expr(list)),
			help:    "ask whether it is one of them: " + in,
			fixes: []diag.Fix{{
				Message: "write " + in, Changes: "parts of the words no longer do",
				Edits: []diag.Edit{{File: f.Source, Span: c.Range, Text: in}},
			}},
		})
		return true
	})
}}
