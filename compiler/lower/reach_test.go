package lower_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/compiler/plan"
)

const reachHead = `settings {
  env: "dev" | "prod" = "dev"
  on: bool = false
  missing: string
  token: secret string
  hook: url?
  n: int = 3
}

op use(text: string) {
  run ` + "`echo \"$text\"`" + `
}

op hide(token: secret string) {
  run ` + "`true`" + `
}

let file_wide = settings.env + "-x"
`

// TestReach tables which steps never run and which settings a plan reaches.
func TestReach(t *testing.T) {
	for _, c := range []struct {
		name, body           string
		never, gaps, reached []string
		set                  map[string]string
	}{
		{name: "nothing is read", body: `a = use(text: "x")`},
		{name: "an argument", body: `a = use(text: settings.missing)`, reached: []string{"missing"}},
		{name: "a secret argument", body: `a = hide(token: settings.token)`, reached: []string{"token"}},
		{name: "a false guard hides arguments", body: `a = use(text: settings.missing) { when settings.on }`,
			never: []string{"a"}, reached: []string{"on"}},
		{name: "a true guard shows them", body: `a = use(text: settings.missing) { when settings.on }`, set: map[string]string{"on": "true"},
			reached: []string{"missing", "on"}},
		{name: "a late guard shows them", body: `a = use(text: settings.missing) { when git.dirty }`, reached: []string{"missing"}},
		{name: "a constant guard", body: `a = use(text: settings.missing) { when 1 > 2 }`, never: []string{"a"}},
		{name: "false beside late", body: `a = use(text: settings.missing) { when git.dirty && settings.on }`,
			never: []string{"a"}, reached: []string{"on"}},
		{name: "false beside a missing setting", body: `a = use(text: "x") { when settings.missing == "y" && settings.on }`,
			never: []string{"a"}, reached: []string{"missing", "on"}},
		{name: "the second guard", body: "a = use(text: settings.missing) {\n when settings.env == \"dev\"\n when settings.on\n }",
			never: []string{"a"}, reached: []string{"env", "on"}},
		{name: "a guard behind a false one", body: "a = use(text: \"x\") {\n when settings.on\n when settings.missing == \"\"\n }",
			never: []string{"a"}, reached: []string{"on"}},
		{name: "needs a skipped step", body: "a = use(text: \"x\") { when settings.on }\nb = use(text: settings.missing) { needs a }\nc = use(text: \"y\") { needs b }",
			never: []string{"a", "b", "c"}, reached: []string{"on"}},
		{name: "after a skipped step", body: "a = use(text: \"x\") { when settings.on }\nb = use(text: settings.missing) { after a }",
			never: []string{"a"}, reached: []string{"missing", "on"}},
		{name: "succeeded of a skipped step", body: "a = use(text: \"x\") { when settings.on }\nb = use(text: settings.missing) { when succeeded(a) }",
			never: []string{"a", "b"}, reached: []string{"on"}},
		{name: "skipped of a skipped step", body: "a = use(text: \"x\") { when settings.on }\nb = use(text: settings.missing) { when skipped(a) }",
			never: []string{"a"}, reached: []string{"missing", "on"}},
		{name: "an unset optional", body: `a = use(text: string(h)) { needs h = settings.?hook }`, never: []string{"a"}, reached: []string{"hook"}},
		{name: "a set optional", body: "a = op {\n needs h = settings.?hook\n run `curl \"$h\"`\n}", set: map[string]string{"hook": "https://x.example"}, reached: []string{"hook"}},
		{name: "a binding behind a false guard", body: "a = op {\n needs h = settings.?hook\n when settings.on\n run `curl \"$h\"`\n}", never: []string{"a"}, reached: []string{"on"}},
		{name: "a let of the file", body: `a = use(text: file_wide)`, reached: []string{"env"}},
		{name: "a let that nobody reads", body: "let unread = settings.missing\na = use(text: \"x\")"},
		{name: "a let of the pipeline", body: "let m = settings.missing\na = use(text: m)", reached: []string{"missing"}},
		{name: "the head", body: "when settings.on\na = use(text: settings.missing)", never: []string{"a"}, reached: []string{"on"}},
		{name: "a lock", body: "lock settings.env\na = use(text: \"x\")", reached: []string{"env"}},
		{name: "an op's attribute", body: "a = op {\n env { T = settings.token }\n run `x`\n}", reached: []string{"token"}},
		{name: "the whole record", body: "a = op {\n when settings.n > 5\n env { T = settings.token }\n run `x`\n}", never: []string{"a"}, reached: []string{"n"}},
		{name: "a list for loops", body: "a = use(text: x) { for x in [settings.env] }", reached: []string{"env"}},
		{name: "a guard of each instance", body: "a = use(text: settings.missing) {\n for x in [\"a\", \"b\"]\n when x == \"a\" && settings.on\n }\nb = use(text: \"x\") { needs a }",
			gaps: []string{"a"}, reached: []string{"on"}},
		{name: "a guard of each instance of a called pipeline", body: "a = inner(text: settings.missing) {\n for x in [settings.env]\n when settings.on && x == \"dev\"\n }",
			gaps: []string{"a"}, reached: []string{"env", "on"}},
		{name: "a guard of the whole behind one of each instance", body: "a = use(text: settings.missing) {\n for x in [settings.missing]\n when x == \"a\" && settings.on\n when settings.env == \"prod\"\n }",
			never: []string{"a"}, reached: []string{"env", "on"}},
		{name: "a second guard of each instance", body: "a = use(text: \"x\") {\n for x in [\"a\"]\n when x == \"a\" && settings.on\n when x == settings.missing\n }",
			gaps: []string{"a"}, reached: []string{"on"}},
		{name: "finally", body: "a = use(text: \"x\")\nfinally { b = use(text: settings.missing) { when settings.on } }", never: []string{"b"}, reached: []string{"on"}},
		{name: "on failure", body: "a = use(text: \"x\") { when settings.on }\non failure { b = use(text: settings.missing) { needs a } }", never: []string{"a", "b"}, reached: []string{"on"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := one(reachHead + "\npipeline inner(text: string) {\n a = use(text: text)\n}\npipeline main() {\n" + c.body + "\n}\n")
			s.settings = c.set
			p, reached := s.bind(t)
			encode(t, p)
			var never, gaps, listed []string
			for s := range p.Graph.All() {
				if s.Gaps {
					gaps = append(gaps, s.Path)
				}
				if s.Never {
					never = append(never, s.Path)
				}
			}
			for _, s := range p.Settings {
				listed = append(listed, s.Name)
			}
			slices.Sort(listed)
			if d := cmp.Diff(c.never, never); d != "" {
				t.Errorf("never: %s", d)
			}
			if d := cmp.Diff(c.gaps, gaps); d != "" {
				t.Errorf("gaps: %s", d)
			}
			if d := cmp.Diff(c.reached, reached); d != "" {
				t.Errorf("reached: %s", d)
			}
			if d := cmp.Diff(c.reached, listed); d != "" {
				t.Errorf("the plan's settings: %s", d)
			}
		})
	}
}

func TestNeverLeavesNothingBehind(t *testing.T) {
	s := one(reachHead + `
op far(text: string) {
  image "far:1"
  inherit ["FAR"]
  in place
  run ` + "`true`" + `
}

pipeline main() {
  a = far(text: settings.missing) { when settings.on; retry 3 every 5s; lock "x" }
  b = inner(text: settings.missing) { when settings.on }
}

pipeline inner(text: string) {
  c = far(text: text)
}
`)
	s.files["main.pipe"] = strings.Replace(s.files["main.pipe"], "  image \"far:1\"\n", "", 1)
	p, _ := s.bind(t)
	encode(t, p)
	want := []plan.Step{
		{Path: "a", Name: "a", At: p.Graph.Steps[0].At, Op: "main.pipe.far", Result: "nothing", Type: "nothing?", Never: true, When: []plan.Guard{{Expr: plan.Expr{Value: []byte("false"), Text: "settings.on"}}}},
		{Path: "b", Name: "b", At: p.Graph.Steps[1].At, Result: "nothing", Type: "nothing?", Never: true, When: []plan.Guard{{Expr: plan.Expr{Value: []byte("false"), Text: "settings.on"}}},
			Graph: &plan.Graph{Name: "inner", Module: "main.pipe", At: p.Graph.Steps[1].Graph.At, Steps: []plan.Step{}, Result: "nothing"}},
	}
	if d := cmp.Diff(want, p.Graph.Steps); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(plan.Effects{}, p.Effects); d != "" {
		t.Error(d)
	}
	if len(p.Ops) != 0 {
		t.Errorf("the plan holds ops that never run: %v", p.Ops)
	}
}
