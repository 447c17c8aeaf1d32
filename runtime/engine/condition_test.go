package engine_test

import (
	"strings"
	"testing"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/engine"
	"github.com/pipelang/pipe/runtime/target/fake"
)

const conditioned = `type Kind { name: string }
type Pool {
  size: int where self > 0 else "must be positive, found ${self}"
  kind: Kind? where self != Kind{name: "bad"}
}
type Login { user: string, key: secret string where size(self) > 3 && int(self) > 0 else "is too short" }

op number() -> int {
  run ` + "`true`" + `
  return int(stdout)
}
op take(p: Pool = { size: 1 }) { run ` + "`true`" + ` }
op read() -> { pools: [Pool] } {
  run ` + "`true`" + `
  return json("out.json")
}
op login(l: Login) { run ` + "`true`" + ` }
pipeline sub(n: int) -> Pool {
  a = number()
  return { size: a + n }
}
pipeline main(given: Pool?) {
  n = number()
  STEP
}
`

// TestConditionsOfFields holds everything that becomes a record at run time to its conditions.
func TestConditionsOfFields(t *testing.T) {
	for _, c := range []struct {
		name, step, n, file string
		want                string // cause and reason of the step; "" when it succeeds
	}{
		{"an argument", "x = take(p: { size: n })", "0", "", "eval-error arguments: parameter p: size: must be positive, found 0"},
		{"an argument that fits", "x = take(p: { size: n, kind: Kind{name: \"good\"} })", "1", "", ""},
		{"a record in a condition", "x = take(p: { size: 1, kind: Kind{name: n > 0 ? \"bad\" : \"good\"} })", "1", "", `eval-error arguments: parameter p: kind: must satisfy self != Kind{name: "bad"}`},
		{"a let", "let p = Pool{size: n}\n  x = take() { when p.size > 5 }", "0", "", "guard-error when p.size > 5: size: must be positive, found 0"},
		{"a result", "x = read() { after n }", "1", `{"pools": [{"size": 1}, {"size": -3}]}`, "result-type the result does not fit { pools: [Pool] }: pools[1].size: must be positive, found -3"},
		{"a result that fits", "x = read() { after n }", "1", `{"pools": [{"size": 1}]}`, ""},
		{"what a pipeline returns", "x = sub(n: n - 10)", "5", "", "result-type the result does not fit Pool: size: must be positive, found 0"},
		{"a secret that breaks it", "x = login(l: { user: \"u\", key: \"${n}\" })", "77", "", "eval-error arguments: parameter l: key: is too short"},
		{"a secret that cannot be asked", "x = login(l: { user: \"u\", key: \"hunter${n}\" })", "2", "", "eval-error arguments: parameter l: key: its condition cannot be evaluated"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, pipeline(step("s")))
			b.opts.Plan = compile(t, strings.Replace(conditioned, "STEP", c.step, 1))
			b.fake.Default = fake.Act{Stdout: c.n}
			b.fake.On("x", fake.Act{Files: map[string]string{"out.json": c.file}})
			got := row(t, b.run(t.Context()), "x")
			if what := strings.TrimSpace(got.Cause + " " + got.Reason); what != c.want {
				t.Errorf("got %q\nwant %q", what, c.want)
			}
		})
	}
}

func TestConditionsOfTheRootsParameters(t *testing.T) {
	b := newBench(t, pipeline(step("s")))
	b.opts.Plan = compile(t, strings.Replace(conditioned, "STEP", "take(p: given.orValue(Pool{size: 1}))", 1))
	b.opts.Plan.Params[0].Value = &plan.Expr{Value: []byte(`{"size":0}`)}
	_, err := engine.Run(t.Context(), b.opts)
	if err == nil || err.Error() != "parameter given: size: must be positive, found 0" {
		t.Error(err)
	}
}

func TestConditionsOfWhatAPipelineReturns(t *testing.T) {
	b := newBench(t, pipeline(step("s")))
	b.opts.Plan = compile(t, "type T { a: int where self > 0 }\nop n() -> int {\n run `true`\n return int(stdout)\n}\n"+
		"pipeline main() -> [T] {\n n()\n return [T{a: 1}, T{a: n}]\n}\n")
	b.fake.Default = fake.Act{Stdout: "0"}
	if res := b.run(t.Context()); res.Error != "the result does not fit [T]: [1].a: must satisfy self > 0" {
		t.Errorf("%q", res.Error)
	}
	b.fake.Default = fake.Act{Stdout: "2"}
	if res := b.run(t.Context()); !value.Equal(res.Value, value.List{value.Record{"a": value.Int(1)}, value.Record{"a": value.Int(2)}}) {
		t.Errorf("%v %q", res.Value, res.Error)
	}
}

func TestAllowFailureReadsTheExitCode(t *testing.T) {
	b := newBench(t, pipeline(step("s")))
	b.opts.Plan = compile(t, "op n() {\n run `true`\n}\npipeline sub() {\n n()\n}\npipeline main() {\n"+
		" a = n() { allow_failure when exit_code == 3 }\n b = n() { allow_failure when exit_code == 4 || stdout == \"fine\" }\n"+
		" c = n() { allow_failure when exit_code == 4 }\n d = sub() { allow_failure when exit_code == 3 }\n}\n")
	b.fake.Default = fake.Act{Exit: 3, Stdout: "fine"}
	wantTable(t, b.run(t.Context()), "= failed", "a failed allowed exit", "b failed allowed exit", "c failed exit", "d failed allowed step-failed", "d/n failed exit")
}
