package docs_test

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/parser"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

func page(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// example is a row of a function table: an expression and its value as JSON.
var example = regexp.MustCompile("(?m)^\\| `([^`]+)` \\| `([^`]+)` \\|[^|]*\\|$")

func TestFunctionTables(t *testing.T) {
	rows := example.FindAllStringSubmatch(page(t, "language.md"), -1)
	if len(rows) < 80 {
		t.Fatalf("only %d rows", len(rows))
	}
	for _, row := range rows {
		if got := evaluate(t, row[1]); got != row[2] {
			t.Errorf("%s gives %s, the table says %s", row[1], got, row[2])
		}
	}
}

func evaluate(t *testing.T, text string) string {
	t.Helper()
	var diags diag.List
	f := source.NewFile("example", text)
	x := parser.ParseExpr(f, &diags)
	expr.Check(x, expr.NewScope(0), expr.Options{File: f, Diags: &diags})
	if diags.Len() > 0 {
		t.Errorf("%s: %s", text, diags.Sorted()[0].Message)
		return ""
	}
	p, err := expr.Compile(x, expr.CompileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	v, err := p.Eval(t.Context(), expr.Input{})
	if err != nil {
		t.Errorf("%s: %v", text, err)
		return ""
	}
	json, err := value.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(json)
}

// quoted are the pieces of a page in back quotes, but for fenced blocks, cut into words.
func quoted(text string) map[string]bool {
	text = regexp.MustCompile("(?ms)^```.*?^```$").ReplaceAllString(text, "")
	words := map[string]bool{}
	for _, m := range regexp.MustCompile("``([^\n]+?)``(?:[^`]|$)|`([^`\n]+)`").FindAllStringSubmatch(text, -1) {
		for _, w := range regexp.MustCompile(`[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*`).FindAllString(m[1]+m[2], -1) {
			words[w] = true
			for _, part := range strings.Split(w, ".") {
				words[part] = true
			}
		}
	}
	return words
}

// Every keyword, type and function stands in the reference.
func TestReferenceIsComplete(t *testing.T) {
	words := quoted(page(t, "language.md"))
	for place, list := range parser.Keywords() {
		for _, w := range list {
			if !words[w] {
				t.Errorf("language.md lacks the keyword %s (%s)", w, place)
			}
		}
	}
	for _, name := range append(slices.Sorted(maps.Keys(types.Builtins)), expr.TestReport.Record.Name) {
		if !words[name] {
			t.Errorf("language.md lacks the type %s", name)
		}
	}
	functions, methods := expr.FunctionNames()
	for _, name := range append(functions, methods...) {
		if !words[name] {
			t.Errorf("language.md lacks the function %s", name)
		}
	}
}
