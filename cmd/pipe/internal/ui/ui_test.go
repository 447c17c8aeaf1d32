package ui

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/runtime/engine"
	"github.com/pipelang/pipe/runtime/event"
)

func TestLog(t *testing.T) {
	var out bytes.Buffer
	log := NewLog(&out, Style{}, []string{"a", "build"})
	for _, e := range []event.Event{
		{Type: event.StepStarted, Step: "a", Attempt: 1},
		{Type: event.StepOutput, Step: "a", Stream: event.Stdout, Section: "vet", Text: "one"},
		{Type: event.StepOutput, Step: "build", Stream: event.Stdout, Text: "long", Partial: true},
		{Type: event.StepOutput, Step: "build", Stream: event.Stdout, Text: "er"},
		{Type: event.StepOutput, Step: "a", Stream: event.Stderr, Section: "vet", Text: ""},
		{Type: event.StepAttempt, Step: "a", Attempt: 2, Reason: "exit code 1"},
		{Type: event.StepKept, Step: "a", Value: json.RawMessage(`["/k/x","/k/y"]`)},
		{Type: event.StepFinished, Step: "a", Outcome: "failed", Allowed: true, Duration: 90 * time.Second, Reason: "exit code 1"},
		{Type: event.StepFanout, Step: "build", Instances: 3},
		{Type: event.StepFinished, Step: "build", Outcome: "skipped", Reason: "when x is false"},
		{Type: event.Notice, Step: "a", Text: "look"},
		{Type: event.StepFinished, Step: "build", Outcome: "succeeded", Cached: &event.Origin{Run: "r1", Time: time.Date(2026, 1, 2, 3, 4, 5, 6, time.Local)}},
	} {
		log.Sink(e)
	}
	want := strings.TrimPrefix(`
a     ▸ started
a     ─ vet
a     │ one
build │ long
build ┆ er
a     │
a     ↻ attempt 2: exit code 1
a     ▸ kept /k/x
a     ▸ kept /k/y
a     ✗ failed (allowed) in 1m30s: exit code 1
build ▸ 3 instances
build ○ skipped: when x is false
a     ! look
build ✓ cached from run r1, made 2026-01-02 03:04:05
`, "\n")
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

func TestColoursOnlyWhenAsked(t *testing.T) {
	for _, color := range []bool{false, true} {
		var out bytes.Buffer
		NewLog(&out, Style{Color: color}, nil).Sink(event.Event{Type: event.StepStarted, Step: "a"})
		Table(&out, Style{Color: color}, []engine.StepResult{{Path: "a", Outcome: engine.Succeeded}})
		if got := strings.Contains(out.String(), "\x1b["); got != color {
			t.Errorf("colour %v: escape sequences %v in %q", color, got, out.String())
		}
	}
}

func TestTable(t *testing.T) {
	steps := []engine.StepResult{
		{Path: "unit", Outcome: engine.Succeeded, Duration: 1200 * time.Millisecond, Attempts: 1},
		{Path: "unit[10]", Outcome: engine.Failed, Allowed: true, Duration: 12 * time.Millisecond, Attempts: 3, Reason: "exit code 1"},
		{Path: "ship", Outcome: engine.Skipped, Reason: "when settings.environment == \"production\"\nis false"},
		{Path: "late", Outcome: engine.Abandoned, Reason: "unit failed"},
		{Path: "same", Outcome: engine.Succeeded, Cached: &event.Origin{Run: "r1"}},
	}
	for name, c := range map[string]struct {
		width int
		want  string
	}{
		"unknown width": {0, `
STEP      OUTCOME                         TIME  REASON
unit      ✓ succeeded                     1.2s
unit[10]  ✗ failed, allowed (3 attempts)  12ms  exit code 1
ship      ○ skipped                             when settings.environment == "production" is false
late      ◌ abandoned                           unit failed
same      ✓ cached
`},
		"80 columns": {80, `
STEP      OUTCOME                         TIME  REASON
unit      ✓ succeeded                     1.2s
unit[10]  ✗ failed, allowed (3 attempts)  12ms  exit code 1
ship      ○ skipped                             when settings.environment ==
                                                "production" is false
late      ◌ abandoned                           unit failed
same      ✓ cached
`},
	} {
		var out bytes.Buffer
		Table(&out, Style{Width: c.width}, steps)
		if diff := cmp.Diff(strings.TrimPrefix(c.want, "\n"), out.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0µs", 900 * time.Microsecond: "900µs", 12 * time.Millisecond: "12ms", 3400 * time.Millisecond: "3.4s",
		42 * time.Second: "42s", 125 * time.Second: "2m05s", 3 * time.Hour: "3h00m",
	} {
		if got := Duration(d); got != want {
			t.Errorf("Duration(%d) = %s, want %s", d, got, want)
		}
	}
}

// TestLazyAsks keeps back what is written while someone is asked, and loses nothing.
func TestLazyAsks(t *testing.T) {
	var out bytes.Buffer
	l := NewLazy(&out)
	write := func(text string) {
		t.Helper()
		if _, err := l.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	write("before\n")
	if err := l.Ask("sure? "); err != nil {
		t.Fatal(err)
	}
	write("meanwhile\n")
	if err := l.Flush(); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != "before\nsure? " {
		t.Errorf("while asking: %q", got)
	}
	l.Answered(true)
	write("after\n")
	if err := l.Flush(); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != "before\nsure? meanwhile\nafter\n" {
		t.Errorf("in the end: %q", got)
	}
}
