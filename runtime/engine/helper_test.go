package engine_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/engine"
	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/target"
	"github.com/pipelang/pipe/runtime/target/fake"
)

// cel is a late expression, lit a known one.
func cel(text string) plan.Expr { return plan.Expr{CEL: text, At: "ci.pipe:1:1"} }

func lit(v any) plan.Expr {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return plan.Expr{Value: raw}
}

func celp(text string) *plan.Expr { x := cel(text); return &x }
func litp(v any) *plan.Expr       { x := lit(v); return &x }

// option changes a step.
type option func(*plan.Step)

// step is a call of an op that gives an int, 1 unless the test says otherwise.
func step(name string, opts ...option) plan.Step {
	s := plan.Step{Name: name, Op: "ci.pipe.one", At: "ci.pipe:1:1", Result: "int", Type: "int"}
	for _, o := range opts {
		o(&s)
	}
	return s
}

func typ(t plan.Type) option    { return func(s *plan.Step) { s.Type = t } }
func result(t plan.Type) option { return func(s *plan.Step) { s.Result = t } }
func calls(op string) option    { return func(s *plan.Step) { s.Op = "ci.pipe." + op } }
func arg(name string, t plan.Type, x plan.Expr) option {
	return func(s *plan.Step) { s.Args = append(s.Args, plan.NamedExpr{Name: name, Type: t, Value: x}) }
}
func reads(names ...string) option {
	return func(s *plan.Step) { s.ValueEdges = append(s.ValueEdges, names...) }
}
func orders(names ...string) option {
	return func(s *plan.Step) { s.OrderEdges = append(s.OrderEdges, names...) }
}
func needs(names ...string) option {
	return func(s *plan.Step) { s.Needs = append(s.Needs, names...); s.ValueEdges = append(s.ValueEdges, names...) }
}
func after(names ...string) option {
	return func(s *plan.Step) { s.After = append(s.After, names...); s.OrderEdges = append(s.OrderEdges, names...) }
}
func binds(name, x string, from ...string) option {
	return func(s *plan.Step) {
		s.Bindings = append(s.Bindings, plan.NamedExpr{Name: name, Type: "int", Value: cel(x)})
		s.ValueEdges = append(s.ValueEdges, from...)
	}
}
func when(x plan.Expr) option {
	return func(s *plan.Step) { s.When = append(s.When, plan.Guard{Expr: x}) }
}
func whenEach(x string) option {
	return func(s *plan.Step) { s.When = append(s.When, plan.Guard{Expr: cel(x), Instance: true}) }
}
func loop(name string, t plan.Type, list plan.Expr) option {
	return func(s *plan.Step) { s.For = append(s.For, plan.Loop{Var: name, Type: t, List: list}) }
}
func require(cond, message string) option {
	return func(s *plan.Step) {
		s.Require = append(s.Require, plan.Require{Cond: cel(cond), Else: litp(message)})
	}
}
func approve(message string) option {
	return func(s *plan.Step) { s.Approve = &plan.Approve{Message: cel(message)} }
}
func lock(key, policy string) option {
	return func(s *plan.Step) { s.Locks = append(s.Locks, plan.Lock{Key: lit(key), Policy: policy}) }
}
func retries(n int, every string) option {
	return func(s *plan.Step) { s.Retry = &plan.Retry{Count: lit(n), Every: litp(every)} }
}
func timeout(d string) option { return func(s *plan.Step) { s.Timeout = litp(d) } }
func mayFail(s *plan.Step)    { s.AllowFailure = &plan.AllowFailure{} }

// graph makes a step call a pipeline.
func graph(g plan.Graph) option {
	return func(s *plan.Step) { s.Op, s.Graph = "", &g; s.Result, s.Type = g.Result, g.Result }
}

func pipeline(steps ...plan.Step) plan.Graph {
	return plan.Graph{Name: "main", Module: "ci.pipe", At: "ci.pipe:1:1", Steps: steps, Result: "nothing"}
}

// ops of the test plans: one gives 1, none nothing, echo its parameter; broken's
// result cannot be read, typed's is in a file.
func ops() map[string]plan.Op {
	base := plan.Op{Module: "ci.pipe", At: "ci.pipe:1:1", Runs: []plan.Run{{Interpreter: "sh", Script: "true", At: "ci.pipe:1:1"}}}
	one, none, echo := base, base, base
	one.Name, one.Result, one.Return = "one", "int", litp(1)
	none.Name, none.Result = "none", "nothing"
	echo.Name, echo.Result, echo.Return = "echo", "int", celp("n")
	echo.Params = []plan.Param{{Name: "n", Type: "int"}}
	broken := one
	broken.Name, broken.Return = "broken", celp(`json("missing").n`)
	typed, shown := one, one
	typed.Name, typed.Result, typed.Return = "typed", "{ n: int }", celp(`json("out.json")`)
	shown.Name, shown.Params = "shown", []plan.Param{{Name: "n", Type: "int"}, {Name: "token", Type: "secret string"}}
	safe := one
	safe.Name, safe.Idempotent = "safe", true
	two := one
	two.Name, two.Runs = "two", append(one.Runs[:1:1], one.Runs[0])
	return map[string]plan.Op{"ci.pipe.kept": cachedOp(), "ci.pipe.safe": safe, "ci.pipe.two": two, "ci.pipe.typed": typed, "ci.pipe.shown": shown, "ci.pipe.broken": broken, "ci.pipe.one": one, "ci.pipe.none": none, "ci.pipe.echo": echo}
}

// newPlan completes and checks a plan.
func newPlan(t testing.TB, g plan.Graph, pools map[string]int) *plan.Plan {
	t.Helper()
	p := &plan.Plan{Schema: plan.Version, Language: "0.1", Pipeline: g.Name, Entry: "ci.pipe", Ops: ops(), Graph: g, Pools: pools,
		Modules: []plan.Module{{ID: "ci.pipe"}}}
	name(&p.Graph, "")
	if err := plan.Validate(p); err != nil {
		t.Fatalf("the test's plan is broken: %v", err)
	}
	return p
}

// name gives every step its path and sorts its edges.
func name(g *plan.Graph, prefix string) {
	for _, list := range [][]plan.Step{g.Steps, g.OnFailure, g.Finally} {
		for i := range list {
			s := &list[i]
			s.Path = prefix + s.Name
			s.OrderEdges = slices.DeleteFunc(s.OrderEdges, func(n string) bool { return slices.Contains(s.ValueEdges, n) })
			for _, edges := range []*[]string{&s.ValueEdges, &s.OrderEdges} {
				slices.Sort(*edges)
				*edges = slices.Compact(*edges)
			}
			if s.Graph != nil {
				name(s.Graph, s.Path+"/")
			}
		}
	}
}

// masker hides what has been revealed.
type masker struct {
	mu      sync.Mutex
	secrets []string
}

func (m *masker) Mask(s string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, x := range m.secrets {
		s = strings.ReplaceAll(s, x, "***")
	}
	return s
}

func (m *masker) add(s string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.secrets = append(m.secrets, s)
}

// bench is a run in the making.
type bench struct {
	t      testing.TB
	fake   *fake.Target
	opts   engine.Options
	masker *masker
	events []event.Event
}

func newBench(t testing.TB, g plan.Graph) *bench { return newBenchWith(t, g, nil) }

// newBenchWith has pools, too.
func newBenchWith(t testing.TB, g plan.Graph, pools map[string]int) *bench {
	b := &bench{t: t, fake: fake.New(), masker: &masker{}}
	bus := event.NewBus("r1", b.masker, func(e event.Event) { b.events = append(b.events, e) })
	b.opts = engine.Options{Plan: newPlan(t, g, pools), Run: target.Run{ID: "r1"}, Bus: bus, Reveal: b.masker.add, Jobs: 4,
		Targets: map[string]target.Target{"host": b.fake},
		Context: map[string]value.Value{"run": value.Record{"id": value.String("r1")}}}
	return b
}

// says is a person with one answer.
func says(v engine.Verdict) func(context.Context, engine.Approval) (engine.Answer, error) {
	return func(context.Context, engine.Approval) (engine.Answer, error) { return engine.Answer{Outcome: v}, nil }
}

func (b *bench) run(ctx context.Context) *engine.Result {
	b.t.Helper()
	res, err := engine.Run(ctx, b.opts)
	if err != nil {
		b.t.Fatalf("Run: %v", err)
	}
	if opened, closed := b.fake.Sessions(); opened != closed {
		b.t.Errorf("%d sessions were opened and %d closed", opened, closed)
	}
	if n := b.fake.Running(); n != 0 {
		b.t.Errorf("%d attempts were left under way", n)
	}
	return res
}

// table is a run's outcome and rows: "path outcome cause".
func table(res *engine.Result) []string {
	out := []string{"= " + string(res.Outcome)}
	for _, s := range res.Steps {
		line := s.Path + " " + string(s.Outcome)
		if s.Allowed {
			line += " allowed"
		}
		if s.Cause != "" {
			line += " " + s.Cause
		}
		out = append(out, line)
	}
	return out
}

func row(t testing.TB, res *engine.Result, path string) engine.StepResult {
	t.Helper()
	for _, s := range res.Steps {
		if s.Path == path {
			return s
		}
	}
	t.Fatalf("no row for %s in %v", path, table(res))
	return engine.StepResult{}
}

// trail is the run's events as short texts, outputs left out.
func (b *bench) trail() []string {
	var out []string
	for _, e := range b.events {
		if e.Type != event.StepOutput {
			out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s", e.Type, e.Step, e.Outcome)))
		}
	}
	return out
}

// files are the contents of all files below a folder.
func files(t testing.TB, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		out = append(out, path+"\n"+string(text))
		return err
	})
	if err != nil || len(out) == 0 {
		t.Fatalf("%d files, %v", len(out), err)
	}
	return out
}

func sum(text string) string {
	h := sha256.Sum256([]byte(text))
	return hex.EncodeToString(h[:])
}

// noFiles is a repository without files.
type noFiles struct{}

func (noFiles) Call(context.Context, string, []value.Value) (value.Value, error) {
	return value.List{}, nil
}
