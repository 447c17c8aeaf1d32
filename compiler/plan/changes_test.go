package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestChanges(t *testing.T) {
	make := func(tag, setting, list, script string) *Plan {
		expr := func(cel string) Expr { return Expr{CEL: cel, At: tag + ":1:1"} }
		op := func(script string) Op { return Op{Name: "o", Runs: []Run{{Script: script, At: tag}}} }
		return &Plan{
			Settings: []Setting{{Name: "env", Value: []byte(setting)}},
			Modules:  []Module{{ID: "m", Lets: []Let{{Name: "one", Value: expr("settings.env")}, {Name: "two", Value: expr("one + one")}}}},
			Ops:      map[string]Op{"a": op("true"), "b": op(script)},
			Graph: Graph{Steps: []Step{
				{Path: "same", Name: "same", Op: "a", Doc: tag, Retry: &Retry{Count: Expr{Value: []byte(setting)}}},
				{Path: "script", Name: "script", Op: "b"},
				{Path: "reads", Name: "reads", Op: "a", Args: []NamedExpr{{Name: "x", Value: expr("f(settings.env)")}}},
				{Path: "other", Name: "other", Op: "a", Args: []NamedExpr{{Name: "x", Value: expr("x.settings.env + settings.envy")}}},
				{Path: "let", Name: "let", Op: "a", When: []Guard{{Expr: expr("two == 1")}}},
				{Path: "list", Name: "list", Op: "a", For: []Loop{{Var: "x", List: Expr{Value: []byte(list)}}}},
				{Path: "late", Name: "late", Op: "a", For: []Loop{{Var: "x", List: expr("settings.env")}}},
				{Path: "calls", Name: "calls", Graph: &Graph{Name: "g", Return: &Expr{Value: []byte(setting)}, Steps: []Step{{Path: "calls/in", Name: "in", Op: "b"}}}},
			}},
		}
	}
	a := make("x", `"dev"`, "[1]", "echo 1")
	if diff := cmp.Diff([]Change(nil), Changes(a, make("moved", `"dev"`, "[1]", "echo 1"))); diff != "" {
		t.Error(diff)
	}
	want := []Change{
		{Path: "script", Fields: []string{"op runs"}},
		{Path: "reads", Fields: []string{"args"}},
		{Path: "let", Fields: []string{"when"}},
		{Path: "list", Fields: []string{"for"}, List: true},
		{Path: "late", Fields: []string{"for"}, List: true},
		{Path: "calls", Fields: []string{"graph"}, List: true},
		{Path: "calls/in", Fields: []string{"op runs"}},
	}
	if diff := cmp.Diff(want, Changes(a, make("x", `"prod"`, "[1,2]", "echo 2"))); diff != "" {
		t.Error(diff)
	}
}

func TestReadsValue(t *testing.T) {
	p := &Plan{Graph: Graph{Return: &Expr{CEL: `"x" + last`}, Steps: []Step{
		{Path: "a", Name: "a"}, {Path: "b", Name: "b", When: []Guard{{Expr: Expr{CEL: "succeeded(a) && r.b"}}}}, {Path: "last", Name: "last"},
	}}}
	for path, want := range map[string]bool{"a": false, "b": false, "last": true, "gone": false} {
		if got := p.ReadsValue(path); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
}
