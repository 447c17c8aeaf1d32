package format_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/format"
	"github.com/pipelang/pipe/lang/parser"
	"github.com/pipelang/pipe/lang/source"
)

var (
	exprType = reflect.TypeFor[ast.Expr]()
	typeType = reflect.TypeFor[ast.TypeExpr]()
)

// visit calls f with every settable interface of type want in a tree, the inner ones first.
func visit(v reflect.Value, want reflect.Type, f func(reflect.Value)) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.Type() != reflect.TypeFor[*source.File]() && !v.IsNil() {
			visit(v.Elem(), want, f)
		}
	case reflect.Interface:
		if v.IsNil() {
			return
		}
		visit(v.Elem(), want, f)
		if v.Type() == want {
			f(v)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				visit(v.Field(i), want, f)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			visit(v.Index(i), want, f)
		}
	}
}

// bare takes all parentheses out of a tree, and joins the texts of interpolations.
func bare(root any) {
	visit(reflect.ValueOf(root), exprType, func(v reflect.Value) {
		x := ast.Unparen(v.Interface().(ast.Expr))
		if s, ok := x.(*ast.Interpolation); ok {
			x = joinTexts(s)
		}
		v.Set(reflect.ValueOf(x))
	})
	visit(reflect.ValueOf(root), typeType, func(v reflect.Value) {
		if p, ok := v.Interface().(*ast.ParenType); ok {
			v.Set(reflect.ValueOf(p.Elem))
		}
	})
}

// joinTexts makes one text of neighbouring ones: "a${"b"}" is "ab".
func joinTexts(x *ast.Interpolation) ast.Expr {
	var parts []ast.Expr
	for _, p := range x.Parts {
		lit, ok := p.(*ast.StringLit)
		if ok && len(parts) > 0 {
			if last, ok := parts[len(parts)-1].(*ast.StringLit); ok {
				parts[len(parts)-1] = &ast.StringLit{Value: last.Value + lit.Value}
				continue
			}
		}
		parts = append(parts, p)
	}
	if lit, ok := parts[0].(*ast.StringLit); ok && len(parts) == 1 {
		return lit
	}
	return &ast.Interpolation{Parts: parts}
}

// sameMeaning compares trees but for how literals and parentheses were written.
var sameMeaning = cmp.Options{
	cmpopts.IgnoreTypes(ast.At{}, &ast.Doc{}),
	cmpopts.IgnoreFields(ast.StringLit{}, "Text"), cmpopts.IgnoreFields(ast.Interpolation{}, "Text"),
	cmpopts.IgnoreFields(ast.BytesLit{}, "Text"), cmpopts.IgnoreFields(ast.DurationLit{}, "Text"),
	cmpopts.IgnoreFields(ast.SizeLit{}, "Text"), cmpopts.IgnoreFields(ast.IntLit{}, "Text"),
	cmpopts.IgnoreFields(ast.FloatLit{}, "Text"), cmpopts.IgnoreFields(ast.UintLit{}, "Text"),
	cmpopts.IgnoreFields(ast.Select{}, "Escaped"),
	cmpopts.EquateEmpty(), cmpopts.EquateNaNs(),
}

type exprHolder struct{ X ast.Expr }
type typeHolder struct{ T ast.TypeExpr }

// checkExpr prints an expression as it is and without its parentheses, and reads both again.
func checkExpr(t *testing.T, x ast.Expr) {
	t.Helper()
	first := format.Expr(x)
	read := func(text string) *exprHolder {
		var diags diag.List
		y := parser.ParseValue(source.NewFile("expr", text), &diags)
		if diags.Len() > 0 {
			t.Fatalf("%s: %s", text, diags.Sorted()[0].Message)
		}
		if strings.Contains(text, "\n") {
			t.Errorf("more than one line: %q", text)
		}
		return &exprHolder{y}
	}
	if again := format.Expr(read(first).X); again != first {
		t.Errorf("%s becomes %s", first, again)
	}
	want, got := &exprHolder{x}, read(first)
	bare(want)
	text := format.Expr(want.X)
	stripped := read(text)
	bare(got)
	bare(stripped)
	if diff := cmp.Diff(want, got, sameMeaning); diff != "" {
		t.Errorf("%s is another expression: %s", first, diff)
	}
	if diff := cmp.Diff(want, stripped, sameMeaning); diff != "" {
		t.Errorf("%s is another expression: %s", text, diff)
	}
}

func checkType(t *testing.T, x ast.TypeExpr) {
	t.Helper()
	text := format.Type(x)
	f, diags := parse("native op f(a: " + text + ")")
	if !readable(diags) {
		t.Fatalf("%s: %s", text, diags.Sorted()[0].Message)
	}
	want, got := &typeHolder{x}, &typeHolder{f.Decls[0].(*ast.Op).Params[0].Type}
	bare(want)
	bare(got)
	if diff := cmp.Diff(want, got, sameMeaning); diff != "" {
		t.Errorf("%s is another type: %s", text, diff)
	}
}

func TestEveryExpression(t *testing.T) {
	n := 0
	everyFile(t, func(name, text string) {
		f, diags := parse(text)
		if !readable(diags) || len(text) > 50_000 {
			return
		}
		visit(reflect.ValueOf(f), typeType, func(v reflect.Value) { checkType(t, v.Interface().(ast.TypeExpr)); n++ })
		f, _ = parse(text)
		visit(reflect.ValueOf(f), exprType, func(v reflect.Value) {
			x := v.Interface().(ast.Expr)
			if lit, ok := x.(*ast.StringLit); ok && !strings.ContainsAny(lit.Text[len(lit.Text)-1:], `"'`) {
				return // a part of an interpolation
			}
			checkExpr(t, x)
			n++
		})
	})
	if n < 500 {
		t.Errorf("only %d expressions and types", n)
	}
}

func TestExpr(t *testing.T) {
	for in, want := range map[string]string{
		"a+b*c":                       "a + b * c",
		"(a+b)*c":                     "(a + b) * c",
		"a  -  - 5":                   "a - -5",
		"-(5)":                        "-(5)",
		"--x":                         "--x",
		"!(-x)":                       "!(-x)",
		"(-5).abs()":                  "(-5).abs()",
		"a ? b : c ? d : e":           "a ? b : c ? d : e",
		"(a ? b : c) ? (d ? e : f):g": "(a ? b : c) ? (d ? e : f) : g",
		"a || (b || c)":               "a || (b || c)",
		"x.?y.`z w`[?0][1]":           "x.?y.`z w`[?0][1]",
		"[1,?x,]":                     "[1, ?x]",
		`{"a":1,?b:2,(c):3,}`:         `{"a": 1, ?(b): 2, (c): 3}`,
		"Report{passed:1,?failed:x}":  "Report{passed: 1, ?failed: x}",
		"{ a:1 }":                     "{ a: 1 }",
		`"x${ a+b }$${y}"`:            `"x${ a+b }$${y}"`,
		"'''two\nlines'''":            `"two\nlines"`,
		"\"\"\"a ${b}\n$${c\"\"\"":    `"a ${b}\n\u0024{c"`,
		"b'''\n\x01'''":               `b"\x0a\x01"`,
		"1h30m + 512MiB":              "1h30m + 512MiB",
		"0x1F == 1e3":                 "0x1F == 1e3",
		"a\n  .map(x,\n  x)":          "a.map(x, x)",
	} {
		var diags diag.List
		x := parser.ParseValue(source.NewFile("expr", in), &diags)
		if diags.Len() > 0 {
			t.Errorf("%s: %s", in, diags.Sorted()[0].Message)
			continue
		}
		if got := format.Expr(x); got != want {
			t.Errorf("%s gives %s, want %s", in, got, want)
		}
		checkExpr(t, x)
	}
}

// Trees that were built rather than read have no parentheses and no texts of literals.
func TestBuiltExpr(t *testing.T) {
	a, b, c := &ast.Ident{Name: "a"}, &ast.Ident{Name: "b"}, &ast.Ident{Name: "c"}
	five := &ast.IntLit{Value: 5}
	binary := func(op string, x, y ast.Expr) ast.Expr { return &ast.Binary{Op: op, X: x, Y: y} }
	for want, x := range map[string]ast.Expr{
		"(a + b) * c":         binary("*", binary("+", a, b), c),
		"a - (b - c)":         binary("-", a, binary("-", b, c)),
		"a && (b || c)":       binary("&&", a, binary("||", b, c)),
		"a && b || c":         binary("||", binary("&&", a, b), c),
		"(a ? b : c) + 5":     binary("+", &ast.Conditional{Cond: a, Then: b, Else: c}, five),
		"(a + b).c":           &ast.Select{X: binary("+", a, b), Name: ast.Name{Text: "c"}},
		"-(5)":                &ast.Unary{Op: "-", X: five},
		"!(a == b)":           &ast.Unary{Op: "!", X: binary("==", a, b)},
		"(-5).abs()":          &ast.Call{Target: &ast.IntLit{Value: -5}, Name: ast.Name{Text: "abs"}},
		"-(5.abs())":          &ast.Unary{Op: "-", X: &ast.Call{Target: five, Name: ast.Name{Text: "abs"}}},
		"2.0 + 1e+300":        binary("+", &ast.FloatLit{Value: 2}, &ast.FloatLit{Value: 1e300}),
		`"a\"\\\n\u0024{b}é"`: &ast.StringLit{Value: "a\"\\\n${b}é"},
		"1h30m":               &ast.DurationLit{Value: 90 * time.Minute},
		"1s500ms":             &ast.DurationLit{Value: 1500 * time.Millisecond},
		"0s":                  &ast.DurationLit{},
		"512MiB":              &ast.SizeLit{Value: 512 << 20},
		"1GB":                 &ast.SizeLit{Value: 1e9},
		"1001B":               &ast.SizeLit{Value: 1001},
		"{(a): b}":            &ast.MapLit{Entries: []ast.MapEntry{{Key: a, Value: b}}},
		"{ `in`: a }":         &ast.RecordBody{Fields: []ast.RecordField{{Name: ast.Name{Text: "in"}, Value: a}}},
	} {
		if got := format.Expr(x); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		checkExpr(t, x)
	}
}

func TestType(t *testing.T) {
	for in, want := range map[string]string{
		`"a"|"b"`:            `"a" | "b"`,
		`("a"|"b")?`:         `("a" | "b")?`,
		`"a"|"b"?`:           `"a" | "b"?`,
		`secret  string ?`:   `secret string?`,
		`(secret string)?`:   `(secret string)?`,
		`[untrusted string]`: `[untrusted string]`,
		`{string:[int]}`:     `{string: [int]}`,
		`{a:int=1 where self>0 else "no";b:test.Report}`: `{ a: int = 1 where self > 0 else "no", b: test.Report }`,
		`{}`: `{}`,
	} {
		f, diags := parse("native op f(a: " + in + ")")
		if !readable(diags) {
			t.Errorf("%s: %s", in, diags.Sorted()[0].Message)
			continue
		}
		x := f.Decls[0].(*ast.Op).Params[0].Type
		if got := format.Type(x); got != want {
			t.Errorf("%s gives %s, want %s", in, got, want)
		}
		checkType(t, x)
	}
	named := &ast.NamedType{Name: ast.QualName{Parts: []ast.Name{{Text: "int"}}}}
	built := &ast.OptionalType{Elem: &ast.LabelType{Label: ast.Name{Text: "secret"}, Elem: named}}
	if got := format.Type(built); got != "(secret int)?" {
		t.Errorf("got %s", got)
	}
}
