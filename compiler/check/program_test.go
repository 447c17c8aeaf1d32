package check_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/compiler/internal/annotated"
)

// graphs starts a file with ops to build graphs of.
const graphs = `
settings { token: secret string?; name: string = "x" }
op id(x: string = "") -> { x: string } {
  run ` + "`echo $x`" + `
  return { x: x }
}
op act(x: string = "") { run ` + "`echo $x`" + ` }
pipeline sometimes(x: string) -> { x: string } {
  when x != ""
  a = id(x: x)
  return { x: a.x }
}
pipeline main(go: bool, names: [string]) {
`

func mainOf(t *testing.T, body string) *check.Pipeline {
	t.Helper()
	entry := filepath.Join(t.TempDir(), "ci.pipe")
	if err := os.WriteFile(entry, []byte(graphs+body+"\n  used = act(x: names[0]) { when go }\n}\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	p, found := run(t, entry)
	for _, d := range found {
		t.Error(annotated.Describe(d))
	}
	return p.Entry.Pipelines["main"]
}

func stepOf(t *testing.T, steps []*check.Step, name string) *check.Step {
	t.Helper()
	i := slices.IndexFunc(steps, func(s *check.Step) bool { return s.Name == name })
	if i < 0 {
		t.Fatalf("no step %s", name)
	}
	return steps[i]
}

// edges is what a step waits for, as tests write it.
type edges struct {
	Value, Order, Needs, Narrow []string
}

func TestEdges(t *testing.T) {
	tests := []struct {
		name, body string
		want       edges
	}{
		{"none", "x = act()", edges{}},
		{"an argument", "a = id()\nx = act(x: a.x)", edges{Value: []string{"a"}}},
		{"in a string", "a = id()\nx = act(x: \"-${a.x}-\")", edges{Value: []string{"a"}}},
		{"a record body", "a = id()\nx = act(x: {\"k\": a.x}[\"k\"])", edges{Value: []string{"a"}}},
		{"a later step", "x = act(x: a.x)\na = id()", edges{Value: []string{"a"}}},
		{"a guard", "a = id()\nx = act() { when a.x == \"1\" }", edges{Value: []string{"a"}}},
		{"require", "a = id()\nx = act() { require a.x == \"1\" else \"no ${a.x}\" }", edges{Value: []string{"a"}}},
		{"a message", "a = id()\nx = act() { approve \"go ${a.x}?\" }", edges{Value: []string{"a"}}},
		{"a lock", "a = id()\nx = act() { lock a.x }", edges{Value: []string{"a"}}},
		{"needs", "a = id()\nx = act() { needs a }", edges{Value: []string{"a"}, Needs: []string{"a"}}},
		{"needs what may be skipped", "a = id() { when go }\nx = act(x: a.x) { needs a }", edges{Value: []string{"a"}, Needs: []string{"a"}, Narrow: []string{"a"}}},
		{"after", "a = id()\nx = act() { after a }", edges{Order: []string{"a"}}},
		{"after, and read", "a = id()\nx = act(x: a.?x.orValue(\"\")) { after a }", edges{Order: []string{"a"}}},
		{"how it ended", "a = id()\nx = act() { when failed(a) || skipped(a) }", edges{Order: []string{"a"}}},
		{"how it ended, and read", "a = id() { when go }\nx = act(x: a.x) { when succeeded(a) }", edges{Value: []string{"a"}, Narrow: []string{"a"}}},
		{"through a let", "a = id()\nlet v = a.x\nlet w = v + \"!\"\nx = act(x: w)", edges{Value: []string{"a"}}},
		{"how it ended, through a let", "a = id()\nlet ok = succeeded(a)\nx = act() { when ok }", edges{Order: []string{"a"}}},
		{"a loop's list", "a = id()\nx = act(x: v) { for v in [a.x] }", edges{Value: []string{"a"}}},
		{"a variable of a comprehension is no step", "a = id()\nx = act(x: [\"b\"].map(a, a)[0])", edges{}},
		{"a binding shadows", "a = id() { when go }\nx = act(x: v) { needs v = a.?x }", edges{Value: []string{"a"}}},
		{"an inline op", "a = id()\nx = op { env { A = a.x }; run `echo $A` }", edges{Value: []string{"a"}}},
		{"an inline op's guard", "a = id()\nx = op { run `true` when a.x == \"\" }", edges{Value: []string{"a"}}},
		{"two steps", "a = id()\nb = id()\nx = act(x: a.x) { after b }", edges{Value: []string{"a"}, Order: []string{"b"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := stepOf(t, mainOf(t, tt.body).Steps, "x")
			got := edges{s.ValueEdges, s.OrderEdges, s.Needs, s.Narrow}
			if d := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); d != "" {
				t.Error("(-want +got):", d)
			}
		})
	}
}

func TestTypesOfSteps(t *testing.T) {
	const record = "{ x: string }"
	tests := []struct{ name, body, typ, why string }{
		{"plain", "x = id()", record, ""},
		{"nothing", "x = act()", "nothing", ""},
		{"when", "x = id() { when go }", record + "?", "when go"},
		{"allow_failure", "x = id() { allow_failure }", record + "?", "allow_failure"},
		{"needs what is there", "a = id()\nx = id() { needs a }", record, ""},
		{"needs what may be skipped", "a = id() { when go }\nx = id() { needs a }", record + "?", "needs a, which has when go"},
		{"a chain of needs", "a = id() { when go }\nb = id() { needs a }\nx = id() { needs b }", record + "?", "needs b"},
		{"a loop", "x = id(x: v) { for v in names }", "[" + record + "]", ""},
		{"two loops make one list", "x = id(x: v + w) { for v in names; for w in [v] }", "[" + record + "]", ""},
		{"a guard of the whole", "x = id(x: v) { for v in names; when go }", "[" + record + "]?", "when go"},
		{"a guard of each", "x = id(x: v) { for v in names; when v != \"\" }", "[" + record + "?]", ""},
		{"both guards", "x = id(x: v) { for v in names; when v != \"\"; when go }", "[" + record + "?]?", "when go"},
		{"a loop that may fail", "x = id(x: v) { for v in names; allow_failure }", "[" + record + "]?", "allow_failure"},
		{"a pipeline with a guard", "x = sometimes(x: \"\")", record + "?", "pipeline sometimes has when x != \"\""},
		{"an inline op", "x = op { run `true`; return { n: exit_code, s: stdout } }", "{ n: int, s: string }", ""},
		{"an inline op without a result", "x = op { run `true` }", "nothing", ""},
		{"what an inline loop gives", "x = op { for v in names; run `echo $v`; return v }", "[string]", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := stepOf(t, mainOf(t, tt.body).Steps, "x")
			why := ""
			if s.Why != nil {
				why = s.Why.Text
			}
			if s.Type.String() != tt.typ || why != tt.why {
				t.Errorf("got %s because of %q, want %s because of %q", s.Type, why, tt.typ, tt.why)
			}
		})
	}
}

func TestTails(t *testing.T) {
	p := mainOf(t, `
  a = id()
  on failure {
    told = act(x: a.?x.orValue(run.failed))
    sealed = act(x: a.x) { needs a }
  }
  finally {
    one = id(x: run.status)
    two = act(x: one.x) { after sealed_not_here_but }
    sealed_not_here_but = act()
  }`)
	told := stepOf(t, p.OnFailure, "told")
	sealed := stepOf(t, p.OnFailure, "sealed")
	two := stepOf(t, p.Finally, "two")
	if len(told.ValueEdges) != 0 || len(sealed.ValueEdges) != 0 {
		t.Errorf("a tail waits for steps of the pipeline: %v, %v", told.ValueEdges, sealed.ValueEdges)
	}
	if len(sealed.Bindings) != 0 || !slices.Equal(sealed.Needs, []string{"a"}) || !slices.Equal(sealed.Narrow, []string{"a"}) {
		t.Errorf("needs a in a tail gives the needs %v, narrows %v and binds %+v", sealed.Needs, sealed.Narrow, sealed.Bindings)
	}
	if d := cmp.Diff([]string{"one"}, two.ValueEdges); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"sealed_not_here_but"}, two.OrderEdges); d != "" {
		t.Error(d)
	}
}

func TestLoopsAndBindings(t *testing.T) {
	p := mainOf(t, "x = op {\n for v in names where v != \"\"\n for n in [v.size()]\n needs secret_token = settings.token\n run `echo $v`\n env { T = secret_token; G = go }\n}")
	s := stepOf(t, p.Steps, "x")
	var got []string
	for _, l := range s.Loops {
		got = append(got, l.Var+": "+l.Type.String())
	}
	for _, b := range s.Bindings {
		got = append(got, b.Name+": "+b.Type.String())
	}
	for _, p := range s.Op.Params {
		got = append(got, "param "+p.Name+": "+p.Type.String())
	}
	got = append(got, s.Op.Captures...)
	want := []string{
		"v: string", "n: int", "secret_token: secret string",
		"param v: string", "param n: int", "param secret_token: secret string", "go",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error("(-want +got):", d)
	}
}

// Attributes of a file's defaults stand before an op's own, but for those that it overrides.
func TestDefaults(t *testing.T) {
	entry := filepath.Join(t.TempDir(), "ci.pipe")
	text := `
defaults {
  image "alpine"
  timeout 5m
  env { A = "1"; B = "2" }
}
op plain() { run ` + "`true`" + ` }
op own() {
  image "debian"
  env { B = "3" }
  run ` + "`true`" + `
}
op tidy() {
  in place
  run ` + "`true`" + `
}
`
	if err := os.WriteFile(entry, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	p, found := run(t, entry)
	for _, d := range found {
		t.Error(annotated.Describe(d))
	}
	for name, want := range map[string][]string{
		"plain": {`image "alpine"`, `timeout 5m`, `env { A = "1"; B = "2" }`, "run `true`"},
		"own":   {`timeout 5m`, `env { A = "1"; B = "2" }`, `image "debian"`, `env { B = "3" }`, "run `true`"},
		"tidy":  {`timeout 5m`, `env { A = "1"; B = "2" }`, `in place`, "run `true`"},
	} {
		o := p.Entry.Ops[name]
		var got []string
		for _, it := range o.Items {
			got = append(got, o.File.Source.Slice(it.Span()))
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got): %s", name, d)
		}
	}
}
