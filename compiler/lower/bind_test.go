package lower_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/compiler/lower"
	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/value"
)

// TestFailsNow tables expressions that can be evaluated already and fail.
func TestFailsNow(t *testing.T) {
	const head = "settings { n: int = 0 }\nop use(text: string = \"x\", level: int = 1 where self > 0 else \"the level is too low\") {\n run `echo \"$text\" \"$level\"`\n}\n"
	for _, c := range []struct{ name, body, want string }{
		{"a division", `a = use(level: 1 / settings.n)`, "main.pipe:6:16: "},
		{"in a guard", `a = use() { when 1 / settings.n > 0 }`, "main.pipe:6:"},
		{"in a let that is read", "let x = 10 / settings.n\na = use(level: x)", "main.pipe:6:"},
		{"an index", `a = use(text: ["a"][settings.n + 1])`, "main.pipe:6:"},
		{"a parameter's condition", `a = use(level: settings.n)`, "main.pipe:6:16: argument level: the level is too low"},
		{"in an op", "a = op {\ntimeout duration(\"x${settings.n}\")\nrun `x`\n}", "main.pipe:7:"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := one(head + "pipeline main() {\n" + c.body + "\n}\n")
			d := s.draft(t)
			p, reached, err := d.Bind(s.values(t, d))
			var bad *lower.EvalError
			if p != nil || !errors.As(err, &bad) || !strings.HasPrefix(err.Error(), c.want) {
				t.Fatalf("expected %q, found %v", c.want, err)
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("one mistake, several errors: %v", err)
			}
			if bad.Diagnostic().File == nil || bad.Message == "" {
				t.Errorf("no place or message: %+v", bad)
			}
			if strings.Contains(c.body, "settings.n") && len(reached) != 1 {
				t.Errorf("reached: %v", reached)
			}
		})
	}
}

// TestDoesNotFailNow tables what fails only if it is reached, or not before the run.
func TestDoesNotFailNow(t *testing.T) {
	for _, body := range []string{
		`a = use(level: 1 / settings.n) { when settings.n > 0 }`,
		"let x = 10 / settings.n\na = use(level: 1)",
		`a = use(level: settings.n > 0 ? 1 / settings.n : 1)`,
		`a = use(level: 1 / settings.n) { require settings.n > 0 else "n must be set" }`,
		"a = op {\nrun `x`\nreturn int(stdout) / 0\n}",
	} {
		s := one("settings { n: int = 0 }\nop use(level: int) {\n run `echo \"$level\"`\n}\npipeline main() {\n" + body + "\n}\n")
		p, _ := s.bind(t)
		encode(t, p)
	}
}

func TestArguments(t *testing.T) {
	s := one("pipeline main(name: string, level: int = 2 where self < 10 else \"at most 9\", tag: string?) {\n a = op { env { N = name + string(level); T = tag.orValue(\"none\") }\n run `x` }\n}\n")
	d := s.draft(t)
	bind := func(args map[string]value.Value) (*plan.Plan, error) {
		p, _, err := d.Bind(lower.Values{Args: args})
		return p, err
	}
	p, err := bind(map[string]value.Value{"name": value.String("x")})
	if err != nil {
		t.Fatal(err)
	}
	encode(t, p)
	env := p.Ops["main.pipe.main/a"].Env
	if env[0].Value.String() != `"x2"` || env[1].Value.String() != `"none"` {
		t.Errorf("expected folded values, found %s and %s", env[0].Value, env[1].Value)
	}
	if p, err = bind(nil); err != nil || p.Params[0].Value != nil || p.Ops["main.pipe.main/a"].Env[0].Value.CEL != "name + string(level)" {
		t.Errorf("a parameter without a value must stay late: %v", err)
	}
	if _, err = bind(map[string]value.Value{"level": value.Int(10)}); err == nil || err.Error() != "parameter level: at most 9" {
		t.Errorf("a parameter's condition: %v", err)
	}
	if _, err = bind(map[string]value.Value{"level": value.String("ten")}); err == nil || !strings.HasPrefix(err.Error(), "parameter level: expected int") {
		t.Errorf("a parameter's type: %v", err)
	}
}

func TestDraft(t *testing.T) {
	d := one(`type Account {
  user: string
}

settings {
  /// Who pays.
  account: Account
  env: "dev" | "prod" = "dev" from "DEPLOY_ENV"
  port: int = 8000 + 80 where self > 0 else "must be a port"
  token: secret string from exec ["vault", "read"]
}

profile live {
  env = "prod"
}

pipeline main(
  /// Which one.
  version: string,
  level: int = 3,
  tag: string?
) {
  a = op { env { X = version + string(level) + tag.orValue("") }
    run ` + "`x`" + ` }
}
`).draft(t)
	known := func(text string) *plan.Expr { return &plan.Expr{Value: []byte(text)} }
	want := []plan.SettingDecl{
		{Name: "account", Type: "main.pipe.Account", Doc: "Who pays.", At: "main.pipe:7:3", Variable: "ACCOUNT"},
		{Name: "env", Type: `"dev" | "prod"`, At: "main.pipe:8:3", Variable: "DEPLOY_ENV", Default: known(`"dev"`), Profiles: map[string]plan.Expr{"live": *known(`"prod"`)}},
		{Name: "port", Type: "int", At: "main.pipe:9:3", Variable: "PORT", Default: known("8080"),
			Where: &plan.Expr{CEL: "self > 0", At: "main.pipe:9:31"}, Else: known(`"must be a port"`)},
		{Name: "token", Type: "secret string", At: "main.pipe:10:3", Secret: true, Variable: "TOKEN", Exec: known(`["vault","read"]`)},
	}
	if d := cmp.Diff(want, d.Settings()); d != "" {
		t.Error(d)
	}
	if d.Types()["main.pipe.Account"] == nil {
		t.Errorf("the record of a setting is missing: %v", d.Types())
	}
	var params []string
	for _, p := range d.Params() {
		params = append(params, p.Name+" "+p.Type.String()+" "+p.Doc)
		if p.Required != (p.Name == "version") {
			t.Errorf("parameter %s: required is %v", p.Name, p.Required)
		}
	}
	if d := cmp.Diff([]string{"version string Which one.", "level int ", "tag string? "}, params); d != "" {
		t.Error(d)
	}
}

func TestUnknownPipeline(t *testing.T) {
	p := one("pipeline release() {\n a = op { run `x` }\n}\n").program(t)
	if _, err := lower.New(p, "relaese"); err == nil || err.Error() != `main.pipe has no pipeline "relaese"; did you mean "release"?` {
		t.Errorf("found %v", err)
	}
}

// TestDrift holds plan.Diff to real plans.
func TestDrift(t *testing.T) {
	make := func(env, script string) *plan.Plan {
		s := one("settings { env: string }\nop show(env: string) {\n run `" + script + "`\n}\npipeline main() {\n a = show(env: settings.env)\n}\n")
		s.settings = map[string]string{"env": env}
		p, _ := s.bind(t)
		return p
	}
	if d := cmp.Diff([]string(nil), plan.Diff(make("x", "echo \"$env\""), make("x", "echo \"$env\""))); d != "" {
		t.Error(d)
	}
	want := []string{`source main.pipe changed`, `setting env was "x", is "y"`, `op main.pipe.show changed: runs`, `step a changed: args`}
	if d := cmp.Diff(want, plan.Diff(make("x", "echo \"$env\""), make("y", "print \"$env\""))); d != "" {
		t.Error(d)
	}
}

// TestCalledTwice holds both calls of a pipeline to their own values: the inline op that
// they share keeps the pipeline's names, and each call has the lets that it reads.
func TestCalledTwice(t *testing.T) {
	p, _ := one(`pipeline inner(name: string) {
  let title = "part " + name
  a = op {
    env { TITLE = title; NAME = name }
    run ` + "`x`" + `
  }
}

pipeline main() {
  one = inner(name: "one")
  two = inner(name: "two") { after one }
}
`).bind(t)
	encode(t, p)
	for i, want := range []string{`"part one"`, `"part two"`} {
		lets := p.Graph.Steps[i].Graph.Lets
		if len(lets) != 1 || lets[0].Value.String() != want {
			t.Errorf("call %d: expected the let %s, found %v", i+1, want, lets)
		}
	}
	for _, e := range p.Ops["main.pipe.inner/a"].Env {
		if e.Value.CEL == "" {
			t.Errorf("the shared op has the value of one call: %s = %s", e.Name, e.Value)
		}
	}
}
