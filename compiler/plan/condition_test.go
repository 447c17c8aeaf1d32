package plan_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

// conditioned are records with conditions: a tree that holds itself, and a leaf with a secret.
func conditioned(t testing.TB) (*plan.Conditions, map[string]*types.Type) {
	t.Helper()
	ask := func(name string) *plan.Expr { return &plan.Expr{CEL: name, At: "lib/m.pipe:1:1"} }
	p := &plan.Plan{Types: map[string]plan.RecordType{
		"m.Leaf": {Name: "Leaf", Module: "m", Fields: []plan.Field{
			{Name: "n", Type: "int", Where: ask("n")},
			{Name: "key", Type: "secret string?", Where: ask("key"), Else: &plan.Expr{CEL: "self"}},
		}},
		"m.Tree": {Name: "Tree", Module: "m", Fields: []plan.Field{
			{Name: "leaf", Type: "m.Leaf", Where: ask("leaf"), Else: &plan.Expr{Value: []byte(`"not this leaf"`)}},
			{Name: "below", Type: "[m.Tree]"},
			{Name: "named", Type: "{string: m.Leaf}?"},
		}},
		"m.Free": {Name: "Free", Fields: []plan.Field{{Name: "below", Type: "[m.Free]"}}},
	}}
	records, err := p.Records()
	if err != nil {
		t.Fatal(err)
	}
	return plan.NewConditions(p.Types, []plan.Module{{ID: "m", Records: map[string]string{"L": "m.Leaf"}}}), records
}

func leaf(n int) value.Record { return value.Record{"n": value.Int(n)} }

func TestConditionsAreFoundInParts(t *testing.T) {
	c, records := conditioned(t)
	tree := value.Record{"leaf": value.Record{"n": value.Int(1), "key": value.String("k")}, "below": value.List{
		value.Record{"leaf": leaf(2), "below": value.List{}, "named": value.Map{"b": leaf(4), "a": leaf(3)}},
	}}
	for _, tt := range []struct {
		v    value.Value
		t    *types.Type
		want []string
	}{
		{tree, records["m.Tree"], []string{".leaf.n", ".leaf.key secret", ".leaf secret", ".below[0].leaf.n", ".below[0].leaf secret", ".below[0].named.a.n", ".below[0].named.b.n"}},
		{value.Map{"k": leaf(1)}, types.MapOf(records["m.Leaf"]), []string{".k.n"}},
		{value.Map{"hunter2": leaf(1)}, types.MapOf(records["m.Leaf"]).WithLabels(types.Secret), []string{".….n secret"}},
		{value.None{}, types.OptionalOf(records["m.Leaf"]), nil},
		{leaf(1), types.OptionalOf(records["m.Leaf"]), []string{".n"}},
		{value.Record{"below": value.List{}}, records["m.Free"], nil},
		{value.Int(1), types.IntType, nil},
		{leaf(1), nil, nil},
	} {
		var got []string
		for p := range c.In(tt.v, tt.t) {
			at := p.Path
			if p.Secret {
				at += " secret"
			}
			got = append(got, at)
			if p.Module != "m" || p.Folder() != "lib" || p.Records["L"] != "m.Leaf" {
				t.Errorf("%s stands in %q, %q with %v", p.Path, p.Module, p.Folder(), p.Records)
			}
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%v: %s", tt.t, d)
		}
		for range c.In(tt.v, tt.t) {
			break // nobody has to look at all of them
		}
	}
	for range (*plan.Conditions)(nil).In(tree, records["m.Tree"]) {
		t.Error("nothing asks for something")
	}
}

func TestAskingAPart(t *testing.T) {
	c, records := conditioned(t)
	for _, tt := range []struct {
		part   string // that fails
		secret bool
		broken bool // and cannot be evaluated
		want   string
	}{
		{"n", false, false, "leaf.n: must satisfy n"},
		{"n", false, true, "leaf.n: n found hunter2"},
		{"key", false, false, "leaf.key: must satisfy key"}, // its message would repeat the secret
		{"key", false, true, "leaf.key: its condition cannot be evaluated"},
		{"n", true, true, "leaf.n: its condition cannot be evaluated"},
		{"leaf", true, false, "leaf: not this leaf"},
	} {
		v := value.Record{"leaf": value.Record{"n": value.Int(1), "key": value.String("hunter2")}, "below": value.List{}}
		typ := records["m.Tree"]
		if tt.secret {
			typ = typ.WithLabels(types.Secret)
		}
		var got []string
		for p := range c.In(v, typ) {
			err := p.Ask(func(x *plan.Expr, want *types.Type) (value.Value, error) {
				switch {
				case x.Value != nil:
					return value.Unmarshal(want, x.Value)
				case x.CEL == "self":
					return p.Value, nil
				case x.CEL == tt.part && tt.broken:
					return nil, fmt.Errorf("%s found hunter2", x.CEL)
				}
				return value.Bool(x.CEL != tt.part), nil
			})
			if err != nil {
				got = append(got, err.Error())
			}
			if unmet := (*plan.UnmetError)(nil); err != nil && errors.As(err, &unmet) == tt.broken {
				t.Errorf("%s: %v is no %T", tt.part, err, unmet)
			}
		}
		if d := cmp.Diff([]string{tt.want}, got); d != "" {
			t.Error(d)
		}
	}
}

// What nothing asks of costs a look at the type.
func BenchmarkConditionsOfFreeTypes(b *testing.B) {
	c, records := conditioned(b)
	v := value.Record{"below": make(value.List, 10_000)}
	for b.Loop() {
		for range c.In(v, records["m.Free"]) {
			b.Fatal("a free type is asked")
		}
	}
}
