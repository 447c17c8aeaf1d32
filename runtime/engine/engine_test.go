package engine_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/target/fake"
)

func TestDataIsTheOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := pipeline(
			step("last", reads("b", "c"), arg("n", "int", cel("b + c")), calls("echo")),
			step("b", reads("a"), arg("n", "int", cel("a + 1")), calls("echo")),
			step("c", reads("a"), arg("n", "int", cel("a + 2")), calls("echo")),
			step("a"),
		)
		g.Return, g.Result = celp("last * 10"), "int"
		b := newBench(t, g)
		b.fake.Default = fake.Act{Takes: time.Second}
		res := b.run(t.Context())
		want := []string{"= succeeded", "last succeeded", "b succeeded", "c succeeded", "a succeeded"}
		if diff := cmp.Diff(want, table(res)); diff != "" {
			t.Error(diff)
		}
		if res.Value != value.Int(50) {
			t.Errorf("value %v", res.Value)
		}
		if res.Duration != 3*time.Second {
			t.Errorf("took %v, with b and c at once it takes 3s", res.Duration)
		}
		if d := row(t, res, "last").Duration; d != time.Second {
			t.Errorf("last took %v", d)
		}
		trail := []string{"run.started",
			"step.ready a", "step.started a", "step.finished a succeeded"}
		if diff := cmp.Diff(trail, b.trail()[:4]); diff != "" {
			t.Error(diff)
		}
		for _, ready := range []string{"step.ready b", "step.ready c"} {
			if !slices.Contains(b.trail()[4:], ready) {
				t.Errorf("no %q after a", ready)
			}
		}
	})
}

// The events of a step, as a sink sees them.
func TestEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, pipeline(step("s", retries(1, "2s"), loop("x", "int", lit([]int{7})), typ("[int]"), calls("echo"), arg("n", "int", cel("x")))))
		b.fake.On("s[0]", fake.Act{Exit: 1, Takes: time.Second, Stderr: "oops\n"}, fake.Act{Takes: time.Second})
		b.run(t.Context())
		var got []event.Event
		for _, e := range b.events {
			e.Time = time.Time{}
			e.Run, e.Record = "", event.Record{} // what is shown to nobody
			got = append(got, e)
		}
		zero, one := 0, 1
		want := []event.Event{
			{Type: event.RunStarted, Pipeline: "main"},
			{Type: event.StepReady, Step: "s"},
			{Type: event.StepFanout, Step: "s", Instances: 1},
			{Type: event.StepStarted, Step: "s[0]", Attempt: 1},
			{Type: event.StepOutput, Step: "s[0]", Attempt: 1, Stream: event.Stderr, Text: "oops"},
			{Type: event.StepAttempt, Step: "s[0]", Attempt: 2, Cause: "exit", Reason: "exit code 1", ExitCode: &one},
			{Type: event.StepFinished, Step: "s[0]", Attempt: 2, Outcome: "succeeded", ExitCode: &zero, Duration: 4 * time.Second, Seconds: 4, Value: []byte("7")},
			{Type: event.StepFinished, Step: "s", Outcome: "succeeded", Duration: 4 * time.Second, Seconds: 4, Value: []byte("[7]")},
			{Type: event.RunFinished, Pipeline: "main", Outcome: "succeeded", Duration: 4 * time.Second, Seconds: 4},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

// TestCausesAreDocumented: the causes are a closed set, and docs/cli.md has all of it.
func TestCausesAreDocumented(t *testing.T) {
	source, err := os.ReadFile("outcome.go")
	if err != nil {
		t.Fatal(err)
	}
	docs, err := os.ReadFile("../../docs/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(docs), "\n## Causes\n")
	table, _, _ = strings.Cut(table, "\n## ")
	var documented, declared []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\|").FindAllStringSubmatch(table, -1) {
		documented = append(documented, m[1])
	}
	for _, m := range regexp.MustCompile(`(?m)^\tCause\w+ += "([a-z-]+)"`).FindAllStringSubmatch(string(source), -1) {
		declared = append(declared, m[1])
	}
	slices.Sort(documented)
	slices.Sort(declared)
	if diff := cmp.Diff(declared, documented); diff != "" || len(declared) == 0 {
		t.Errorf("declared and documented: %s", diff)
	}
}

// TestCausesAreNamed: no other word is a cause.
func TestCausesAreNamed(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	literal := regexp.MustCompile(`(\bfailed\(|\bskipped\(|\bcause\s*[:=]+\s*|\bCause:\s*)"`)
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if m := literal.Find(text); m != nil && !strings.HasSuffix(name, "_test.go") {
			t.Errorf("%s: a cause that is no constant at %q", name, m)
		}
	}
}
