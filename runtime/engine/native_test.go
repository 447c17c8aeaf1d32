package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/engine"
	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/native"
	"github.com/pipelang/pipe/runtime/target"
)

// withNative is a run of one step that calls a native op.
func withNative(t *testing.T, op plan.Op, f native.Op, opts ...option) *bench {
	t.Helper()
	op.Native = true
	b := withOp(t, op, opts...)
	b.opts.Natives = native.Register{"ci.pipe.own": f}
	return b
}

// A native op gets its arguments and defaults by type, and its value is the step's.
func TestNativeOp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		op := plan.Op{Result: "{ text: string, n: int }", Params: []plan.Param{{Name: "a", Type: "string"}, {Name: "b", Type: "[int]", Value: litp([]int{1, 2})}, {Name: "c", Type: "string?"}}}
		b := withNative(t, op, func(_ context.Context, c *native.Call) (value.Value, error) {
			c.Logf("part", "working on %s", c.Text("a"))
			c.Notice("look here")
			if c.Given("c") || !c.Given("a") || c.Step != "s" || c.Attempt != 1 {
				t.Errorf("%+v", c)
			}
			return value.Record{"text": value.String(c.Text("a")), "n": value.Int(len(c.Args["b"].(value.List))), "more": value.Int(1)}, nil
		}, arg("a", "string", lit("x")))
		if res := b.run(t.Context()); res.Outcome != engine.Succeeded {
			t.Fatal(table(res), res.Steps)
		}
		var got []string
		for _, e := range b.events {
			if e.Type == event.StepOutput || e.Type == event.Notice || e.Type == event.StepFinished {
				got = append(got, strings.TrimSpace(strings.Join([]string{string(e.Type), e.Section, e.Text, string(e.Value)}, " ")))
			}
		}
		want := []string{"step.output part working on x", "notice  look here", `step.finished   {"n":2,"text":"x"}`}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if opened, _ := b.fake.Sessions(); opened != 0 {
			t.Error("a place was opened for an op that runs in none")
		}
	})
}

// A native op is handed the target that its step names, or else one that a pipeline around it does.
func TestNativeTarget(t *testing.T) {
	there := litp("there")
	inner := func(opts ...option) plan.Graph {
		return pipeline(step("deep", append(opts, calls("none"), result("nothing"), typ("nothing"))...))
	}
	headed := inner()
	headed.Target = there
	tests := []struct {
		name string
		with option
		want bool
	}{
		{"none", graph(inner()), false},
		{"the step's", graph(inner(func(s *plan.Step) { s.Target = there })), true},
		{"the pipeline's", graph(headed), true},
		{"the call's", func(s *plan.Step) { graph(inner())(s); s.Target = there }, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got target.Target
			b := newBench(t, pipeline(step("s", tt.with)))
			op := ops()["ci.pipe.none"]
			op.Native = true
			b.opts.Plan.Ops["ci.pipe.none"] = op
			b.opts.Targets["there"] = b.fake
			b.opts.Natives = native.Register{"ci.pipe.none": func(_ context.Context, c *native.Call) (value.Value, error) {
				got = c.Target
				return value.None{}, nil
			}}
			if res := b.run(t.Context()); res.Outcome != engine.Succeeded || (got != nil) != tt.want {
				t.Errorf("%s, target %v", res.Outcome, got)
			}
			if opened, _ := b.fake.Sessions(); opened != 0 {
				t.Error("the place was opened for it")
			}
		})
	}
}

// A failure is repeated unless it is final; the exit code of a process within is the step's.
func TestNativeFailures(t *testing.T) {
	plainly := errors.New("the network is down")
	tests := []struct {
		name  string
		err   error
		tries int
		want  string
		exit  int
	}{
		{"any error", plainly, 3, "native: the network is down", 1},
		{"a final one", native.Finalf("it cannot be: %w", plainly), 1, "native: it cannot be: the network is down", 1},
		{"a process", &native.Failure{Reason: "RUN failed", Exit: 7}, 3, "exit: RUN failed", 7},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := 0
				b := withNative(t, plan.Op{Result: "nothing"}, func(_ context.Context, c *native.Call) (value.Value, error) {
					if n++; c.Attempt != n {
						t.Errorf("attempt %d is called %d", n, c.Attempt)
					}
					return nil, tt.err
				}, retries(2, "5s"))
				began := time.Now()
				s := row(t, b.run(t.Context()), "s")
				if got := s.Cause + ": " + s.Reason; got != tt.want || n != tt.tries || time.Since(began) != time.Duration(n-1)*5*time.Second {
					t.Errorf("%s, %d attempts in %s; want %s, %d", got, n, time.Since(began), tt.want, tt.tries)
				}
				if code := b.events[len(b.events)-2].ExitCode; code == nil || *code != tt.exit {
					t.Errorf("exit code %v, want %d", code, tt.exit)
				}
			})
		})
	}
}

// Guards of a retry read the exit code.
func TestNativeRetryWhen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		b := withNative(t, plan.Op{Result: "nothing"}, func(context.Context, *native.Call) (value.Value, error) {
			n++
			return nil, &native.Failure{Reason: "no", Exit: n}
		}, retries(5, "1s"), func(s *plan.Step) { s.Retry.When = celp(`exit_code < 3 && stdout == ""`) })
		if b.run(t.Context()); n != 3 {
			t.Errorf("%d attempts, want 3", n)
		}
	})
}

// untilStopped does nothing until it is stopped.
func untilStopped(ctx context.Context, _ *native.Call) (value.Value, error) {
	<-ctx.Done()
	return nil, fmt.Errorf("stopped: %w", context.Cause(ctx))
}

func TestNativeStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := withNative(t, plan.Op{Result: "nothing"}, untilStopped, timeout("3s"), retries(1, "1s"))
		began := time.Now()
		res := b.run(t.Context())
		if diff := cmp.Diff([]string{"= failed", "s failed timeout"}, table(res)); diff != "" || time.Since(began) != 7*time.Second {
			t.Errorf("%s\nafter %s", diff, time.Since(began))
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(2*time.Second, cancel)
		res = withNative(t, plan.Op{Result: "nothing"}, untilStopped).run(ctx)
		if diff := cmp.Diff([]string{"= cancelled", "s cancelled cancelled"}, table(res)); diff != "" {
			t.Error(diff)
		}
	})
}

// A result is held to its type, to what it declares secret, and to what is secret elsewhere.
func TestNativeResults(t *testing.T) {
	give := func(v value.Value, reveal ...string) native.Op {
		return func(_ context.Context, c *native.Call) (value.Value, error) {
			for _, s := range reveal {
				c.Reveal(s)
			}
			c.Logf("", "got %v", v)
			return v, nil
		}
	}
	tests := []struct {
		name   string
		result plan.Type
		f      native.Op
		want   string
	}{
		{"of another type", "{ n: int }", give(value.Record{"n": value.String("x")}), "s failed result-type"},
		{"declared secret", "{ token: secret string }", give(value.Record{"token": value.String("correct horse")}), "s succeeded"},
		{"secret, undeclared", "{ token: string }", give(value.Record{"token": value.String("a correct horse")}, "correct horse"), "s failed secret-in-result"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := withNative(t, plan.Op{Result: tt.result}, tt.f)
			if diff := cmp.Diff(tt.want, table(b.run(t.Context()))[1]); diff != "" {
				t.Error(diff)
			}
			all, err := json.Marshal(b.events[2:])
			if err != nil || tt.name == "secret, undeclared" && strings.Contains(string(all), "correct horse") {
				t.Errorf("%v: %s", err, all)
			}
			if b.events[len(b.events)-2].Value != nil && strings.Contains(string(b.events[len(b.events)-2].Value), "correct horse") {
				t.Errorf("the result shows the secret: %s", all)
			}
		})
	}
}

// A native op is part of the process that was killed: it is done again where it may be done twice, and
// else nobody knows what became of it until a person says so.
func TestNativeOpOfAKilledRun(t *testing.T) {
	for _, tt := range []struct {
		name       string
		idempotent bool
		assume     map[string]engine.Assumption
		unknown    bool
		attempts   []int
		value      value.Value
	}{
		{"idempotent", true, nil, false, []int{2}, value.Int(7)},
		{"not idempotent", false, nil, true, nil, nil},
		{"a person says that it was done", false, map[string]engine.Assumption{"s": {Done: true, Value: json.RawMessage("5")}}, false, nil, value.Int(5)},
		{"a person says that it is to be done again", false, map[string]engine.Assumption{"s": {}}, false, []int{2}, value.Int(7)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var attempts []int
			b := withNative(t, plan.Op{Result: "int", Idempotent: tt.idempotent}, func(_ context.Context, c *native.Call) (value.Value, error) {
				attempts = append(attempts, c.Attempt)
				return value.Int(7), nil
			})
			b.opts.Plan.Graph.Return, b.opts.Plan.Graph.Result = celp("s"), "int"
			b.opts.Assume = tt.assume
			b.past(engine.Again{}, engine.PastStep{Path: "s", Begun: true, Attempts: 1, First: 1})
			res, err := engine.Run(t.Context(), b.opts)
			var unknown *engine.UnknownError
			if errors.As(err, &unknown) != tt.unknown || err != nil && !tt.unknown {
				t.Fatalf("error %v", err)
			}
			if d := cmp.Diff(tt.attempts, attempts); d != "" {
				t.Error(d)
			}
			if !tt.unknown && (res.Outcome != engine.Succeeded || res.Value != tt.value) {
				t.Errorf("%v, %v", table(res), res.Value)
			}
		})
	}
}

// settling is a journal that writes everything down at once, and counts how often somebody waited for that or asked for it.
type settling struct{ waited, hurried int }

func (s *settling) Settled(f func(error)) {
	s.waited++
	f(nil)
}
func (s *settling) Hurry()                                           { s.hurried++ }
func (*settling) Acknowledge(string, int, func(event.Stream, int64)) {}
func (*settling) Full() <-chan error                                 { return nil }

// That a native op begins is written down first where it must not be done twice.
func TestNativeOpIsWrittenDownFirst(t *testing.T) {
	for idempotent, want := range map[bool]int{true: 1, false: 2} { // one is for the start of the run
		journal := &settling{}
		b := withNative(t, plan.Op{Result: "nothing", Idempotent: idempotent}, func(context.Context, *native.Call) (value.Value, error) {
			if journal.waited != want {
				t.Errorf("idempotent %t: waited %d times, want %d", idempotent, journal.waited, want)
			}
			return value.None{}, nil
		})
		b.opts.Journal = journal
		wantTable(t, b.run(t.Context()), "= succeeded", "s succeeded")
	}
}
