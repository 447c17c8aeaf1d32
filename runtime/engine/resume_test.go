package engine_test

import (
	"encoding/json"
	"errors"
	"slices"
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

// past makes a bench go on with steps that ended or began before.
func (b *bench) past(again engine.Again, steps ...engine.PastStep) *bench {
	b.opts.Past = &engine.Past{Steps: steps}
	b.opts.Reset = b.opts.Past.Reset(b.opts.Plan, again)
	return b
}

func had(path string, o engine.Outcome, v string) engine.PastStep {
	s := engine.PastStep{Path: path, Outcome: o, Attempts: 1, First: 1}
	if v != "" {
		s.Value = json.RawMessage(v)
	}
	return s
}

func began(path string, attempt, first int) engine.PastStep {
	return engine.PastStep{Path: path, Begun: true, Attempts: attempt, First: first, Place: "host"}
}

// survive makes the bench's place one whose attempts can be found again.
func (b *bench) survive() fake.Survivor {
	s := fake.Survivor{Target: b.fake}
	b.opts.Targets = map[string]target.Target{"host": s}
	return s
}

func (b *bench) attempts() []string {
	var out []string
	for _, j := range b.fake.Jobs() {
		out = append(out, j.Step+"."+string(rune('0'+j.Attempt)))
	}
	slices.Sort(out)
	return out
}

func TestWhatEndedBeforeStands(t *testing.T) {
	g := pipeline(
		step("a"),
		step("b", reads("a"), calls("echo"), arg("n", "int", cel("a + 1"))),
		step("c", reads("b"), calls("echo"), arg("n", "int", cel("b + 1"))),
		step("no", when(cel("1 == 2")), typ("int?")),
		step("bad"),
		step("after", reads("bad"), calls("echo"), arg("n", "int", cel("bad"))),
	)
	steps := []engine.PastStep{had("a", engine.Succeeded, "41"), had("no", engine.Skipped, ""), had("bad", engine.Failed, ""), had("after", engine.Abandoned, "")}
	for _, tt := range []struct {
		name   string
		again  engine.Again
		starts []string
		table  []string
		reset  []string
	}{
		{"a run that was killed goes on", engine.Again{}, []string{"b.1", "c.1"},
			[]string{"= failed", "a succeeded", "b succeeded", "c succeeded", "no skipped guard-false", "bad failed", "after abandoned upstream-failed"},
			[]string{"no", "after"}},
		{"a run that had ended is taken up from failure", engine.Again{Over: true}, []string{"after.2", "b.1", "bad.2", "c.1"},
			[]string{"= succeeded", "a succeeded", "b succeeded", "c succeeded", "no skipped guard-false", "bad succeeded", "after succeeded"},
			[]string{"no", "bad", "after"}},
		{"from a step on", engine.Again{From: []string{"a"}}, []string{"a.2", "b.1", "c.1"},
			[]string{"= failed", "a succeeded", "b succeeded", "c succeeded", "no skipped guard-false", "bad failed", "after abandoned upstream-failed"},
			[]string{"a", "no", "after"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, g).past(tt.again, steps...)
			b.fake.On("none")
			res := b.run(t.Context())
			if diff := cmp.Diff(tt.table, table(res)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.starts, b.attempts()); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.reset, b.opts.Reset); diff != "" {
				t.Errorf("reset: %s", diff)
			}
			if c := row(t, res, "c"); tt.name == "from a step on" && c.Outcome != engine.Succeeded {
				t.Error(c)
			}
		})
	}
}

func TestInterruptedAttempts(t *testing.T) {
	idempotent := func(s *plan.Step) { s.Op = "ci.pipe.safe" }
	for _, tt := range []struct {
		name    string
		opts    []option
		past    engine.PastStep
		left    []target.Trace
		act     fake.Act
		assume  map[string]engine.Assumption
		starts  []string
		adopted int
		outcome engine.Outcome
		unknown bool
	}{
		{name: "goes on", past: began("s", 1, 1), left: []target.Trace{{Step: "s", Attempt: 1, State: target.Running}}, act: fake.Act{Takes: time.Hour}, adopted: 1, outcome: engine.Succeeded},
		{name: "ended while nobody looked", past: began("s", 1, 1), left: []target.Trace{{Step: "s", Attempt: 1, State: target.Ended}}, act: fake.Act{Exit: 3}, adopted: 1, outcome: engine.Failed},
		{name: "never began", past: began("s", 1, 1), starts: []string{"s.1"}, outcome: engine.Succeeded},
		{name: "began before it was written down", past: engine.PastStep{Path: "other"}, left: []target.Trace{{Step: "s", Attempt: 1, State: target.Ended}}, adopted: 1, outcome: engine.Succeeded},
		{name: "lost", past: began("s", 1, 1), left: []target.Trace{{Step: "s", Attempt: 1, State: target.Lost}}, unknown: true},
		{name: "lost and idempotent", opts: []option{idempotent}, past: began("s", 1, 1), left: []target.Trace{{Step: "s", Attempt: 1, State: target.Lost}}, starts: []string{"s.2"}, adopted: 1, outcome: engine.Succeeded},
		{name: "lost, and done again", past: began("s", 1, 1), left: []target.Trace{{Step: "s", Attempt: 1, State: target.Lost}}, assume: map[string]engine.Assumption{"s": {}}, starts: []string{"s.2"}, adopted: 1, outcome: engine.Succeeded},
		{name: "lost, and taken for done", past: began("s", 1, 1), left: []target.Trace{{Step: "s", Attempt: 1, State: target.Lost}}, assume: map[string]engine.Assumption{"s": {Done: true}}, adopted: 1, outcome: engine.Succeeded},
		{name: "the second attempt failed while nobody looked", opts: []option{retries(2, "1s")}, past: began("s", 2, 1), left: []target.Trace{{Step: "s", Attempt: 2, State: target.Ended}},
			act: fake.Act{Exit: 1}, adopted: 1, starts: []string{"s.3"}, outcome: engine.Succeeded},
		{name: "no attempt is left", opts: []option{retries(1, "1s")}, past: began("s", 2, 1), left: []target.Trace{{Step: "s", Attempt: 2, State: target.Ended}},
			act: fake.Act{Exit: 1}, adopted: 1, outcome: engine.Failed},
		{name: "two attempts were not closed", opts: []option{retries(3, "1s")}, past: began("s", 1, 1), left: []target.Trace{{Step: "s", Attempt: 1, State: target.Ended}, {Step: "s", Attempt: 2, State: target.Running}},
			act: fake.Act{Exit: 1}, adopted: 2, starts: []string{"s.3"}, outcome: engine.Succeeded},
		{name: "one that is written down was not closed", past: had("s", engine.Succeeded, "1"), left: []target.Trace{{Step: "s", Attempt: 1, State: target.Ended}}, adopted: 1, outcome: engine.Succeeded},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inTime(t, func(t *testing.T) {
				b := newBench(t, pipeline(step("s", tt.opts...)))
				b.survive()
				for _, trace := range tt.left {
					b.fake.Leave(trace, tt.act)
				}
				b.past(engine.Again{}, tt.past)
				b.opts.Assume = tt.assume
				res, err := engine.Run(t.Context(), b.opts)
				var unknown *engine.UnknownError
				if errors.As(err, &unknown) != tt.unknown || err != nil && !tt.unknown {
					t.Fatalf("error %v", err)
				}
				if tt.unknown {
					if len(unknown.Steps) != 1 || unknown.Steps[0] != (engine.UnknownStep{Path: "s", Attempt: 1}) || len(b.events) > 0 {
						t.Errorf("%v, %v", unknown, b.trail())
					}
					return
				}
				if got := row(t, res, "s").Outcome; got != tt.outcome {
					t.Errorf("%s, want %s", got, tt.outcome)
				}
				if diff := cmp.Diff(tt.starts, b.attempts()); diff != "" {
					t.Error(diff)
				}
				if n := len(b.fake.Adopted()); n != tt.adopted {
					t.Errorf("%d attempts were adopted, want %d", n, tt.adopted)
				}
				for _, left := range b.fake.Left() {
					if left.State != target.Lost {
						t.Errorf("%+v was not closed", left)
					}
				}
			})
		})
	}
}

// A place that finds nothing again leaves every attempt that began unknown.
func TestPlaceWithoutMemory(t *testing.T) {
	b := newBench(t, pipeline(step("a"), step("s"))).past(engine.Again{}, began("s", 1, 1))
	_, err := engine.Run(t.Context(), b.opts)
	if err == nil || err.Error() != "what became of s (attempt 1) is not known" {
		t.Errorf("error %v", err)
	}
}

// A run that cannot go on because one of its places cannot be opened leaves the others as they are: closing one
// ends what goes on there.
func TestPlaceThatCannotBeOpened(t *testing.T) {
	g := pipeline(step("s"), step("far", func(s *plan.Step) { s.Target = litp("away") }))
	b := newBench(t, g).past(engine.Again{}, began("s", 1, 1))
	b.survive()
	b.fake.Leave(target.Trace{Step: "s", Attempt: 1, State: target.Running}, fake.Act{})
	away := fake.New()
	away.OpenErr = errors.New("it is away")
	b.opts.Targets["away"] = away
	if _, err := engine.Run(t.Context(), b.opts); err == nil || err.Error() != "target away cannot be opened: it is away" {
		t.Errorf("error %v", err)
	}
	if opened, closed := b.fake.Sessions(); opened != 1 || closed != 0 {
		t.Errorf("%d sessions were opened and %d closed", opened, closed)
	}
}

// After the machine went down, a place that knows nothing of an attempt does not say that it never began.
func TestMachineWentDown(t *testing.T) {
	again := func(word map[string]engine.Assumption) *bench {
		safe := step("r", func(s *plan.Step) { s.Op = "ci.pipe.safe" })
		b := newBench(t, pipeline(step("a"), step("s"), safe)).past(engine.Again{}, began("s", 1, 1), began("r", 1, 1))
		b.survive()
		b.opts.Past.Restarted, b.opts.Assume = true, word
		return b
	}
	if _, err := engine.Run(t.Context(), again(nil).opts); err == nil || err.Error() != "what became of s (attempt 1) is not known" {
		t.Errorf("error %v", err)
	}
	b := again(map[string]engine.Assumption{"s": {}})
	if res := b.run(t.Context()); res.Outcome != engine.Succeeded {
		t.Error(table(res))
	}
	if diff := cmp.Diff([]string{"a.1", "r.2", "s.2"}, b.attempts()); diff != "" {
		t.Error(diff)
	}
}

func TestAssumedValue(t *testing.T) {
	g := pipeline(step("s"), step("r", reads("s"), calls("echo"), arg("n", "int", cel("s + 1"))))
	g.Return, g.Result = celp("r"), "int"
	for _, tt := range []struct {
		word engine.Assumption
		want string
	}{
		{engine.Assumption{Done: true}, "the value of s is read: say which it is, as s=done:JSON, a int"},
		{engine.Assumption{Done: true, Value: json.RawMessage(`"x"`)}, "the value of s does not fit int"},
		{engine.Assumption{Done: true, Value: json.RawMessage(`41`)}, ""},
	} {
		b := newBench(t, g).past(engine.Again{}, began("s", 1, 1))
		b.opts.Assume = map[string]engine.Assumption{"s": tt.word}
		res, err := engine.Run(t.Context(), b.opts)
		var refused *engine.AssumptionError
		switch {
		case tt.want != "" && (!errors.As(err, &refused) || !strings.HasPrefix(err.Error(), tt.want)):
			t.Errorf("error %v, want %s", err, tt.want)
		case tt.want == "" && (err != nil || res.Value != value.Int(42)):
			t.Errorf("%v, %v", res, err)
		}
	}
}

// Instances are known by what they are about, wherever in the list that now stands.
func TestInstancesKeepTheirNumbers(t *testing.T) {
	list := func(l any) plan.Graph {
		return pipeline(step("s", loop("x", "int", lit(l)), typ("[int]"), calls("echo"), arg("n", "int", cel("x * 10"))))
	}
	first := newBench(t, list([]int{1, 2, 2, 3}))
	first.opts.Past = &engine.Past{} // so that elements are told apart
	first.opts.Past.Reset(first.opts.Plan, engine.Again{})
	first.run(t.Context())
	var steps []engine.PastStep
	for _, e := range first.events {
		if e.Type == event.StepFinished && e.Step != "s[1]" {
			s := had(e.Step, engine.Outcome(e.Outcome), string(e.Value))
			s.Element = e.Element
			steps = append(steps, s)
		}
	}
	steps = slices.DeleteFunc(steps, func(s engine.PastStep) bool { return s.Path == "s" })
	g := list([]int{3, 2, 2, 5, 1})
	g.Return, g.Result = celp("s"), "[int]"
	b := newBench(t, g).past(engine.Again{Lists: []string{"s"}}, steps...)
	res := b.run(t.Context())
	if diff := cmp.Diff([]string{"s[5].1", "s[6].1"}, b.attempts()); diff != "" {
		t.Error(diff)
	}
	want := value.List{value.Int(30), value.Int(20), value.Int(20), value.Int(50), value.Int(10)}
	if diff := cmp.Diff(value.Value(want), res.Value); diff != "" {
		t.Error(diff)
	}
}

// What runs for an element that is gone, and what is done again, is ended first.
func TestLeftoversAreEnded(t *testing.T) {
	inTime(t, func(t *testing.T) {
		b := newBench(t, pipeline(step("s", loop("x", "int", lit([]int{1})), typ("[int]")), step("again")))
		b.survive()
		b.fake.Leave(target.Trace{Step: "s[7]", Attempt: 1, State: target.Running}, fake.Act{Takes: time.Hour})
		b.fake.Leave(target.Trace{Step: "again", Attempt: 1, State: target.Running}, fake.Act{Takes: time.Hour})
		gone := began("s[7]", 1, 1)
		gone.Element = "gone"
		b.past(engine.Again{From: []string{"again"}}, gone, began("again", 1, 1))
		res := b.run(t.Context())
		if res.Outcome != engine.Succeeded || res.Duration > time.Minute || len(b.fake.Left()) > 0 {
			t.Errorf("%v in %v, %v", table(res), res.Duration, b.fake.Left())
		}
		if diff := cmp.Diff([]string{"again.2", "s[0].1"}, b.attempts()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestHooksGoOn(t *testing.T) {
	g := pipeline(step("a"), step("b"))
	g.OnFailure = []plan.Step{step("tell")}
	g.Finally = []plan.Step{step("clean"), step("sweep")}
	steps := []engine.PastStep{had("a", engine.Succeeded, "1"), had("b", engine.Failed, ""), had("tell", engine.Succeeded, "1"), had("clean", engine.Succeeded, "1")}
	hooks := map[string]engine.PastEnd{"": {Outcome: engine.Failed, Cause: engine.CauseStepFailed, Reason: "b: exit code 1", Failed: "b"}}
	b := newBench(t, g)
	b.opts.Past = &engine.Past{Steps: steps, Hooks: hooks}
	b.opts.Reset = b.opts.Past.Reset(b.opts.Plan, engine.Again{})
	res := b.run(t.Context())
	want := []string{"= failed", "a succeeded", "b failed", "tell succeeded", "clean succeeded", "sweep succeeded"}
	if diff := cmp.Diff(want, table(res)); diff != "" || res.Failed != "b" || res.Error != "b: exit code 1" {
		t.Error(diff, res.Failed, res.Error)
	}
	if diff := cmp.Diff([]string{"sweep.1"}, b.attempts()); diff != "" {
		t.Error(diff)
	}
	// Once the run has ended, they belong to an end that is over.
	b = newBench(t, g)
	b.opts.Past = &engine.Past{Steps: append(steps, had("sweep", engine.Succeeded, "1")), Hooks: hooks}
	b.opts.Reset = b.opts.Past.Reset(b.opts.Plan, engine.Again{Over: true})
	res = b.run(t.Context())
	if diff := cmp.Diff([]string{"b", "tell", "clean", "sweep", "/"}, b.opts.Reset); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"b.2", "clean.2", "sweep.2"}, b.attempts()); diff != "" || res.Outcome != engine.Succeeded {
		t.Error(diff, table(res))
	}
}

func TestCalledPipelinesGoOn(t *testing.T) {
	inner := pipeline(step("one"), step("two", reads("one"), calls("echo"), arg("n", "int", cel("one + 1"))))
	inner.Name, inner.Return, inner.Result = "inner", celp("two"), "int"
	inner.Finally = []plan.Step{step("clean")}
	g := pipeline(step("p", graph(inner)), step("r", reads("p"), calls("echo"), arg("n", "int", cel("p"))))
	b := newBench(t, g).past(engine.Again{}, engine.PastStep{Path: "p", Begun: true, Attempts: 1, First: 1}, had("p/one", engine.Succeeded, "5"))
	res := b.run(t.Context())
	want := []string{"= succeeded", "p succeeded", "p/one succeeded", "p/two succeeded", "p/clean succeeded", "r succeeded"}
	if diff := cmp.Diff(want, table(res)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"p/clean.1", "p/two.1", "r.1"}, b.attempts()); diff != "" {
		t.Error(diff)
	}
	whole := []engine.PastStep{had("p", engine.Succeeded, "6"), had("p/one", engine.Succeeded, "5"), had("p/two", engine.Succeeded, "6"), had("p/clean", engine.Succeeded, "1"), had("r", engine.Succeeded, "6")}
	b = newBench(t, g).past(engine.Again{From: []string{"p/two"}}, whole...)
	res = b.run(t.Context())
	if diff := cmp.Diff([]string{"p", "p/two", "p/clean", "r"}, b.opts.Reset); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"p/clean.2", "p/two.2", "r.2"}, b.attempts()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want, table(res)); diff != "" {
		t.Error(diff)
	}
}

// What ended while no process was there took until its end, and not until somebody looked.
func TestWhatEndedMeanwhileTookUntilThen(t *testing.T) {
	inTime(t, func(t *testing.T) {
		b := newBench(t, pipeline(step("a")))
		b.survive()
		began := time.Now().Add(-time.Hour)
		b.fake.Leave(target.Trace{Step: "a", Attempt: 1, Started: began, State: target.Ended, Ended: began.Add(time.Minute)}, fake.Act{})
		s := engine.PastStep{Path: "a", Begun: true, Attempts: 1, First: 1, Place: "host", Started: began}
		res := b.past(engine.Again{}, s).run(t.Context())
		if got := row(t, res, "a"); got.Outcome != engine.Succeeded || got.Duration != time.Minute {
			t.Errorf("%s in %v, want a minute", got.Outcome, got.Duration)
		}
	})
}
