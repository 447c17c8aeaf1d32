package check

import (
	"fmt"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/types"
)

// spelledDefault refuses to write the default of a secret into the file: the plan holds the
// defaults of parameters and fields. Those of settings it does not hold.
func (f *file) spelledDefault(x *ast.Field, t *types.Type, what string) {
	if x.Default == nil || what == "setting" || t.DeepLabels()&types.Secret == 0 {
		return
	}
	if lit := spelled(x.Default, t); lit != nil {
		f.report(finding{
			rule: diag.SecretLeak, at: lit.Span(), message: fmt.Sprintf("the default of secret %s %q cannot be written out: the plan would hold it", what, x.Name.Text),
			help:    "leave the default out, or read a setting: those of settings are in no plan",
			related: []diag.Related{{File: f.src, Span: source.Span{Start: x.Name.Range.Start, End: x.Type.Span().End}, Message: what + " \"" + x.Name.Text + "\" holds a secret"}},
		})
	}
}

// spelled is the first literal that stands for a secret; "" and what is empty stand for none.
func spelled(x ast.Expr, t *types.Type) ast.Expr {
	t = t.Plain()
	x = ast.Unparen(x)
	if t.Labels&types.Secret != 0 {
		return literalIn(x)
	}
	switch x := x.(type) {
	case *ast.ListLit:
		for _, e := range x.Elems {
			if lit := spelled(e.Value, elemOf(t)); lit != nil {
				return lit
			}
		}
	case *ast.MapLit:
		for _, e := range x.Entries {
			if lit := spelled(e.Value, elemOf(t)); lit != nil {
				return lit
			}
		}
	case *ast.RecordBody:
		return spelledField(x.Fields, t)
	case *ast.RecordLit:
		return spelledField(x.Fields, t)
	}
	return nil
}

func elemOf(t *types.Type) *types.Type {
	if t.Elem == nil {
		return types.InvalidType
	}
	return t.Elem
}

func spelledField(fields []ast.RecordField, t *types.Type) ast.Expr {
	for _, x := range fields {
		if f, ok := t.Field(x.Name.Text); ok {
			if lit := spelled(x.Value, f.Type); lit != nil {
				return lit
			}
		}
	}
	return nil
}

// literalIn is the first literal of an expression that reads nothing.
func literalIn(x ast.Expr) (found ast.Expr) {
	if len(expr.Refs(x)) > 0 {
		return nil
	}
	ast.Inspect(x, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.StringLit:
			if found == nil && n.Value != "" {
				found = n
			}
		case *ast.IntLit, *ast.FloatLit, *ast.DurationLit, *ast.SizeLit, *ast.BytesLit:
			if found == nil {
				found = n.(ast.Expr)
			}
		}
		return found == nil
	})
	return found
}
