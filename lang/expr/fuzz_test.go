package expr

import (
	"context"
	"errors"
	"testing"

	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/types"
)

// FuzzExpr holds that no text makes a check, a compilation or an evaluation panic, that what is
// found lies within the text, and that what has been checked compiles and evaluates without surprises.
func FuzzExpr(f *testing.F) {
	for _, c := range checks {
		f.Add(c.text)
	}
	scope := checkScope()
	f.Fuzz(func(t *testing.T, text string) {
		x, err := Parse(text)
		if err != nil {
			return
		}
		Refs(x)
		var ds diag.List
		file := source.NewFile("fuzz", text)
		typ := Check(x, scope, Options{File: file, Diags: &ds})
		for _, d := range ds.Sorted() {
			if d.Span.Start < 0 || int(d.Span.End) > len(text) || d.Span.Start > d.Span.End || d.Message == "" {
				t.Fatalf("%q: %+v", text, d)
			}
		}
		report, _ := scope.lookupRecord("Report")
		p, err := Compile(x, CompileOptions{Records: map[string]*types.Type{"Report": report, "ci.Report": report}})
		if err != nil {
			if ds.Len() == 0 && typ.Kind != types.Invalid {
				t.Fatalf("%q is %s, but: %v", text, typ, err)
			}
			return
		}
		_, err = p.Eval(context.Background(), testInput())
		var bad *EvalError
		var unknown *UnknownError
		if err != nil && !errors.As(err, &bad) && !errors.As(err, &unknown) {
			t.Fatalf("%q: %v", text, err)
		}
	})
}
