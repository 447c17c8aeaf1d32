package expr

import (
	"context"
	"testing"

	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

var benchmarks = []struct{ name, text string }{
	{"select", `unit.passed`},
	{"guard", `env != "development" && unit.failed < 3`},
	{"string", `"${registry}/app-7:${version}"`},
	{"macro", `names.filter(x, x != "n7").map(x, "${x}-7")`},
	{"fallback", `maybe.?passed.orValue(1)`},
	{"json", `report.failures[1].line + 1`},
}

func benchScope() *Scope {
	s := NewScope(Steps)
	report := types.RecordOf(types.Field{Name: "passed", Type: types.IntType}, types.Field{Name: "failed", Type: types.IntType})
	s.Declare("unit", Var{Type: report, Step: true})
	s.Declare("maybe", Var{Type: types.OptionalOf(report), Step: true})
	s.Declare("env", Var{Type: types.LiteralsOf("development", "production")})
	s.Declare("registry", Var{Type: types.StringType})
	s.Declare("version", Var{Type: types.StringType})
	s.Declare("names", Var{Type: types.ListOf(types.StringType)})
	s.Declare("report", Var{Type: types.JSONType})
	return s
}

var benchValues = map[string]value.Value{
	"unit": value.Record{"passed": value.Int(3), "failed": value.Int(0)}, "maybe": value.None{},
	"env": value.String("production"), "registry": value.String("localhost:5000"), "version": value.String("1.2.3"),
	"names":  value.List{value.String("a"), value.String("n7")},
	"report": value.JSON{Data: map[string]any{"failures": []any{nil, map[string]any{"line": int64(3)}}}},
}

func mustParse(t testing.TB, text string) ast.Expr {
	t.Helper()
	x, err := Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return x
}

func BenchmarkCheck(b *testing.B) {
	s := benchScope()
	for _, bm := range benchmarks {
		b.Run(bm.name, func(b *testing.B) {
			x, f := mustParse(b, bm.text), source.NewFile("bench", bm.text)
			b.ReportAllocs()
			for b.Loop() {
				var ds diag.List
				if t := Check(x, s, Options{File: f, Diags: &ds}); t.Kind == types.Invalid {
					b.Fatal(ds.Sorted())
				}
			}
		})
	}
}

// BenchmarkLabels is the check of expressions whose names have no labels, and of the same ones
// whose names all have both: what lies between them is what labels cost where there are any.
func BenchmarkLabels(b *testing.B) {
	plain, labelled := NewScope(0), NewScope(0)
	for name, t := range map[string]*types.Type{
		"s": types.StringType, "xs": types.ListOf(types.StringType), "m": types.MapOf(types.StringType), "b": types.BoolType,
		"r": types.RecordOf(types.Field{Name: "a", Type: types.StringType}, types.Field{Name: "n", Type: types.IntType}), "o": types.OptionalOf(types.StringType),
	} {
		plain.Declare(name, Var{Type: t})
		labelled.Declare(name, Var{Type: t.WithLabels(types.Secret | types.Untrusted)})
	}
	texts := []string{`"${s}-${r.a}"`, `r.n + 1`, `b ? s : r.a`, `xs.map(x, x + s)`, `{"k": s, "l": r.a}`, `[s, r.a][0]`, `o.orValue(s)`, `m[s]`, `xs.filter(x, b)[r.n]`}
	for name, scope := range map[string]*Scope{"plain": plain, "labelled": labelled} {
		b.Run(name, func(b *testing.B) {
			var trees []ast.Expr
			for _, text := range texts {
				trees = append(trees, mustParse(b, text))
			}
			for b.Loop() {
				for i, x := range trees {
					if t := Check(x, scope, Options{}); t.Kind == types.Invalid {
						b.Fatal(texts[i])
					}
				}
			}
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	for _, bm := range benchmarks {
		b.Run(bm.name, func(b *testing.B) {
			x := mustParse(b, bm.text)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Compile(x, CompileOptions{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkEval(b *testing.B) {
	in := Input{Var: func(n string) (value.Value, bool) { v, ok := benchValues[n]; return v, ok }}
	for _, bm := range benchmarks {
		b.Run(bm.name, func(b *testing.B) {
			p, err := Compile(mustParse(b, bm.text), CompileOptions{})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.Eval(context.Background(), in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkCold is what the first check and the first evaluation of a process pay.
func BenchmarkCold(b *testing.B) {
	for b.Loop() {
		env := newLibrary()
		newLanguage(env)
		newRuntime(env)
	}
}
