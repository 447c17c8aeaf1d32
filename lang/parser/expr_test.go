package parser_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/parser"
	"github.com/pipelang/pipe/lang/source"
)

func readExpr(text string, read func(*source.File, *diag.List) ast.Expr) (string, string) {
	f := source.NewFile("x", text)
	var diags diag.List
	x := read(f, &diags)
	return inline(reflect.ValueOf(x)), strings.TrimSuffix(messages(f, &diags), "\n")
}

// TestParseExpr reads expressions on their own, where line breaks mean nothing.
func TestParseExpr(t *testing.T) {
	for text, want := range map[string]string{
		"a\n+ b\n- c":                "Binary(- Binary(+ a b) c)",
		"a < b == c":                 "Binary(== Binary(< a b) c)",
		"a ? b : c ? d : e":          "Conditional(a b Conditional(c d e))",
		"--1":                        "Unary(- Unary(- 1))",
		"- 1":                        "-1",
		"!-1":                        "Unary(! -1)",
		"-a.b":                       "Unary(- Select(a b))",
		"-1.size()":                  "Call(-1 size)",
		"a.if":                       "Select(a if)",
		"{a: 1}":                     "MapLit([MapEntry(a 1)])",
		"[{a: 1}]":                   "ListLit([ListElem(MapLit([MapEntry(a 1)]))])",
		"[,]":                        "ListLit",
		"{,}":                        "MapLit",
		"[1,]":                       "ListLit([ListElem(1)])",
		"X{}":                        "RecordLit(X)",
		"a.b.C{d: 1, `e-f`: 2,}":     "RecordLit(a.b.C [RecordField(d 1) RecordField(e-f 2)])",
		"m {a: 1}":                   "RecordLit(m [RecordField(a 1)])",
		"0x7fffffffffffffff":         "9223372036854775807",
		"007":                        "7",
		`"a" + 'b'`:                  `Binary(+ "a" "b")`,
		`"${"${1}"}"`:                "Interpolation([Interpolation([1])])",
		`"$${a} \x41\101\U0001F600"`: `"${a} AA😀"`,
		`b"\xff\377"`:                "BytesLit(\xff\xff)",
		"\"\"\"a\r\nb\"\"\"":         `"a\nb"`,
	} {
		got, said := readExpr(text, parser.ParseExpr)
		if d := cmp.Diff(want, got); d != "" || said != "" {
			t.Errorf("%s: %s (-want +got):\n%s", text, said, d)
		}
	}
}

// TestParseValue reads what may stand after `return`.
func TestParseValue(t *testing.T) {
	for text, want := range map[string]string{
		"{a: 1, ?b: x}":           "RecordBody([RecordField(a 1) RecordField(optional b x)])",
		"{a: {b: [{c: 1}]}}":      "RecordBody([RecordField(a RecordBody([RecordField(b ListLit([ListElem(RecordBody([RecordField(c 1)]))]))]))])",
		"x ? {a: 1} : {a: 2}":     "Conditional(x RecordBody([RecordField(a 1)]) RecordBody([RecordField(a 2)]))",
		"{(k): {a: 1}, \"b\": c}": "MapLit([MapEntry(Paren(k) RecordBody([RecordField(a 1)])) MapEntry(\"b\" c)])",
		"{}":                      "MapLit",
		"f({a: 1})":               "Call(f [MapLit([MapEntry(a 1)])])",
		"a + 1":                   "Binary(+ a 1)",
	} {
		got, said := readExpr(text, parser.ParseValue)
		if d := cmp.Diff(want, got); d != "" || said != "" {
			t.Errorf("%s: %s (-want +got):\n%s", text, said, d)
		}
	}
}

// TestExprMistakes holds the one thing that is said about each broken expression.
func TestExprMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"":                    "1:1-1:1 syntax: expected a value, found the end of the file",
		"a +":                 "1:4-1:4 syntax: expected a value, found the end of the file",
		"a b":                 `1:3-1:4 syntax: expected the end of the expression, found "b"`,
		"f(a":                 `1:4-1:4 syntax: expected "," or ")", found the end of the file`,
		"f(a,)":               `1:5-1:6 syntax: expected another argument, found ")"`,
		"[1 2]":               `1:4-1:5 syntax: expected "," or "]", found "2"`,
		"{a}":                 `1:3-1:4 syntax: expected ":" after the key, found "}"`,
		"a ? b":               `1:6-1:6 syntax: expected ":" and the other value of the condition, found the end of the file`,
		"a.1":                 `1:2-1:4 syntax: expected the end of the expression, found ".1"`,
		"a.true":              `1:3-1:7 syntax: expected a field's name after ".", found "true"`,
		"in":                  `1:1-1:3 syntax: expected a value, found "in"`,
		"9223372036854775808": "1:1-1:20 syntax: number 9223372036854775808 is out of range",
		"200000d":             "1:1-1:8 syntax: duration 200000d is too long: at most 106751 days fit",
		"1.5B":                "1:1-1:5 syntax: size 1.5B is not a whole number of bytes",
		`"a\qb"`:              `1:3-1:5 syntax: unknown escape "\q" (a backslash itself is "\\", and r"…" has no escapes)`,
		`"\u12"`:              `1:2-1:6 syntax: escape "\\u" needs 4 digits (a backslash itself is "\\", and r"…" has no escapes)`,
		`"\ud800"`:            `1:2-1:8 syntax: \ud800 is no character (a backslash itself is "\\", and r"…" has no escapes)`,
		`"x ${a +} y"`:        `1:9-1:10 syntax: expected a value, found "}"`,
		`"x ${} y"`:           `1:4-1:7 syntax: expected an expression in "${}"`,
		`"x ${a b} y"`:        `1:8-1:9 syntax: expected "}", found "b"`,
		`"x ${f(} y"`:         `1:8-1:9 syntax: expected a value, found "}"`,
		"a & b":               `1:3-1:4 syntax: unexpected "&" ("and" is written "&&")`,
		"`a`":                 "1:1-1:4 syntax: expected a value, found the script `a`",
	} {
		if _, got := readExpr(text, parser.ParseExpr); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

// TestExprSpans holds that every node's span is its text and no more.
func TestExprSpans(t *testing.T) {
	text := ` f( a.b + -c , "x ${ y.z } w" ) ? [ 1 , - 2 ] : {"k" : m["i"]} `
	f := source.NewFile("x", text)
	var diags diag.List
	var got []string
	ast.Inspect(parser.ParseExpr(f, &diags), func(n ast.Node) bool {
		got = append(got, f.Slice(n.Span()))
		return true
	})
	want := []string{
		strings.TrimSpace(text), `f( a.b + -c , "x ${ y.z } w" )`, "a.b + -c", "a.b", "a", "-c", "c",
		`"x ${ y.z } w"`, "x ", "y.z", "y", " w", "[ 1 , - 2 ]", "1", "- 2", `{"k" : m["i"]}`, `"k" : m["i"]`, `"k"`, `m["i"]`, "m", `"i"`,
	}
	if d := cmp.Diff(want, got); d != "" || diags.Len() > 0 {
		t.Errorf("-want +got:\n%s%s", d, messages(f, &diags))
	}
}
