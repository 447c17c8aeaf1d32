package engine_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/runtime/engine"
	"github.com/pipelang/pipe/runtime/target/fake"
)

// The table: a step s after a step u, for every way they may be joined, every modifier of s,
// and every way u may end. What must come out is worked out by expected, from the rules of
// the language alone.

// link is how s is joined to u.
type link struct {
	name  string
	opts  []option
	value bool // a value edge: a failure of u abandons s
	needs bool // no result of u skips s
	binds bool // no value of u skips s
	waits bool // `after`: u's value is an optional whatever its end
	order bool // any edge at all
	guard func(u end) truth
}

// end is how u ends.
type end struct {
	name    string
	outcome engine.Outcome
	allowed bool
	value   bool // u has a value for those who read it as an optional
	// all cancels what has not started: rule 1.
	all bool
}

type truth int

const (
	isTrue truth = iota
	isFalse
	isUnknown
	isError
)

// and is CEL's &&.
func (a truth) and(b truth) truth {
	for _, t := range []truth{isFalse, isUnknown, isError} {
		if a == t || b == t {
			return t
		}
	}
	return isTrue
}

func is(o bool) truth {
	if o {
		return isTrue
	}
	return isFalse
}

var links = []link{
	{name: "reads", opts: []option{calls("echo"), reads("u"), arg("n", "int", cel("u.orValue(7)"))}, order: true, value: true},
	{name: "needs", opts: []option{needs("u")}, order: true, value: true, needs: true},
	{name: "needs and reads", opts: []option{calls("echo"), needs("u"), arg("n", "int", cel("u"))}, order: true, value: true, needs: true},
	{name: "needs t = u", opts: []option{calls("echo"), binds("t", "u", "u"), arg("n", "int", cel("t"))}, order: true, value: true, binds: true},
	{name: "after", opts: []option{after("u")}, order: true, waits: true},
	{name: "after and reads", opts: []option{calls("echo"), after("u"), reads("u"), arg("n", "int", cel("u.orValue(7)"))}, order: true, waits: true},
	{name: "succeeded", opts: []option{orders("u"), when(cel("succeeded(u)"))}, order: true,
		guard: func(u end) truth { return is(u.outcome == engine.Succeeded) }},
	{name: "failed", opts: []option{orders("u"), when(cel("failed(u)"))}, order: true,
		guard: func(u end) truth { return is(u.outcome == engine.Failed) }},
	{name: "skipped", opts: []option{orders("u"), when(cel("skipped(u)"))}, order: true,
		guard: func(u end) truth { return is(u.outcome == engine.Skipped) }},
	{name: "succeeded and reads", opts: []option{calls("echo"), reads("u"), when(cel("succeeded(u)")), arg("n", "int", cel("u"))}, order: true, value: true,
		guard: func(u end) truth { return is(u.outcome == engine.Succeeded) }},
	{name: "failed and reads", opts: []option{calls("echo"), reads("u"), when(cel("failed(u)")), arg("n", "int", cel("u.orValue(7)"))}, order: true, value: true,
		guard: func(u end) truth { return is(u.outcome == engine.Failed) }},
}

var ends = []end{
	{name: "succeeded", outcome: engine.Succeeded, value: true},
	{name: "failed", outcome: engine.Failed, value: true},
	{name: "failed without a value", outcome: engine.Failed},
	{name: "failed as it may", outcome: engine.Failed, allowed: true, value: true},
	{name: "failed as it may without a value", outcome: engine.Failed, allowed: true},
	{name: "skipped", outcome: engine.Skipped},
	{name: "abandoned", outcome: engine.Abandoned},
	{name: "cancelled", outcome: engine.Cancelled},
	{name: "the run is cancelled", outcome: engine.Cancelled, all: true},
	{name: "fail-fast", outcome: engine.Failed, value: true, all: true},
}

// modifier is what s has besides.
type modifier struct {
	name  string
	opts  []option
	guard func(l link, u end) truth
	reads bool // the guard reads u, which makes a value edge
	// then is the outcome once s may start.
	then    engine.Outcome
	allowed bool // a failure of s keeps the run green
	denied  bool
}

func always(t truth) func(link, end) truth { return func(link, end) truth { return t } }

var three = lit([]int{1, 2, 3})

var modifiers = []modifier{
	{name: "nothing", then: engine.Succeeded},
	{name: "when true", opts: []option{when(cel("1 == 1"))}, then: engine.Succeeded},
	{name: "when false", opts: []option{when(cel("1 == 2"))}, guard: always(isFalse)},
	{name: "when known false", opts: []option{when(lit(false))}, guard: always(isFalse)},
	{name: "when error", opts: []option{when(cel(`int("x") == 1`))}, guard: always(isError)},
	{name: "when error, which may fail", opts: []option{when(cel(`int("x") == 1`)), mayFail}, guard: always(isError), allowed: true},
	{name: "when of u", opts: []option{reads("u"), when(cel("u.orValue(0) > 0"))}, reads: true, then: engine.Succeeded, guard: guardOnValue},
	{name: "when of u or true", opts: []option{reads("u"), when(cel("u.orValue(0) > 0 || 1 == 1"))}, reads: true, then: engine.Succeeded},
	{name: "when of u and false", opts: []option{reads("u"), when(cel("u.orValue(0) > 0 && 1 == 2"))}, reads: true, guard: always(isFalse)},
	{name: "when of u, when error", opts: []option{reads("u"), when(cel("u.orValue(0) > 0")), when(cel(`int("x") == 1`))}, reads: true,
		guard: func(l link, u end) truth { return guardOnValue(l, u).and(isError) }},
	{name: "require true", opts: []option{require("1 == 1", "no")}, then: engine.Succeeded},
	{name: "require false", opts: []option{require("1 == 2", "no")}, then: engine.Failed},
	{name: "require error", opts: []option{require(`int("x") == 1`, "no")}, then: engine.Failed},
	{name: "approve", opts: []option{approve(`"go?"`)}, then: engine.Succeeded},
	{name: "approve denied", opts: []option{approve(`"no?"`)}, then: engine.Failed, denied: true},
	{name: "lock", opts: []option{lock("mine", "")}, then: engine.Succeeded},
	{name: "fails", opts: []option{fails}, then: engine.Failed},
	{name: "fails, as it may", opts: []option{fails, mayFail}, then: engine.Failed, allowed: true},
	{name: "retries", opts: []option{fails, retries(1, "1s")}, then: engine.Failed},
	{name: "for", opts: []option{loop("x", "int", three)}, then: engine.Succeeded},
	{name: "for nothing", opts: []option{loop("x", "int", lit([]int{}))}, then: engine.Succeeded},
	{name: "for with guards", opts: []option{loop("x", "int", three), whenEach("x > 1"), typ("[int?]")}, then: engine.Succeeded},
	{name: "for with an error in a guard", opts: []option{loop("x", "int", three), whenEach(`int("x") == x`)}, then: engine.Failed},
	{name: "for with an error in the list", opts: []option{loop("x", "int", cel(`[int("x")]`))}, then: engine.Failed},
	{name: "for fails", opts: []option{fails, loop("x", "int", three)}, then: engine.Failed},
	{name: "for fails, as it may", opts: []option{fails, loop("x", "int", three), mayFail}, then: engine.Failed, allowed: true},
}

// fails marks a step whose attempts fail.
func fails(s *plan.Step) { s.Doc = "fails" }

// guardOnValue is what `u.orValue(0) > 0` gives.
func guardOnValue(l link, u end) truth {
	switch {
	case u.outcome == engine.Succeeded, u.outcome == engine.Failed && u.allowed, u.outcome == engine.Skipped, l.waits:
		return is(u.value)
	}
	return isUnknown
}

// expected is the rules, in their order.
func expected(l link, m modifier, u end) string {
	guard := isTrue
	if l.guard != nil {
		guard = guard.and(l.guard(u))
	}
	if m.guard != nil {
		guard = guard.and(m.guard(l, u))
	}
	noResult := u.outcome == engine.Skipped || u.outcome == engine.Failed && u.allowed
	broken := u.outcome == engine.Failed && !u.allowed || u.outcome == engine.Abandoned || u.outcome == engine.Cancelled
	switch {
	case u.all:
		return "cancelled"
	case l.needs && noResult, l.binds && noResult && !u.value:
		return "skipped"
	case guard == isFalse:
		return "skipped"
	case guard == isUnknown:
		return "abandoned"
	case guard == isError:
		return failure(m.allowed)
	case (l.value || m.reads && !l.waits) && broken:
		return "abandoned"
	case m.then == engine.Failed:
		return failure(m.allowed)
	}
	return string(m.then)
}

func failure(allowed bool) string {
	if allowed {
		return "failed allowed"
	}
	return "failed"
}

// upstream are the steps that make u end so.
func upstream(b *fake.Target, u end) []plan.Step {
	b.On("u", fake.Act{Takes: time.Second})
	opts := []option{typ("int?")}
	if u.outcome == engine.Failed {
		b.On("u", fake.Act{Takes: time.Second, Exit: 1})
		if !u.value {
			opts = append(opts, calls("broken"))
		}
		if u.allowed {
			opts = append(opts, mayFail)
		}
		return []plan.Step{step("u", opts...)}
	}
	switch {
	case u.outcome == engine.Skipped:
		return []plan.Step{step("u", when(lit(false)), typ("int?"))}
	case u.outcome == engine.Abandoned:
		b.On("z", fake.Act{Exit: 1})
		return []plan.Step{step("z"), step("u", needs("z"), typ("int?"))}
	case u.outcome == engine.Cancelled && u.all:
		b.On("u", fake.Act{Takes: time.Hour})
	case u.outcome == engine.Cancelled:
		b.On("h", fake.Act{Takes: time.Minute})
		b.On("w", fake.Act{Takes: time.Second}).On("w2", fake.Act{Takes: time.Second})
		return []plan.Step{step("h", lock("l", "")), step("w"),
			step("u", after("w"), lock("l", "latest")), step("v", after("w2"), lock("l", "latest")), step("w2", after("w"))}
	}
	return []plan.Step{step("u", opts...)}
}

func TestTable(t *testing.T) {
	for _, u := range ends {
		for _, l := range links {
			for _, m := range modifiers {
				t.Run(fmt.Sprintf("%s/%s/%s", u.name, l.name, m.name), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { testCase(t, l, m, u) })
				})
			}
		}
	}
}

func testCase(t *testing.T, l link, m modifier, u end) {
	s := step("s", append(l.opts[:len(l.opts):len(l.opts)], m.opts...)...)
	f := fake.New()
	b := newBench(t, pipeline(append(upstream(f, u), s)...))
	b.fake, b.opts.Targets["host"] = f, f
	if s.Doc == "fails" {
		b.fake.On("s", fake.Act{Exit: 1})
	}
	b.opts.FailFast = u.name == "fail-fast"
	b.opts.Approve = func(_ context.Context, a engine.Approval) (engine.Answer, error) {
		if a.Message == "go?" {
			return engine.Answer{Outcome: engine.Granted}, nil
		}
		return engine.Answer{Outcome: engine.Denied}, nil
	}
	ctx, stop := context.WithCancelCause(t.Context())
	defer stop(nil)
	if u.outcome == engine.Cancelled && u.all {
		time.AfterFunc(500*time.Millisecond, func() { stop(errors.New("interrupted")) })
	}
	res := b.run(ctx)
	got := row(t, res, "s")
	outcome := string(got.Outcome)
	if got.Allowed {
		outcome += " allowed"
	}
	if want := expected(l, m, u); outcome != want {
		t.Errorf("s %s (%s: %s), want %s\n%v", outcome, got.Cause, got.Reason, want, table(res))
	}
	if up := row(t, res, "u"); up.Outcome != u.outcome || up.Allowed != u.allowed {
		t.Errorf("u %s (%s), want %s", up.Outcome, up.Reason, u.outcome)
	}
	if (got.Outcome == engine.Succeeded) != (got.Reason == "" && got.Cause == "") {
		t.Errorf("outcome %s with the reason %q and the cause %q", got.Outcome, got.Reason, got.Cause)
	}
}
