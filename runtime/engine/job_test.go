package engine_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/engine"
	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/target"
	"github.com/pipelang/pipe/runtime/target/fake"
)

// withOp adds an op to a bench's plan and lets step s call it.
func withOp(t *testing.T, op plan.Op, opts ...option) *bench {
	t.Helper()
	b := newBench(t, pipeline(step("s", append([]option{func(s *plan.Step) { s.Result, s.Type = op.Result, op.Result }}, opts...)...)))
	op.Name, op.Module, op.At = "own", "ci.pipe", "ci.pipe:9:1"
	if op.Runs == nil && op.Exec == nil {
		op.Runs = []plan.Run{{Interpreter: "sh", Script: "true", At: "ci.pipe:9:3"}}
	}
	b.opts.Plan.Ops["ci.pipe.own"] = op
	b.opts.Plan.Graph.Steps[0].Op = "ci.pipe.own"
	return b
}

func TestJobIsTheOpEvaluated(t *testing.T) {
	file := value.File{Name: "a.txt", Digest: "sha256:" + strings.Repeat("0", 64), Size: 1, Mode: 0o644}
	op := plan.Op{
		Result: "nothing", Folder: "services/api", Inherit: []string{"CI"}, InPlace: true,
		Params: []plan.Param{{Name: "n", Type: "int"}, {Name: "token", Type: "secret string"}, {Name: "note", Type: "string?"},
			{Name: "port", Type: "int", Value: celp("n + 1"), Where: celp("self > 1"), Else: litp("no")}, {Name: "f", Type: "file"}},
		Runs: []plan.Run{
			{Title: "vet", Interpreter: "sh", Script: "go vet", At: "x"},
			{Interpreter: "bash", Script: "never", When: celp("n == 0"), At: "x"},
			{Title: "tell", Interpreter: "python", Script: "print()", OnFailure: true, When: celp("n == 5"), At: "x"},
		},
		Env: []plan.NamedExpr{{Name: "PORT", Type: "int", Value: cel("port")}, {Name: "WAIT", Type: "duration", Value: lit("10m")},
			{Name: "NOTE", Type: "string?", Value: cel("note")}, {Name: "WHO", Type: "string", Value: cel(`run.id + "!"`)}},
		Inputs: litp([]string{"*.go", "/go.mod", "!x.go"}), Workdir: litp("sub"), Keep: litp([]string{"*.xml"}),
		Mounts: []plan.Mount{{Path: lit("in"), Value: celp("[f]"), Type: "[file]"}, {Path: lit("/tok"), Value: celp("token"), Type: "secret string"},
			{Path: lit("/c"), Cache: "go"}},
		Grace: litp("3s"), SuccessCodes: litp([]int{0, 3}), Retry: &plan.Retry{Count: lit(1)}, Timeout: litp("1m"),
	}
	fileRaw, _ := value.Marshal(file)
	b := withOp(t, op, arg("n", "int", lit(5)), arg("token", "secret string", lit("hunter2")), arg("note", "string?", lit(nil)),
		arg("f", "file", plan.Expr{Value: fileRaw}))
	b.fake.On("s", fake.Act{Exit: 1}, fake.Act{Exit: 3, Files: map[string]string{"a.xml": "1"}})
	wantTable(t, b.run(t.Context()), "= succeeded", "s succeeded")
	token := "hunter2"
	want := target.Job{
		Step: "s", Attempt: 2,
		Scripts: []target.Script{{Title: "vet", Interpreter: "sh", Text: "go vet"}, {Title: "tell", Interpreter: "python", Text: "print()", OnFailure: true}},
		Params: []target.Param{{Name: "n", Value: value.Int(5)}, {Name: "token", Value: value.String("hunter2"), Secret: true},
			{Name: "f", Value: file}, {Name: "port", Value: value.Int(6)}},
		Env:     []target.EnvVar{{Name: "PORT", Value: "6"}, {Name: "WAIT", Value: "600s"}, {Name: "WHO", Value: "r1!"}},
		Inherit: []string{"CI"}, Inputs: []string{"services/api/*.go", "go.mod", "!services/api/x.go"},
		Mounts: []target.Mount{{Path: "services/api/in", Files: []value.Value{file}, List: true}, {Path: "tok", Text: &token, Secret: true}, {Path: "c", Cache: "go"}},
		Folder: "services/api", Workdir: "services/api/sub", InPlace: true, Keep: []string{"*.xml"}, Grace: 3 * time.Second, SuccessCodes: []int{0, 3},
	}
	jobs := b.fake.Jobs()
	if diff := cmp.Diff(want, jobs[len(jobs)-1]); diff != "" {
		t.Error(diff)
	}
	kept := ""
	for _, e := range b.events {
		if e.Type == event.StepKept {
			kept += string(e.Value)
		}
	}
	if kept != `["a.xml"]` {
		t.Errorf("kept %s", kept)
	}
	if b.masker.Mask("hunter2") != "***" {
		t.Error("a secret argument was not revealed to the masker")
	}
}

func TestParametersAreChecked(t *testing.T) {
	op := plan.Op{Result: "nothing", Params: []plan.Param{{Name: "n", Type: "int", Where: celp("self < 3"), Else: celp(`"found " + string(self)`)}}}
	b := withOp(t, op, arg("n", "int", lit(5)))
	res := b.run(t.Context())
	wantTable(t, res, "= failed", "s failed eval-error")
	if got := row(t, res, "s").Reason; got != "arguments: parameter n: found 5" {
		t.Error(got)
	}
	b.opts.Plan.Params = []plan.Param{{Name: "k", Type: "int", Value: litp(9), Where: celp("self < 3")}}
	if _, err := engine.Run(t.Context(), b.opts); err == nil || err.Error() != "parameter k: self < 3 is not true" {
		t.Error(err)
	}
}

// Everything that return may read, whatever the exit code.
func TestReturn(t *testing.T) {
	act := fake.Act{Exit: 1, Stdout: "out\n", Stderr: "err\n", Outputs: map[string]string{"tag": "v1"}, Files: map[string]string{
		"a.json": `{"n": 3, "list": [1.5, null]}`, "a.yaml": "n: 4\n", "two.yaml": "n: 4\n---\nn: 5\n", "cut.json": `{"n":`, "a.txt": "text", "d/x": "1", "d/y": "22",
		"junit.xml": `<testsuite><testcase name="a"/><testcase name="b"><failure>no</failure></testcase></testsuite>`,
		"go.json":   `{"Action":"run","Package":"p","Test":"T"}` + "\n" + `{"Action":"pass","Package":"p","Test":"T"}` + "\n" + `{"Action":"pass","Package":"p"}` + "\n",
	}}
	tests := []struct {
		typ  plan.Type
		expr string
		want value.Value
	}{
		{"int", "exit_code", value.Int(1)},
		{"string", `stdout + "," + stderr`, value.String("out,err")},
		{"string", "outputs.tag", value.String("v1")},
		{"int", `json("a.json").n`, value.Int(3)},
		{"{ n: int }", `yaml("a.yaml")`, value.Record{"n": value.Int(4)}},
		{"string", `text("a.txt")`, value.String("text")},
		{"int", `junit("junit.xml").failed * 10 + junit("junit.xml").passed`, value.Int(11)},
		{"int", `gotest("go.json").passed`, value.Int(1)},
		{"int", `files("d/*").size()`, value.Int(2)},
		{"file", `file("a.txt")`, value.File{Name: "a.txt", Digest: "sha256:982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1", Size: 4, Mode: 0o644}},
		{"{ total: int }", `{ total: exit_code + n }`, value.Record{"total": value.Int(6)}},
	}
	for _, tt := range tests {
		t.Run(tt.expr, func(t *testing.T) {
			b := withOp(t, plan.Op{Result: tt.typ, Return: celp(tt.expr), SuccessCodes: litp([]int{1}), Params: []plan.Param{{Name: "n", Type: "int"}}}, arg("n", "int", lit(5)))
			b.opts.Plan.Graph.Return, b.opts.Plan.Graph.Result = celp("s"), tt.typ
			b.fake.On("s", act)
			res := b.run(t.Context())
			if diff := cmp.Diff(tt.want, res.Value); diff != "" {
				t.Error(diff, table(res), res.Error)
			}
		})
	}
	for expr, reason := range map[string]string{
		`json("none.json").n`: "return: none.json does not exist (ci.pipe:1:1)",
		`json("a.txt").n`:     "return: a.txt: not JSON: invalid character 'e' in literal true (expecting 'r') (ci.pipe:1:1)",
		`yaml("two.yaml").n`:  "return: two.yaml: it holds more than one document (ci.pipe:1:1)",
		`json("cut.json").n`:  "return: cut.json: not JSON: it is cut off (ci.pipe:1:1)",
		`outputs.nope`:        `return: there is no field "nope" (ci.pipe:1:1)`,
	} {
		b := withOp(t, plan.Op{Result: "string", Return: celp(expr), SuccessCodes: litp([]int{1})})
		b.fake.On("s", act)
		if got := row(t, b.run(t.Context()), "s"); got.Cause != engine.CauseResultError || !strings.HasPrefix(got.Reason, reason[:25]) {
			t.Errorf("%s: %s %q, want %q", expr, got.Cause, got.Reason, reason)
		}
	}
}

func TestSecretsInResults(t *testing.T) {
	t.Run("a plain result that holds one fails", func(t *testing.T) {
		for _, tt := range []struct {
			typ  plan.Type
			expr string
			at   string
		}{
			{"string", "stdout", "the result holds a secret and is not declared secret"},
			{"{ a: [string] }", `{ a: ["x", stdout] }`, "the result holds a secret at .a[1], which is not declared secret"},
			{"{string: string}", `{"k": stdout}`, "the result holds a secret at .k, which is not declared secret"},
		} {
			b := withOp(t, plan.Op{Result: tt.typ, Return: celp(tt.expr), Keep: litp([]string{"*"})})
			b.masker.add("hunter2")
			b.fake.On("s", fake.Act{Stdout: "token=hunter2\n", Files: map[string]string{"a": "1"}})
			got := row(t, b.run(t.Context()), "s")
			for _, e := range b.events {
				if e.Type == event.StepKept || strings.Contains(string(e.Value), "hunter2") {
					t.Errorf("%+v", e)
				}
			}
			if got.Cause != engine.CauseSecret || got.Reason != tt.at {
				t.Errorf("%s %q", got.Cause, got.Reason)
			}
		}
	})
	t.Run("a secret result is revealed and never shown", func(t *testing.T) {
		b := withOp(t, plan.Op{Result: "{ token: secret string, user: string }", Return: celp(`{ token: stdout, user: "u" }`)})
		b.opts.Plan.Graph.Steps = append(b.opts.Plan.Graph.Steps, step("echo", reads("s"), calls("shown"), arg("n", "int", lit(1)), arg("token", "secret string", cel("s.token"))))
		name(&b.opts.Plan.Graph, "")
		b.fake.On("s", fake.Act{Stdout: "t0psecret\n"}).On("echo", fake.Act{Stdout: "is t0psecret\n"})
		wantTable(t, b.run(t.Context()), "= succeeded", "s succeeded", "echo succeeded")
		seen := ""
		for _, e := range b.events {
			if e.Type == event.StepFinished && e.Step == "s" {
				seen += string(e.Value)
			}
			if e.Type == event.StepOutput && e.Step == "echo" {
				seen += e.Text
			}
		}
		if seen != `{"token":"***","user":"u"}is ***` {
			t.Error(seen)
		}
	})
}

func TestSettingsModulesAndContext(t *testing.T) {
	g := pipeline(step("s", calls("echo"), arg("n", "int", cel("settings.port + size(settings.token) + far + near"))))
	g.Return, g.Result = celp("s"), "int"
	b := newBench(t, g)
	p := b.opts.Plan
	p.Settings = []plan.Setting{{Name: "port", Type: "int", Value: []byte("80")}, {Name: "token", Type: "secret string", Secret: true}}
	p.Modules[0].Lets = []plan.Let{{Name: "near", Type: "int", Value: cel("2 * far")}, {Name: "far", Type: "int", Value: cel(`size(glob("*.go"))`)}}
	p.Modules[0].Folder = "ci"
	b.opts.Setting = func(name string) (value.Value, bool) { return value.String("hunter2"), name == "token" }
	asked := 0
	b.opts.Repo = hostFunc(func(function string, args []value.Value) (value.Value, error) {
		asked++
		if function != "glob" || args[0] != value.String("ci/*.go") {
			return nil, errors.New("asked for something else")
		}
		return value.List{value.String("a"), value.String("b")}, nil
	})
	res := b.run(t.Context())
	if res.Value != value.Int(80+7+2+4) || asked != 1 {
		t.Errorf("%v %v, the repository was asked %d times", res.Value, res.Error, asked)
	}
	if b.masker.Mask("hunter2") != "***" {
		t.Error("a secret setting was not revealed to the masker")
	}
}

type hostFunc func(function string, args []value.Value) (value.Value, error)

func (f hostFunc) Call(_ context.Context, function string, args []value.Value) (value.Value, error) {
	return f(function, args)
}

// What could only fail halfway keeps the run from starting.
func TestRefusals(t *testing.T) {
	tests := []struct {
		name string
		op   plan.Op
		opts []option
		want string
	}{
		{"an image", plan.Op{Image: litp("alpine")}, nil, "step s (ci.pipe:1:1) wants the image of op own, and this pipe has no target that runs images: leave image out to run it on this machine"},
		{"a native op", plan.Op{Native: true}, nil, "step s (ci.pipe:1:1) calls own, which is built into pipe but not into this version of it: use a pipe that has it, or an op that runs a script"},
		{"a target", plan.Op{}, []option{func(s *plan.Step) { s.Target = litp("prod") }}, `step s (ci.pipe:1:1): there is no target "prod" here: this version of pipe runs on host`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.op.Result = "nothing"
			b := withOp(t, tt.op, tt.opts...)
			_, err := engine.Run(t.Context(), b.opts)
			if err == nil || err.Error() != tt.want {
				t.Errorf("%v\nwant %s", err, tt.want)
			}
			if len(b.fake.Jobs())+len(b.events) > 0 {
				t.Error("something has started")
			}
			// A step that is known not to run may ask for anything.
			b = withOp(t, tt.op, append(tt.opts, when(lit(false)), func(s *plan.Step) { s.Never = true })...)
			if res := b.run(t.Context()); res.Outcome != engine.Succeeded {
				t.Error(table(res))
			}
		})
	}
	b := newBench(t, pipeline(step("s")))
	b.fake.OpenErr = errors.New("no room")
	if _, err := engine.Run(t.Context(), b.opts); err == nil || err.Error() != "target host cannot be opened: no room" {
		t.Error(err)
	}
}

// What a place could not remove does not change how a run ended, and is told.
func TestPlaceThatLeavesSomething(t *testing.T) {
	b := newBench(t, pipeline(step("s")))
	b.fake.CloseErr = errors.New("a folder is still there")
	if res := b.run(t.Context()); res.Outcome != engine.Succeeded || !errors.Is(res.Left, b.fake.CloseErr) {
		t.Errorf("%s, left: %v", table(res), res.Left)
	}
}

func TestTargetsAreChosen(t *testing.T) {
	sub := pipeline(step("plain"), step("own", func(s *plan.Step) { s.Target = litp("host") }))
	sub.Target = litp("far")
	g := pipeline(step("p", graph(sub)), step("late", func(s *plan.Step) { s.Target = celp(`"no" + "where"`) }))
	b := newBench(t, g)
	far := fake.New()
	b.opts.Targets["far"] = far
	res := b.run(t.Context())
	wantTable(t, res, "= failed", "p succeeded", "p/plain succeeded", "p/own succeeded", "late failed no-target")
	if diff := cmp.Diff([]string{"p/plain"}, far.Started()); diff != "" {
		t.Error(diff)
	}
	if got := row(t, res, "late").Reason; got != `there is no target "nowhere" here: this version of pipe runs on far, host` {
		t.Error(got)
	}
}

func TestOutputIsPublishedInOrder(t *testing.T) {
	b := newBench(t, pipeline(step("s")))
	b.masker.add("hunter2")
	b.fake.On("s", fake.Act{Hook: func(_ context.Context, _ target.Job, out target.Output) error {
		for range 1000 {
			out.Write(event.Stdout, "a", []byte("one\ntw"))
			out.Write(event.Stdout, "a", []byte("o hunter"))
			out.Write(event.Stdout, "a", []byte("2\n"))
		}
		out.Write(event.Stderr, "a", []byte("end"))
		return nil
	}})
	b.run(t.Context())
	var text []string
	for _, e := range b.events {
		if e.Type == event.StepOutput {
			text = append(text, e.Text)
		}
	}
	if len(text) != 2001 || text[0] != "one" || text[1] != "two ***" || text[2000] != "end" {
		t.Errorf("%d lines, %q", len(text), text[:2])
	}
}
