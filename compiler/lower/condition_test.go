package lower_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/compiler/lower"
	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/value"
)

const conditionedFile = `use "./lib/lib.pipe" as lib
type Box { pool: lib.Pool, more: [lib.Pool] = [] }
settings { late: int, none: int = 0, bad: string = "bad" }
op take(b: Box?, p: lib.Pool = lib.Pool{size: DEFAULT}) { run ` + "`true`" + ` }
op give(n: int) -> Box {
  run ` + "`true`" + `
  return RETURN
}
pipeline main(given: Box?) {
BODY
}
`

const conditionedLib = `type Kind { name: string }
type Pool {
  size: int where self > 0 else "must be positive, found ${self}"
  kind: Kind? where self != Kind{name: "bad"}
  file: path? where text(self) != "" else "must not be empty"
}
op own(p: Pool = { size: 1 }) { run ` + "`true`" + ` }
`

func conditionedSource(body, result, standard string) source {
	text := strings.NewReplacer("BODY", body, "RETURN", result, "DEFAULT", standard).Replace(conditionedFile)
	return source{files: map[string]string{"main.pipe": text, "lib/lib.pipe": conditionedLib}}
}

// TestConditionsOfFields tables known values that break what their records ask. What stands in the text is held to it
// by the check already.
func TestConditionsOfFields(t *testing.T) {
	const fine = "{ pool: { size: n } }"
	for _, c := range []struct{ name, body, result, standard, want string }{
		{"an argument", `take(b: { pool: { size: settings.none } })`, fine, "1", "main.pipe:10:9: pool.size: must be positive, found 0"},
		{"a record of another module", `take(p: lib.Pool{size: settings.none - 1})`, fine, "1", "main.pipe:10:9: size: must be positive, found -1"},
		{"in a list", `take(b: { pool: { size: 1 }, more: [{ size: 1 }, { size: settings.none - 2 }] })`, fine, "1", "main.pipe:10:9: more[1].size: must be positive, found -2"},
		{"without a message", `take(p: { size: 1, kind: lib.Kind{name: settings.bad} })`, fine, "1", "main.pipe:10:9: kind: must satisfy self != Kind{name: \"bad\"}"},
		{"a default", `take()`, fine, "settings.none", "main.pipe:4:32: size: must be positive, found 0"},
		{"a result", `give(n: 1)`, "{ pool: { size: settings.none } }", "1", "main.pipe:7:10: pool.size: must be positive, found 0"},
		{"a let", "let b = Box{pool: { size: settings.none }}\n  take(b: b)", fine, "1", "main.pipe:10:9: pool.size: must be positive, found 0"},
		{"all is well", "take(b: { pool: { size: 1, file: \"x\" } })\n  give(n: 1)\n  lib.own(p: { size: settings.late })", fine, "1", ""},
		{"a step that cannot start", "take(b: { pool: { size: settings.none } }) { require false }\n  lib.own(p: { size: settings.none }) { when false }", fine, "1", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := conditionedSource(c.body, c.result, c.standard)
			d := s.draft(t)
			p, _, err := d.Bind(s.values(t, d))
			if c.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				encode(t, p)
				return
			}
			var bad *lower.EvalError
			if !errors.As(err, &bad) || err.Error() != c.want {
				t.Errorf("expected %q, found %v", c.want, err)
			}
		})
	}
}

func TestConditionsOfGivenParameters(t *testing.T) {
	d := conditionedSource("take(b: given)", "{ pool: { size: n } }", "1").draft(t)
	for size, want := range map[int]string{1: "", 0: "parameter given: pool.size: must be positive, found 0"} {
		box := value.Record{"pool": value.Record{"size": value.Int(size)}, "more": value.List{}}
		_, _, err := d.Bind(lower.Values{Args: map[string]value.Value{"given": box}})
		if got := fmt.Sprint(err); err == nil && want != "" || err != nil && got != want {
			t.Errorf("%d: %v, want %s", size, err, want)
		}
	}
}

// The plan carries conditions with the records that it mentions, and what they read.
func TestPlanHoldsConditions(t *testing.T) {
	p, _ := conditionedSource("give(n: 1)", "{ pool: { size: n } }", "1").bind(t)
	encode(t, p)
	want := plan.RecordType{Name: "Pool", Module: "lib/lib.pipe", Fields: []plan.Field{
		{Name: "size", Type: "int", Where: &plan.Expr{CEL: "self > 0", At: "lib/lib.pipe:3:19"}, Else: &plan.Expr{CEL: `"must be positive, found ${self}"`, At: "lib/lib.pipe:3:33"}},
		{Name: "kind", Type: "lib/lib.pipe.Kind?", Where: &plan.Expr{CEL: `self != Kind{name: "bad"}`, At: "lib/lib.pipe:4:21"}},
		{Name: "file", Type: "path?", Where: &plan.Expr{CEL: `text(self) != ""`, At: "lib/lib.pipe:5:21"}, Else: &plan.Expr{Value: []byte(`"must not be empty"`)}},
	}}
	if d := cmp.Diff(want, p.Types["lib/lib.pipe.Pool"]); d != "" {
		t.Error(d)
	}
	if p.Types["main.pipe.Box"].Module != "" || p.Types["lib/lib.pipe.Kind"].Name != "Kind" {
		t.Errorf("the records are %+v", p.Types)
	}
	if len(p.Modules) != 1 || p.Modules[0].Records["Kind"] != "lib/lib.pipe.Kind" {
		t.Errorf("the modules are %+v", p.Modules)
	}
	if d := cmp.Diff([]string{"repository"}, p.Late); d != "" {
		t.Error(d)
	}
}

// allow_failure reads what a failure left behind, as retry does.
func TestAllowFailureReadsTheAttempt(t *testing.T) {
	p, _ := one("op a() {\n run `false`\n}\npipeline sub() {\n a()\n}\npipeline main() {\n" +
		"a() { allow_failure when exit_code == 3 && stderr.contains(\"x\") }\nsub() { allow_failure when exit_code == 3 }\n}\n").bind(t)
	encode(t, p)
	for i, want := range []string{`exit_code == 3 && stderr.contains("x")`, "exit_code == 3"} {
		if got := p.Graph.Steps[i].AllowFailure.When.CEL; got != want {
			t.Errorf("%s is allowed when %q", p.Graph.Steps[i].Name, got)
		}
	}
}
