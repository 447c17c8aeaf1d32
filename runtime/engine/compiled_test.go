package engine_test

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/compiler/load"
	"github.com/pipelang/pipe/compiler/lower"
	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/target/fake"
)

// compile makes the plan of a file's main pipeline.
func compile(t *testing.T, text string) *plan.Plan {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{"pipe.toml": "", "main.pipe": text} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var diags diag.List
	loaded, err := load.Load(filepath.Join(dir, "main.pipe"), load.Options{Std: fstest.MapFS{}}, &diags)
	if err != nil {
		t.Fatal(err)
	}
	checked := check.Check(loaded, &diags)
	for _, d := range diags.Sorted() {
		if d.Severity == diag.Error {
			t.Fatalf("%s: %s", d.File.Slice(d.Span), d.Message)
		}
	}
	draft, err := lower.New(checked, "main")
	if err != nil {
		t.Fatal(err)
	}
	p, _, err := draft.Bind(lower.Values{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// What the compiler makes of a file is what the engine runs: every kind of edge, guard, loop and hook.
const everything = "" +
	"op probe(name: string, code: int = 0) -> { code: int, out: string } {\n" +
	"  run \"say\" `echo \"$name\"; exit \"$code\"`\n" +
	"  run \"never\" `echo never` when code > 100\n" +
	"  return { code: exit_code, out: stdout }\n" +
	"}\n" +
	"op note(name: untrusted string) { run `true` }\n" + `
pipeline sub(k: int) -> int {
  let double = a.code + k * 2
  a = probe(name: "sub ${k}")
  b = op { needs a; run ` + "`true`" + `; return k + double }
  finally { probe(name: "sub finally ${run.status}") }
  return b
}

pipeline main(go: bool = true) -> { total: int, names: [string] } {
  one = probe(name: "one")
  bad = probe(name: "bad", code: 3) { allow_failure }
  opt = probe(name: "opt") { when !go }
  never = probe(name: "never") { when one.code > 5 }
  flaky = probe(name: "flaky") { retry 2 every 1ms when exit_code == 75 }
  needy = probe(name: "needy ${one.out}") { needs one }
  needs_bad = probe(name: "x") { needs bad }
  needs_opt = probe(name: opt.out) { needs opt }
  needs_never = probe(name: never.out) { needs never }
  bound = op { needs x = bad.?out; run ` + "`true`" + `; return stdout }
  unbound = op { needs x = never.?out; run ` + "`true`" + `; return x }
  late = probe(name: "late ${opt.?out.orValue("none")} ${bad.?code.orValue(-1)} ${never.?out.orValue("-")}") { after bad, opt }
  many = probe(name: "m${i}") { for i in [1, 2, 3] where i != 2 max 1 }
  maybe = probe(name: "y${i}") { for i in [1, 2, 3]
    when i > 1 }
  grid = sub(k: i * 10 + j) { for i in [1, 2]
    for j in [0, i] }
  total = op { run ` + "`true`" + `; return grid.sum() }
  narrowed = probe(name: "cond ${never.out}") { when succeeded(never) && never.code == 0 }
  cond = probe(name: "cond ${one.out}") { when succeeded(one) && one.code == 0 }
  cond_failed = probe(name: "cond2") { when failed(bad) }
  on failure { alarm = note(name: "alarm ${run.failed}: ${run.error}") }
  finally { done = probe(name: "done ${run.status} ${one.?out.orValue("-")}") }
  return { total: total, names: many.map(m, m.out) + maybe.present().map(m, m.out) }
}
`

func TestCompiledPipeline(t *testing.T) {
	b := newBench(t, pipeline(step("s")))
	b.opts.Plan = compile(t, everything)
	b.fake.Default = fake.Act{Stdout: "out\n"}
	b.fake.On("bad", fake.Act{Exit: 3, Script: "say", Stdout: "kept\n"}).On("flaky", fake.Act{Exit: 75}, fake.Act{})
	res := b.run(t.Context())
	wantTable(t, res, "= succeeded",
		"one succeeded", "bad failed allowed exit", "opt skipped guard-false", "never skipped guard-false", "flaky succeeded", "needy succeeded",
		"needs_bad skipped needs-skipped", "needs_opt skipped needs-skipped", "needs_never skipped needs-skipped",
		"bound succeeded", "unbound skipped needs-skipped", "late succeeded",
		"many succeeded", "many[0] succeeded", "many[1] succeeded",
		"maybe succeeded", "maybe[0] skipped guard-false", "maybe[1] succeeded", "maybe[2] succeeded",
		"grid succeeded",
		"grid[0] succeeded", "grid[0]/a succeeded", "grid[0]/b succeeded", "grid[0]/probe succeeded",
		"grid[1] succeeded", "grid[1]/a succeeded", "grid[1]/b succeeded", "grid[1]/probe succeeded",
		"grid[2] succeeded", "grid[2]/a succeeded", "grid[2]/b succeeded", "grid[2]/probe succeeded",
		"grid[3] succeeded", "grid[3]/a succeeded", "grid[3]/b succeeded", "grid[3]/probe succeeded",
		"total succeeded", "narrowed skipped guard-false", "cond succeeded", "cond_failed succeeded", "done succeeded")
	want := value.Record{"total": value.Int(3 * (10 + 11 + 20 + 22)), "names": value.List{value.String("out"), value.String("out"), value.String("out"), value.String("out")}}
	if diff := cmp.Diff(value.Value(want), res.Value); diff != "" {
		t.Error(diff, res.Error)
	}
	for step, name := range map[string]string{"late": "late none 3 -", "needy": "needy out", "done": "done succeeded out", "grid[3]/probe": "sub finally succeeded", "cond": "cond out"} {
		job, ok := b.fake.Job(step)
		if !ok || len(job.Params) == 0 || job.Params[0].Value != value.String(name) {
			t.Errorf("%s ran with %v, want the name %q", step, job.Params, name)
		}
	}

	b = newBench(t, pipeline(step("s")))
	b.opts.Plan = compile(t, everything)
	b.fake.On("grid[1]/b", fake.Act{Exit: 1})
	res = b.run(t.Context())
	const reason = "grid: 1 of 4 instances failed, first [1]: grid[1]/b: exit code 1"
	if res.Error != reason || row(t, res, "total").Cause != "upstream-failed" {
		t.Errorf("%q %v", res.Error, table(res))
	}
	if job, _ := b.fake.Job("alarm"); job.Params[0].Value != value.String("alarm grid: "+reason) {
		t.Error(job.Params)
	}
	if job, _ := b.fake.Job("grid[1]/probe"); job.Params[0].Value != value.String("sub finally failed") {
		t.Error(job.Params)
	}
}
