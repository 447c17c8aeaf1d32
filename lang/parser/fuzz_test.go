package parser_test

import (
	"path/filepath"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/parser"
	"github.com/pipelang/pipe/lang/source"
)

// FuzzParse reads anything: no panic, and every node lies within its parent.
func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("../../testdata/parse/*.txtar")
	for _, name := range files {
		if a, err := txtar.ParseFile(name); err == nil {
			f.Add(section(a, "input.pipe"))
		}
	}
	f.Add(sample)
	f.Fuzz(func(t *testing.T, text string) { checkSpans(t, text) })
}

// FuzzParseExpr reads anything as an expression: no panic, and what cannot be read is reported once.
func FuzzParseExpr(f *testing.F) {
	for _, seed := range []string{"a + b.c[0]", `"x ${y} z"`, "{a: 1}", "X{a: 1}", "a ? b : c", "!-a", "10m + 5GiB", "[?a,]", "f(", "a.`b`"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		file := source.NewFile("x", text)
		var diags diag.List
		if x := parser.ParseExpr(file, &diags); x == nil {
			t.Fatal("no expression")
		}
		var more diag.List
		parser.ParseValue(file, &more)
		if diags.Len() > 1 {
			t.Errorf("%d diagnostics for one expression: %s", diags.Len(), messages(file, &diags))
		}
	})
}
