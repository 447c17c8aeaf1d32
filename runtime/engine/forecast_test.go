package engine_test

import (
	"testing"

	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/engine"
)

// TestNeverAsksNobody: a step that the plan knows will never run waits for nobody, so that a
// guard of it which asks about a slower step is no reason to abandon it.
func TestNeverAsksNobody(t *testing.T) {
	b := newBench(t, pipeline(step("s")))
	b.opts.Plan = compile(t, "op one() { run `true` }\npipeline main(t: string?) {\n  slow = one()\n  never = one() {\n    needs n = t\n    when succeeded(slow) || failed(slow)\n  }\n}\n")
	wantTable(t, b.run(t.Context()), "= succeeded", "slow succeeded", "never skipped needs-skipped")
}

// TestForecast tables what is said of steps before anything runs.
func TestForecast(t *testing.T) {
	p := compile(t, everything)
	f, err := engine.Foresee(t.Context(), engine.Outlook{Plan: p, Settings: value.Record{}})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]engine.Fate{
		"one": engine.Runs, "opt": engine.WillSkip, "needs_opt": engine.WillSkip, "never": engine.Undecided, "needs_never": engine.Undecided,
		"unbound": engine.Undecided, "many": engine.Runs, "maybe": engine.Runs, "grid/a": engine.Runs, "grid/probe": engine.Runs,
		"narrowed": engine.Undecided, "cond": engine.Undecided, "cond_failed": engine.WillSkip, "done": engine.Runs, "alarm": engine.Runs,
	} {
		e, ok := f.Step(path)
		if !ok || e.Fate != want {
			t.Errorf("%s: expected %s, found %+v", path, want, e)
		}
	}
	if e, _ := f.Step("maybe"); !e.Counted || len(e.Instances) != 3 || e.Instances[0].Fate != engine.WillSkip || e.Instances[2].Fate != engine.Runs {
		t.Errorf("instances of maybe: %+v", e)
	}
	if e, _ := f.Step("alarm"); e.Hook != "on failure" {
		t.Errorf("alarm stands in on failure, found %q", e.Hook)
	}
}
