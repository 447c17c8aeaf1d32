package journal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/runtime/event"
)

// settle waits until what was published is written down.
func settle(t *testing.T, j *Journal) error {
	t.Helper()
	done := make(chan error, 1)
	j.Settled(func(err error) { done <- err })
	j.Hurry()
	return <-done
}

func pastOf(t *testing.T, dir, id string) *Past {
	t.Helper()
	r := reader(t, dir, never)
	runs, err := r.Runs(context.Background(), Filter{Prefix: id})
	if err != nil || len(runs) != 1 {
		t.Fatalf("%v, %v", runs, err)
	}
	p, err := r.Past(context.Background(), runs[0], true)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A journal whose process ended in the middle is written on: nothing is missing, nothing is there twice.
func TestWrittenOn(t *testing.T) {
	dir := t.TempDir()
	j := Start(dir, infoOf("1"), Limits{})
	bus := event.NewBus("1", plain{}, j.Sink)
	j.Attach("plan", []byte("{}"))
	bus.Publish(event.Event{Type: event.RunStarted, Pipeline: "main", Plan: "p"})
	step(bus, "a", 3)
	bus.Publish(event.Event{Type: event.StepStarted, Step: "b[0]", Attempt: 2, Record: event.Record{Place: "host", First: 2, Element: "e"}})
	out := bus.Lines("b[0]", 2)
	out.Write(event.Stdout, "title", []byte("one\ntwo\nthr"))
	out.Write(event.Stderr, "title", []byte("err\n"))
	bus.Publish(event.Event{Type: event.StepFinished, Step: "sealed", Outcome: "succeeded", Value: []byte(`"***"`), Record: event.Record{Sealed: []byte{1, 2}}})
	bus.Publish(event.Event{Type: event.HooksStarted, Outcome: "failed", Failed: "a"})
	bus.Publish(event.Event{Type: event.HooksStarted, Step: "p", Outcome: "failed"})
	if err := settle(t, j); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if err := settle(t, j); err == nil {
		t.Error("a closed journal settles")
	}
	log := filepath.Join(dir, "runs", "1", "logs", logName("b[0]", 2))
	whole, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	for _, torn := range []string{"", "o 1x", "O zz 1 0 a group that has no end\n", "# \"tit"} {
		if err := os.WriteFile(log, append(whole[:len(whole):len(whole)], torn...), 0o600); err != nil {
			t.Fatal(err)
		}
		p := pastOf(t, dir, "1")
		want := map[event.Stream]event.Position{event.Stdout: {Offset: 8, Section: "title"}, event.Stderr: {Offset: 4, Section: "title"}}
		if diff := cmp.Diff(want, p.Written("b[0]", 2)); diff != "" {
			t.Fatalf("%q: %s", torn, diff)
		}
		if again, _ := os.ReadFile(log); string(again) != string(whole) {
			t.Fatalf("%q was not cut", torn)
		}
	}
	p := pastOf(t, dir, "1")
	if string(p.Attached["plan"]) != "{}" || p.Hooks[""].Failed != "a" || p.Hooks["p"].Outcome != "failed" {
		t.Errorf("%v %v", p.Attached, p.Hooks)
	}
	byPath := map[string]Step{}
	for _, s := range p.Steps {
		byPath[s.Path] = s
	}
	if b := byPath["b[0]"]; b.Status != Interrupted || b.Place != "host" || b.First != 2 || b.Element != "e" || b.Attempts != 2 {
		t.Errorf("%+v", b)
	}
	if s := byPath["sealed"]; string(s.Sealed) != "\x01\x02" {
		t.Errorf("%+v", s)
	}

	j = Resume(dir, p, Limits{})
	acked := map[event.Stream]int64{}
	j.Acknowledge("b[0]", 2, func(s event.Stream, n int64) { acked[s] = n })
	bus = event.NewBus("1", plain{}, j.Sink)
	bus.Publish(event.Event{Type: event.RunResumed, Plan: "q", Reset: []string{"a", "p/"}})
	out = bus.LinesFrom("b[0]", 2, p.Written("b[0]", 2))
	out.Write(event.Stdout, "title", []byte("three\n"))
	out.Flush()
	if err := settle(t, j); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if acked[event.Stdout] != 14 || acked[event.Stderr] != 4 {
		t.Errorf("acknowledged: %v", acked)
	}
	r := reader(t, dir, never)
	var lines []string
	for _, e := range replayed(t, r, "1") {
		if e.Type == event.StepOutput && e.Step == "b[0]" {
			lines = append(lines, fmt.Sprint(e.Stream, " ", e.Section, " ", e.Text))
		}
	}
	if diff := cmp.Diff([]string{"stdout title one", "stdout title two", "stderr title err", "stdout title three"}, lines); diff != "" {
		t.Error(diff)
	}
	p = pastOf(t, dir, "1")
	if _, ok := p.Hooks["p"]; ok || p.Hooks[""].Failed != "a" || p.Run.Plan != "q" {
		t.Errorf("%v %+v", p.Hooks, p.Run)
	}
	for _, s := range p.Steps {
		if s.Path == "a" && (!s.Ended.IsZero() || s.Attempts != 1 || s.Result != nil) {
			t.Errorf("%+v", s)
		}
	}
}

// What is over the cap counts as read, so that the place need not keep it.
func TestDroppedOutputIsAcknowledged(t *testing.T) {
	dir := t.TempDir()
	j := Start(dir, infoOf("1"), Limits{LogBytes: 100})
	bus := event.NewBus("1", plain{}, j.Sink)
	bus.Publish(event.Event{Type: event.RunStarted})
	bus.Publish(event.Event{Type: event.StepStarted, Step: "a", Attempt: 1})
	out := bus.Lines("a", 1)
	for range 50 {
		out.Write(event.Stdout, "", []byte("ten bytes\n"))
	}
	if err := errors.Join(settle(t, j), j.Close()); err != nil {
		t.Fatal(err)
	}
	p := pastOf(t, dir, "1")
	if got := p.Written("a", 1)[event.Stdout].Offset; got != 500 {
		t.Errorf("written up to %d, want 500", got)
	}
	j = Resume(dir, p, Limits{LogBytes: 100})
	bus = event.NewBus("1", plain{}, j.Sink)
	bus.Publish(event.Event{Type: event.RunResumed})
	bus.LinesFrom("a", 1, p.Written("a", 1)).Write(event.Stdout, "", []byte("ten bytes\n"))
	bus.Publish(event.Event{Type: event.StepFinished, Step: "a", Attempt: 1, Outcome: "succeeded"})
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	said, lines := "", 0
	for _, e := range replayed(t, reader(t, dir, never), "1") {
		switch e.Type {
		case event.Notice:
			said = e.Text
		case event.StepOutput:
			lines++
		}
	}
	if lines != 10 || !strings.Contains(said, "last 41 lines") {
		t.Errorf("%d lines, %q", lines, said)
	}
}

// An attempt that has begun stays one while the process that goes on with it has not come to it.
func TestReadyAgainHasBegun(t *testing.T) {
	dir := t.TempDir()
	j := Start(dir, infoOf("1"), Limits{})
	bus := event.NewBus("1", plain{}, j.Sink)
	bus.Publish(event.Event{Type: event.RunStarted})
	bus.Publish(event.Event{Type: event.StepStarted, Step: "a", Attempt: 1, Record: event.Record{Place: "host", First: 1}})
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	for _, typ := range []event.Type{event.StepReady, event.StepWaiting} {
		j = Resume(dir, pastOf(t, dir, "1"), Limits{})
		bus = event.NewBus("1", plain{}, j.Sink)
		bus.Publish(event.Event{Type: event.RunResumed})
		bus.Publish(event.Event{Type: typ, Step: "a", Cause: "lock"})
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		if s := pastOf(t, dir, "1").Steps[0]; s.Status != Interrupted || s.Attempts != 1 {
			t.Errorf("after %s: %+v", typ, s)
		}
	}
}
