package engine_test

import (
	"context"
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
	"github.com/pipelang/pipe/runtime/target"
	"github.com/pipelang/pipe/runtime/target/fake"
)

// inTime runs a test where time costs nothing.
func inTime(t *testing.T, test func(*testing.T)) { synctest.Test(t, test) }

func wantTable(t *testing.T, res *engine.Result, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, table(res)); diff != "" {
		t.Error(diff)
	}
}

func TestRetry(t *testing.T) {
	fail := fake.Act{Exit: 1, Takes: time.Second}
	tests := []struct {
		name  string
		retry plan.Retry
		acts  []fake.Act
		took  time.Duration
		tries int
		want  string
	}{
		{"the second attempt", plan.Retry{Count: lit(2), Every: litp("5s")}, []fake.Act{fail, {}}, 6 * time.Second, 2, "succeeded"},
		{"used up", plan.Retry{Count: lit(2), Every: litp("5s")}, []fake.Act{fail}, 13 * time.Second, 3, "failed exit"},
		{"at once", plan.Retry{Count: lit(2)}, []fake.Act{fail}, 3 * time.Second, 3, "failed exit"},
		{"backoff", plan.Retry{Count: lit(4), Every: litp("1s"), Backoff: litp(2.0), Max: litp("3s")}, []fake.Act{fail},
			(5 + 1 + 2 + 3 + 3) * time.Second, 5, "failed exit"},
		{"a lost target", plan.Retry{Count: lit(1)}, []fake.Act{{Err: fake.ErrLost}, {}}, 0, 2, "succeeded"},
		{"a signal", plan.Retry{Count: lit(1)}, []fake.Act{{Exit: 137, Signal: "SIGKILL"}}, 0, 2, "failed signal"},
		{"when says so", plan.Retry{Count: lit(3), When: celp("exit_code == 7")}, []fake.Act{{Exit: 7}, {Exit: 8}}, 0, 2, "failed exit"},
		{"when of the output", plan.Retry{Count: lit(3), When: celp(`stderr.contains("busy")`)},
			[]fake.Act{{Exit: 7, Stderr: "busy\n"}, {Exit: 7, Stderr: "no\n"}}, 0, 2, "failed exit"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inTime(t, func(t *testing.T) {
				b := newBench(t, pipeline(step("s", func(s *plan.Step) { s.Retry = &tt.retry })))
				b.fake.On("s", tt.acts...)
				res := b.run(t.Context())
				got := row(t, res, "s")
				if text := strings.TrimSpace(string(got.Outcome) + " " + got.Cause); text != tt.want {
					t.Errorf("%s (%s), want %s", text, got.Reason, tt.want)
				}
				if got.Attempts != tt.tries || got.Duration != tt.took {
					t.Errorf("%d attempts in %v, want %d in %v", got.Attempts, got.Duration, tt.tries, tt.took)
				}
			})
		})
	}
}

// What no further attempt can mend is not tried again.
func TestNotRetried(t *testing.T) {
	tests := []struct {
		name  string
		opts  []option
		act   fake.Act
		cause string
		tries int
	}{
		{"require", []option{require("1 == 2", "no")}, fake.Act{}, engine.CauseRequire, 0},
		{"a guard", []option{when(cel(`int("x") == 1`))}, fake.Act{}, engine.CauseGuardError, 0},
		{"denial", []option{approve(`"no?"`)}, fake.Act{}, engine.CauseDenied, 0},
		{"the result's type", []option{calls("typed")}, fake.Act{Files: map[string]string{"out.json": `{"n":"many"}`}}, engine.CauseResultType, 1},
		{"a result that cannot be read", []option{calls("typed")}, fake.Act{}, engine.CauseResultError, 1},
		{"outputs that cannot be read", nil, fake.Act{OutputsErr: errors.New("name written twice: a")}, engine.CauseResultError, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inTime(t, func(t *testing.T) {
				b := newBench(t, pipeline(step("s", append(tt.opts, retries(3, "1s"))...)))
				b.opts.Approve = says(engine.Denied)
				b.fake.On("s", tt.act)
				got := row(t, b.run(t.Context()), "s")
				if got.Outcome != engine.Failed || got.Cause != tt.cause || got.Attempts != tt.tries {
					t.Errorf("%s %s after %d attempts (%s), want %s after %d", got.Outcome, got.Cause, got.Attempts, got.Reason, tt.cause, tt.tries)
				}
			})
		})
	}
}

func TestTimeoutIsOfOneAttempt(t *testing.T) {
	inTime(t, func(t *testing.T) {
		b := newBench(t, pipeline(
			step("first", lock("l", "")),
			step("s", after("tick"), lock("l", ""), timeout("10s"), retries(1, "1m")),
			step("tick"),
		))
		b.fake.On("first", fake.Act{Takes: time.Minute})
		b.fake.On("s", fake.Act{Takes: time.Hour, Stubborn: true}, fake.Act{Takes: 9 * time.Second})
		res := b.run(t.Context())
		got := row(t, res, "s")
		// 10 s and the grace of a stubborn attempt, the pause, and the second attempt; the lock apart.
		if want := 10*time.Second + engine.DefaultGrace + time.Minute + 9*time.Second; got.Outcome != engine.Succeeded || got.Duration != want {
			t.Errorf("%s (%s) in %v, want %v", got.Outcome, got.Reason, got.Duration, want)
		}
		b = newBench(t, pipeline(step("s", timeout("10s"))))
		b.fake.On("s", fake.Act{Takes: time.Hour})
		got = row(t, b.run(t.Context()), "s")
		if got.Cause != engine.CauseTimeout || got.Reason != "not done within 10s" {
			t.Errorf("%s: %s", got.Cause, got.Reason)
		}
	})
}

func TestReasonsSayWhatWasFound(t *testing.T) {
	b := newBench(t, pipeline(
		step("exit"), step("script"), step("second", calls("two")), step("signal"), step("lost"),
		step("typed", calls("typed")),
		step("required", require("1 == 2", "unit tests failed")),
		step("guarded", when(cel("1 ==  2"))),
		step("broken", when(cel(`int("x") == 1`))),
		step("reader", needs("exit")),
		step("argument", calls("echo"), arg("n", "int", cel("[1][n0]")), binds("n0", "3")),
	))
	b.fake.On("exit", fake.Act{Exit: 3, Script: "1"}).On("second", fake.Act{Exit: 2, Script: "2"}).On("script", fake.Act{Exit: 2, Script: "vet"}).
		On("signal", fake.Act{Exit: 137, Signal: "SIGKILL"}).On("lost", fake.Act{Err: fake.ErrLost}).
		On("typed", fake.Act{Files: map[string]string{"out.json": `{"n":"many"}`}})
	res := b.run(t.Context())
	want := map[string]string{
		"exit":     "exit code 3",
		"script":   `exit code 2 in "vet"`,
		"signal":   "ended by SIGKILL",
		"lost":     "the container was lost",
		"typed":    `the result does not fit { n: int }: n: expected int, found string`,
		"required": "unit tests failed",
		"guarded":  "when 1 == 2 is false",
		"broken":   `when int("x") == 1: expected int, found "x" (ci.pipe:1:1)`,
		"reader":   "exit failed",
		"argument": "arguments: n: index 3 is out of range for a list of 1 (ci.pipe:1:1)",
	}
	for path, reason := range want {
		if got := row(t, res, path).Reason; got != reason {
			t.Errorf("%s: %q, want %q", path, got, reason)
		}
	}
	if res.Outcome != engine.Failed || res.Error == "" || res.Failed == "" {
		t.Errorf("run %s, error %q, failed %q", res.Outcome, res.Error, res.Failed)
	}
}

func TestCancel(t *testing.T) {
	inTime(t, func(t *testing.T) {
		g := pipeline(
			step("done"),
			step("running", after("done")),
			step("stubborn", after("done")),
			step("locked", after("done"), lock("l", "")), step("waits", after("done"), lock("l", "")),
			step("retries", after("done"), retries(9, "1h")),
			step("asks", after("done"), approve(`"go?"`)),
			step("later", after("running")),
			step("each", after("done"), loop("x", "int", lit([]int{1, 2, 3})), func(s *plan.Step) { s.For[0].Max = litp(1) }),
		)
		g.OnFailure = []plan.Step{step("alarm")}
		g.Finally = []plan.Step{step("cleanup", calls("echo"), arg("n", "int", cel("run.status == 'cancelled' ? 1 : 1/0")))}
		b := newBench(t, g)
		b.opts.Jobs = 10
		b.fake.Default = fake.Act{Takes: time.Hour}
		b.fake.On("done", fake.Act{}).On("cleanup", fake.Act{Takes: time.Second}).On("retries", fake.Act{Exit: 1}).
			On("stubborn", fake.Act{Takes: time.Hour, Stubborn: true})
		b.opts.Approve = func(ctx context.Context, _ engine.Approval) (engine.Answer, error) {
			<-ctx.Done()
			return engine.Answer{}, ctx.Err()
		}
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		res := b.run(ctx)
		wantTable(t, res, "= cancelled", "done succeeded", "running cancelled cancelled", "stubborn cancelled cancelled",
			"locked cancelled cancelled", "waits cancelled cancelled", "retries cancelled cancelled", "asks cancelled cancelled",
			"later cancelled cancelled", "each cancelled cancelled", "each[0] cancelled cancelled", "each[1] cancelled cancelled",
			"each[2] cancelled cancelled", "cleanup succeeded")
		if want := time.Minute + engine.DefaultGrace + time.Second; res.Duration != want {
			t.Errorf("took %v, want %v", res.Duration, want)
		}
	})
}

// A run that is interrupted is cancelled, whatever failed before: nobody is alarmed.
func TestCancelAfterAFailure(t *testing.T) {
	inTime(t, func(t *testing.T) {
		g := pipeline(step("bad"), step("long"))
		g.OnFailure, g.Finally = []plan.Step{step("alarm")}, []plan.Step{step("cleanup")}
		b := newBench(t, g)
		b.fake.On("bad", fake.Act{Exit: 1}).On("long", fake.Act{Takes: time.Hour})
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		wantTable(t, b.run(ctx), "= cancelled", "bad failed exit", "long cancelled cancelled", "cleanup succeeded")
	})
}

// A second interrupt waits for nothing, finally included.
func TestKill(t *testing.T) {
	inTime(t, func(t *testing.T) {
		g := pipeline(step("s"))
		g.Finally = []plan.Step{step("cleanup")}
		b := newBench(t, g)
		kill := make(chan struct{})
		b.opts.Kill = kill
		b.fake.Default = fake.Act{Takes: time.Hour}
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		time.AfterFunc(2*time.Minute, func() { close(kill) })
		res := b.run(ctx)
		wantTable(t, res, "= cancelled", "s cancelled cancelled", "cleanup cancelled cancelled")
		if res.Duration != 2*time.Minute {
			t.Errorf("took %v", res.Duration)
		}
	})
}

// A target that hangs does not keep the second interrupt.
func TestKillDoesNotWaitForATarget(t *testing.T) {
	inTime(t, func(t *testing.T) {
		b := newBench(t, pipeline(step("s")))
		kill, hang := make(chan struct{}), make(chan struct{})
		b.opts.Kill = kill
		b.fake.On("s", fake.Act{Hook: func(context.Context, target.Job, target.Output) error { <-hang; return nil }})
		time.AfterFunc(time.Minute, func() { close(kill) })
		res, err := engine.Run(t.Context(), b.opts)
		if err != nil || res.Outcome != engine.Cancelled || res.Duration > time.Minute+10*time.Second {
			t.Errorf("%+v, %v", res, err)
		}
		close(hang)
		synctest.Wait()
		if opened, closed := b.fake.Sessions(); opened != closed {
			t.Errorf("%d sessions were opened and %d closed", opened, closed)
		}
	})
}

func TestFailFast(t *testing.T) {
	inTime(t, func(t *testing.T) {
		g := pipeline(
			step("bad"), step("allowed", mayFail), step("long"), step("later", after("long")),
			step("each", loop("x", "int", lit([]int{0, 1, 2}))),
		)
		g.OnFailure = []plan.Step{step("alarm"), step("alarm2")}
		g.Finally = []plan.Step{step("cleanup")}
		b := newBench(t, g)
		b.opts.FailFast, b.opts.Jobs = true, 10
		b.fake.On("bad", fake.Act{Exit: 1, Takes: 5 * time.Second}).On("allowed", fake.Act{Exit: 1, Takes: time.Second}).
			On("long", fake.Act{Takes: time.Hour}).On("each[1]", fake.Act{Exit: 1, Takes: 2 * time.Second}).
			On("each[*]", fake.Act{Takes: time.Hour}).On("alarm", fake.Act{Exit: 1})
		res := b.run(t.Context())
		wantTable(t, res, "= failed", "bad cancelled fail-fast", "allowed failed allowed exit", "long cancelled fail-fast", "later cancelled fail-fast",
			"each failed step-failed", "each[0] cancelled fail-fast", "each[1] failed exit", "each[2] cancelled fail-fast",
			"alarm failed exit", "alarm2 succeeded", "cleanup succeeded")
		if res.Duration != 2*time.Second || res.Failed != "each" {
			t.Errorf("took %v, failed %q", res.Duration, res.Failed)
		}
	})
}

func TestHooks(t *testing.T) {
	alarm := step("alarm", calls("echo"), arg("n", "int", cel(`run.failed == "bad" && run.error == "bad: exit code 1" && run.status == "failed" ? u.orValue(7) : 1/0`)))
	cleanup := step("cleanup", calls("echo"), arg("n", "int", cel(`u.orValue(7)`)))
	tests := []struct {
		name string
		acts map[string]fake.Act
		want []string
		err  string
	}{
		{"green", nil, []string{"= succeeded", "u succeeded", "bad succeeded", "cleanup succeeded", "needy succeeded"}, ""},
		{"red", map[string]fake.Act{"bad": {Exit: 1}},
			[]string{"= failed", "u succeeded", "bad failed exit", "alarm succeeded", "cleanup succeeded", "needy succeeded"}, "bad: exit code 1"},
		{"red, and finally fails", map[string]fake.Act{"bad": {Exit: 1}, "cleanup": {Exit: 2}},
			[]string{"= failed", "u succeeded", "bad failed exit", "alarm succeeded", "cleanup failed exit", "needy succeeded"}, "bad: exit code 1"},
		{"red, and on failure fails", map[string]fake.Act{"bad": {Exit: 1}, "alarm": {Exit: 2}},
			[]string{"= failed", "u succeeded", "bad failed exit", "alarm failed exit", "cleanup succeeded", "needy succeeded"}, "bad: exit code 1"},
		{"green, and finally fails", map[string]fake.Act{"cleanup": {Exit: 2}},
			[]string{"= failed", "u succeeded", "bad succeeded", "cleanup failed exit", "needy succeeded"}, "finally: cleanup: exit code 2"},
		{"finally takes too long", map[string]fake.Act{"cleanup": {Takes: time.Hour}},
			[]string{"= failed", "u succeeded", "bad succeeded", "cleanup cancelled cancelled", "needy succeeded"}, "finally: cleanup: finally was not done within 5m"},
		{"a failed step has no result for finally", map[string]fake.Act{"u": {Exit: 1}},
			[]string{"= failed", "u failed exit", "bad succeeded", "alarm failed eval-error", "cleanup succeeded", "needy skipped needs-skipped"}, "u: exit code 1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inTime(t, func(t *testing.T) {
				g := pipeline(step("u"), step("bad"))
				g.OnFailure, g.Finally = []plan.Step{alarm}, []plan.Step{cleanup, step("needy", func(s *plan.Step) { s.Needs = []string{"u"} })}
				b := newBench(t, g)
				for s, act := range tt.acts {
					b.fake.On(s, act)
				}
				res := b.run(t.Context())
				wantTable(t, res, tt.want...)
				if res.Error != tt.err {
					t.Errorf("run.error %q, want %q", res.Error, tt.err)
				}
			})
		})
	}
}

func TestFanOutCollectsInOrder(t *testing.T) {
	inTime(t, func(t *testing.T) {
		g := pipeline(step("all", calls("echo"),
			loop("x", "int", lit([]int{1, 2, 3})), loop("y", "int", cel("[10, 20].map(v, v * x)")), typ("[int]"),
			arg("n", "int", cel("x + y")), func(s *plan.Step) { s.For[0].Where = celp("x != 2"); s.For[1].Max = litp(2) }))
		g.Return, g.Result = celp("all"), "[int]"
		b := newBench(t, g)
		b.opts.Jobs = 10
		b.fake.On("all[0]", fake.Act{Takes: 3 * time.Second}).On("all[*]", fake.Act{Takes: time.Second})
		res := b.run(t.Context())
		if diff := cmp.Diff(value.Value(value.List{value.Int(11), value.Int(21), value.Int(33), value.Int(63)}), res.Value); diff != "" {
			t.Error(diff)
		}
		if b.fake.Peak() != 2 || res.Duration != 3*time.Second {
			t.Errorf("%d at a time in %v", b.fake.Peak(), res.Duration)
		}
	})
}

func TestFanOutEndsWithItsInstances(t *testing.T) {
	list := loop("x", "int", lit([]int{0, 1, 2}))
	opt := func(s *plan.Step) { s.Type = "[int?]" }
	tests := []struct {
		name string
		opts []option
		want []string
		val  value.Value
	}{
		{"a failure after the others", []option{list, opt},
			[]string{"= failed", "all failed step-failed", "all[0] succeeded", "all[1] failed exit", "all[2] succeeded"}, nil},
		{"an allowed failure", []option{list, opt, mayFail},
			[]string{"= succeeded", "all failed allowed step-failed", "all[0] succeeded", "all[1] failed allowed exit", "all[2] succeeded"},
			value.List{value.Int(1), value.Int(1), value.Int(1)}},
		{"allowed for another code", []option{list, opt, func(s *plan.Step) { s.AllowFailure = &plan.AllowFailure{When: celp("exit_code == 9")} }},
			[]string{"= failed", "all failed step-failed", "all[0] succeeded", "all[1] failed exit", "all[2] succeeded"}, nil},
		{"a guard of each", []option{list, opt, whenEach("x != 1")},
			[]string{"= succeeded", "all succeeded", "all[0] succeeded", "all[1] skipped guard-false", "all[2] succeeded"},
			value.List{value.Int(1), value.None{}, value.Int(1)}},
		{"a requirement of each", []option{list, opt, require("x != 2", "not 2")},
			[]string{"= failed", "all failed step-failed", "all[0] succeeded", "all[1] failed exit", "all[2] failed require"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := pipeline(step("all", tt.opts...))
			g.Return, g.Result = celp("all"), "[int?]"
			b := newBench(t, g)
			b.fake.On("all[1]", fake.Act{Exit: 1})
			res := b.run(t.Context())
			wantTable(t, res, tt.want...)
			if diff := cmp.Diff(tt.val, res.Value); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestJobsBoundAttempts(t *testing.T) {
	inTime(t, func(t *testing.T) {
		var steps []plan.Step
		for i := range 20 {
			steps = append(steps, step(fmt.Sprintf("s%d", i)))
		}
		steps = append(steps, step("each", loop("x", "int", lit(make([]int, 20)))), step("sub", graph(pipeline(step("a"), step("b")))))
		b := newBench(t, pipeline(steps...))
		b.opts.Jobs = 3
		b.fake.Default = fake.Act{Takes: time.Second}
		res := b.run(t.Context())
		if b.fake.Peak() != 3 || res.Duration != 14*time.Second {
			t.Errorf("%d at a time in %v: 42 attempts of 1s, three at a time, take 14s", b.fake.Peak(), res.Duration)
		}
	})
}

// Who waits for a lock, a person or the next attempt holds none of the jobs.
func TestWaitingHoldsNoJob(t *testing.T) {
	inTime(t, func(t *testing.T) {
		b := newBench(t, pipeline(
			step("asks", approve(`"go?"`)), step("retries", retries(1, "1h")),
			step("first", lock("l", "")), step("locked", lock("l", "")), step("free", after("tick")), step("tick"),
		))
		b.opts.Jobs = 1
		b.fake.On("retries", fake.Act{Exit: 1}, fake.Act{})
		b.opts.Approve = func(ctx context.Context, _ engine.Approval) (engine.Answer, error) {
			time.Sleep(time.Hour)
			return engine.Answer{Outcome: engine.Granted}, nil
		}
		ended := map[string]time.Duration{}
		began := time.Now()
		b.opts.Bus = event.NewBus("r1", b.masker, func(e event.Event) {
			if e.Type == event.StepFinished {
				ended[e.Step] = time.Since(began)
			}
		})
		if res := b.run(t.Context()); res.Outcome != engine.Succeeded {
			t.Error(table(res))
		}
		if ended["free"] != 0 || ended["locked"] != 0 || ended["asks"] != time.Hour || ended["retries"] != time.Hour {
			t.Error(ended)
		}
	})
}

func TestApproval(t *testing.T) {
	t.Run("nobody is there", func(t *testing.T) {
		g := pipeline(step("build"), step("deploy", needs("build"), approve(`"Deploy?"`)), step("tell", after("deploy")), step("other"))
		g.OnFailure, g.Finally = []plan.Step{step("alarm")}, []plan.Step{step("cleanup")}
		b := newBench(t, g)
		res := b.run(t.Context())
		wantTable(t, res, "= waiting", "build succeeded", "deploy waiting approval", "tell waiting upstream-waiting", "other succeeded")
		if got := row(t, res, "deploy").Reason; got != "waits for approval: Deploy?" {
			t.Error(got)
		}
	})
	t.Run("a failure counts more", func(t *testing.T) {
		g := pipeline(step("deploy", approve(`"Deploy?"`)), step("bad"))
		g.Finally = []plan.Step{step("cleanup")}
		b := newBench(t, g)
		b.fake.On("bad", fake.Act{Exit: 1})
		wantTable(t, b.run(t.Context()), "= failed", "deploy waiting approval", "bad failed exit", "cleanup succeeded")
	})
	t.Run("what is shown", func(t *testing.T) {
		s := step("deploy", calls("shown"), arg("n", "int", cel("1 + 1")), arg("token", "secret string", lit("hunter2")),
			approve(`"Deploy " + string(n0) + "?"`), binds("n0", "5"))
		b := newBench(t, pipeline(s))
		var asked []engine.Approval
		b.opts.Approve = func(_ context.Context, a engine.Approval) (engine.Answer, error) {
			if a.Digest == "" {
				t.Error("nothing stands for the arguments")
			}
			a.Digest = ""
			asked = append(asked, a)
			return engine.Answer{Outcome: engine.Granted}, nil
		}
		b.run(t.Context())
		want := []engine.Approval{{Step: "deploy", Message: "Deploy 5?", Args: map[string]value.Value{"n": value.Int(2), "token": value.String("***")}}}
		if diff := cmp.Diff(want, asked); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("one question at a time", func(t *testing.T) {
		inTime(t, func(t *testing.T) {
			b := newBench(t, pipeline(step("s", loop("x", "int", lit([]int{1, 2, 3})), approve(`"Deploy?"`), typ("[int]"))))
			asking := 0
			b.opts.Approve = func(context.Context, engine.Approval) (engine.Answer, error) {
				if asking++; asking > 1 {
					t.Error("asked while another question is open")
				}
				time.Sleep(time.Second)
				asking--
				return engine.Answer{Outcome: engine.Granted}, nil
			}
			if res := b.run(t.Context()); res.Outcome != engine.Succeeded || res.Duration != 3*time.Second {
				t.Errorf("%v in %v", table(res), res.Duration)
			}
		})
	})
	t.Run("not asked when it need not be", func(t *testing.T) {
		b := newBench(t, pipeline(step("deploy", approve(`"Deploy?"`), func(s *plan.Step) { s.Approve.When = celp("1 == 2") })))
		wantTable(t, b.run(t.Context()), "= succeeded", "deploy succeeded")
	})
}

func TestSubPipelines(t *testing.T) {
	inTime(t, func(t *testing.T) {
		sub := pipeline(step("a", calls("echo"), arg("n", "int", cel("k * 2"))), step("b", calls("echo"), reads("a"), arg("n", "int", cel("a + twice"))))
		sub.Name, sub.Params = "sub", []plan.Param{{Name: "k", Type: "int"}}
		sub.Lets = []plan.Let{{Name: "twice", Type: "int", Value: cel("a * 2")}}
		sub.Return, sub.Result = celp("b"), "int"
		sub.Finally = []plan.Step{step("cleanup")}
		g := pipeline(step("p", graph(sub), loop("x", "int", lit([]int{1, 2})), arg("k", "int", cel("x + 10")), typ("[int]"), result("int")),
			step("last", reads("p"), calls("echo"), arg("n", "int", cel("p[0] + p[1]"))))
		g.Return, g.Result = celp("last"), "int"
		b := newBench(t, g)
		res := b.run(t.Context())
		wantTable(t, res, "= succeeded", "p succeeded",
			"p[0] succeeded", "p[0]/a succeeded", "p[0]/b succeeded", "p[0]/cleanup succeeded",
			"p[1] succeeded", "p[1]/a succeeded", "p[1]/b succeeded", "p[1]/cleanup succeeded", "last succeeded")
		if res.Value != value.Int(11*6+12*6) {
			t.Error(res.Value)
		}
	})
}

// Modifiers of a called pipeline apply to the whole of it.
func TestSubPipelineModifiers(t *testing.T) {
	inTime(t, func(t *testing.T) {
		sub := func(change func(*plan.Graph)) option {
			g := pipeline(step("a"), step("b", needs("a")))
			g.OnFailure = []plan.Step{step("alarm")}
			change(&g)
			return graph(g)
		}
		same := func(*plan.Graph) {}
		b := newBench(t, pipeline(
			step("again", sub(same), retries(1, "1s")),
			step("slow", sub(same), timeout("10s"), mayFail),
			step("head", sub(func(g *plan.Graph) { g.When = []plan.Expr{cel("1 == 2")} })),
			step("refuses", sub(func(g *plan.Graph) { g.Require = []plan.Require{{Cond: cel("1 == 2"), Else: litp("not today")}} }), mayFail),
			step("limited", sub(func(g *plan.Graph) { g.Timeout = litp("5s") }), mayFail, retries(1, "1s")),
		))
		b.opts.Jobs = 20
		b.fake.On("again/a", fake.Act{Exit: 1}, fake.Act{}).On("slow/a", fake.Act{Takes: time.Hour}).On("limited/a", fake.Act{Takes: time.Minute}, fake.Act{Takes: time.Second})
		res := b.run(t.Context())
		wantTable(t, res, "= succeeded",
			"again succeeded", "again/a succeeded", "again/b succeeded",
			"slow failed allowed timeout", "slow/a cancelled cancelled", "slow/b cancelled cancelled", "slow/alarm succeeded",
			"head skipped guard-false",
			"refuses failed allowed require", "refuses/alarm succeeded",
			"limited succeeded", "limited/a succeeded", "limited/b succeeded")
		if n := row(t, res, "again").Attempts; n != 2 {
			t.Errorf("%d attempts", n)
		}
	})
}

func TestPipelineHead(t *testing.T) {
	g := pipeline(step("a"), step("b"))
	g.Finally = []plan.Step{step("cleanup")}
	g.When = []plan.Expr{cel("1 == 2")}
	wantTable(t, newBench(t, g).run(t.Context()), "= succeeded", "a skipped guard-false", "b skipped guard-false")
	g.When, g.Require = nil, []plan.Require{{Cond: cel("1 == 2"), Else: litp("not on Friday")}}
	res := newBench(t, g).run(t.Context())
	wantTable(t, res, "= failed", "cleanup succeeded")
	if res.Error != "not on Friday" {
		t.Error(res.Error)
	}
}

func TestOnly(t *testing.T) {
	sub := pipeline(step("x"), step("y", needs("x")), step("z"))
	g := pipeline(
		step("a"), step("b", reads("a")), step("c", orders("b"), when(cel("succeeded(b)"))), step("d", after("a")),
		step("p", graph(sub), needs("a")), step("q", after("b"), loop("i", "int", lit([]int{1}))),
	)
	g.Return, g.Result = celp("c"), "int"
	g.Finally = []plan.Step{step("cleanup", calls("echo"), arg("n", "int", cel("d.orValue(3)")))}
	tests := []struct {
		only []string
		want []string
	}{
		{[]string{"a"}, []string{"a"}},
		{[]string{"b"}, []string{"a", "b"}},
		{[]string{"c"}, []string{"a", "b", "c"}},
		{[]string{"d"}, []string{"d"}},
		{[]string{"q"}, []string{"q", "q[0]"}},
		{[]string{"p"}, []string{"a", "p", "p/x", "p/y", "p/z"}},
		{[]string{"p/y"}, []string{"a", "p", "p/x", "p/y"}},
		{[]string{"p/z", "d"}, []string{"a", "d", "p", "p/z"}},
		{[]string{"p/z", "p"}, []string{"a", "p", "p/x", "p/y", "p/z"}},
	}
	for _, tt := range tests {
		t.Run(strings.Join(tt.only, ","), func(t *testing.T) {
			b := newBench(t, g)
			b.opts.Only = tt.only
			want := []string{"= succeeded"}
			for _, p := range append(tt.want, "cleanup") {
				want = append(want, p+" succeeded")
			}
			wantTable(t, b.run(t.Context()), want...)
		})
	}
	b := newBench(t, g)
	b.opts.Only = []string{"p/yy"}
	if _, err := engine.Run(t.Context(), b.opts); err == nil || !strings.Contains(err.Error(), "did you mean p/y?") {
		t.Error(err)
	}
}
