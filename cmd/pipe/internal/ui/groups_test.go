package ui

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/runtime/event"
)

func grouped(play func(bus *event.Bus)) string {
	var out bytes.Buffer
	g := NewGroups(&out, Style{}, []string{"a", "b"}, func(e event.Event) []string {
		if e.Type == event.StepFinished && e.Outcome == "failed" {
			return []string{Command("error", e.Reason, "title", e.Step)}
		}
		return nil
	})
	bus := event.NewBus("r1", noMask{}, g.Sink)
	play(bus)
	bus.Publish(event.Event{Type: event.RunFinished, Outcome: "failed"})
	return out.String()
}

func TestGroupsOfStepsSideBySide(t *testing.T) {
	got := grouped(func(bus *event.Bus) {
		start(bus, "a")
		start(bus, "b")
		say(bus, "a", "a1")
		say(bus, "b", "b1")
		say(bus, "b", "::error::b2")
		end(bus, "b", "failed", "exit code 1")
		say(bus, "a", "a2")
		end(bus, "a", "succeeded", "")
		say(bus, "c", "c1")
	})
	want := `a ▸ started
b ▸ started
::group::a
a │ a1
::error title=b::exit code 1
a │ a2
::endgroup::
a ✓ succeeded in 2.0s
::group::b
b │ b1
b │ \::error::b2
::endgroup::
b ✗ failed in 2.0s: exit code 1
::group::c
c │ c1
::endgroup::
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Nothing is lost and little waits, however much is written side by side; groups open and close in turn.
func TestGroupsLoseNothing(t *testing.T) {
	text := grouped(func(bus *event.Bus) {
		for _, s := range []string{"a", "b", "c"} {
			start(bus, s)
		}
		for i := range 20_000 {
			for _, s := range []string{"a", "b", "c"} {
				say(bus, s, fmt.Sprint("line ", i))
			}
		}
		end(bus, "c", "succeeded", "")
		end(bus, "a", "succeeded", "")
	})
	open := ""
	next := map[string]int{}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if group, ok := strings.CutPrefix(line, "::group::"); ok {
			if open != "" {
				t.Fatalf("%s opens inside of %s", group, open)
			}
			open, _, _ = strings.Cut(group, " ")
		}
		if line == "::endgroup::" {
			open = ""
		}
		if step, said, ok := strings.Cut(line, " │ "); ok {
			if said != fmt.Sprint("line ", next[step]) {
				t.Fatalf("%s says %q, want line %d", step, said, next[step])
			}
			if next[step]++; step != open {
				t.Fatalf("a line of %s in the group of %q", step, open)
			}
		}
	}
	if diff := cmp.Diff(map[string]int{"a": 20_000, "b": 20_000, "c": 20_000}, next); diff != "" {
		t.Error(diff)
	}
	if open != "" {
		t.Errorf("the group of %s is not closed", open)
	}
}

func TestCommand(t *testing.T) {
	for want, got := range map[string]string{
		"::error::m": Command("error", "m", "file", ""),
		"::error file=a%2Cb%3Ac,line=3::one%0A50%25 ::x::y": Command("error", "one\n50% ::x::y", "file", "a,b:c", "line", "3"),
		`::warning title=a\nb::red\x07`:                     Command("warning", "\x1b[31mred\x1b[0m\x07", "title", "a\nb"),
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// A service of a pipeline writes as long as it runs: its lines stand where they fall, and no
// step's lines wait for its end.
func TestServicesHaveNoGroup(t *testing.T) {
	got := grouped(func(bus *event.Bus) {
		web := bus.ServiceLines("web")
		web.Write(event.Stdout, "", []byte("ready\n"))
		start(bus, "a")
		say(bus, "a", "a1")
		web.Write(event.Stdout, "", []byte("asked\n"))
		end(bus, "a", "succeeded", "")
		web.Write(event.Stdout, "", []byte("bye\n"))
		start(bus, "b")
		say(bus, "b", "b1")
		end(bus, "b", "succeeded", "")
	})
	want := `web │ ready
a ▸ started
::group::a
a │ a1
web │ asked
::endgroup::
a ✓ succeeded in 2.0s
web │ bye
b ▸ started
::group::b
b │ b1
::endgroup::
b ✓ succeeded in 2.0s
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
