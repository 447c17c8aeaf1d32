package parser_test

import (
	"testing"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/parser"
	"github.com/pipelang/pipe/lang/source"
)

// checkSpans parses a text and checks that every node lies in the file and within its parent.
func checkSpans(t *testing.T, text string) (*ast.File, *diag.List) {
	t.Helper()
	f := source.NewFile("input.pipe", text)
	var diags diag.List
	tree := parser.Parse(f, &diags)
	ast.Walk(nesting{t, f, tree}, tree)
	for _, d := range diags.Sorted() {
		if d.Span.Start < 0 || d.Span.End < d.Span.Start || int(d.Span.End) > len(f.Text) || d.Message == "" || d.Rule == "" {
			t.Errorf("diagnostic out of place: %v %s: %s", d.Span, d.Rule, d.Message)
		}
	}
	return tree, &diags
}

// nesting is a visitor that knows the parent.
type nesting struct {
	t      *testing.T
	file   *source.File
	parent ast.Node
}

func (v nesting) Visit(n ast.Node) ast.Visitor {
	outer, inner := v.parent.Span(), n.Span()
	if inner.Start > inner.End || !outer.Contains(inner) {
		v.t.Errorf("%T %v is not within %T %v", n, inner, v.parent, outer)
		return nil
	}
	v.parent = n
	return v
}
