package journal

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/runtime/event"
)

// wroteOf is what one attempt wrote, as text.
func wroteOf(t *testing.T, r *Reader, run, step string, attempt int) (lines []string) {
	t.Helper()
	if err := r.Output(run, step, attempt, func(e event.Event) { lines = append(lines, e.Text) }); err != nil {
		t.Fatal(err)
	}
	return lines
}

func TestOutputOfOneAttempt(t *testing.T) {
	dir := t.TempDir()
	j := Start(dir, infoOf("1"), Limits{})
	bus := event.NewBus("1", plain{}, j.Sink)
	bus.Publish(event.Event{Type: event.RunStarted})
	step(bus, "a", 3)
	step(bus, "a/b[0]", 1)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	r := reader(t, dir, never)
	if diff := cmp.Diff([]string{"line 0 of a", "line 1 of a", "line 2 of a"}, wroteOf(t, r, "1", "a", 1)); diff != "" {
		t.Error(diff)
	}
	if got := wroteOf(t, r, "1", "a/b[0]", 1); len(got) != 1 {
		t.Errorf("a/b[0] wrote %q", got)
	}
	if got := wroteOf(t, r, "1", "a", 2); got != nil {
		t.Errorf("an attempt that was never made wrote %q", got)
	}
	path := filepath.Join(dir, "runs", "1", "logs", "a.1.log")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(whole[:len(whole)-4:len(whole)-4], "\x00\x00\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := wroteOf(t, r, "1", "a", 1); len(got) < 2 || got[1] != "line 1 of a" {
		t.Errorf("of a torn log there is %q", got)
	}
	var types []event.Type
	if err := r.Events(context.Background(), "1", func(e event.Event) { types = append(types, e.Type) }); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]event.Type{event.RunStarted, event.StepStarted, event.StepFinished, event.StepStarted, event.StepFinished}, types); diff != "" {
		t.Error(diff)
	}
}

func TestRunsAreFiltered(t *testing.T) {
	dir := t.TempDir()
	began := time.Now()
	for i := range 6 {
		info := infoOf(fmt.Sprint(i))
		info.Started, info.Commit = began.Add(time.Duration(i)*time.Minute), fmt.Sprintf("%dabcdef", i%2)
		if i%3 == 0 {
			info.Pipeline = "other"
		}
		j := Start(dir, info, Limits{})
		j.Attach("branch", fmt.Appendf(nil, "b%d", i%2))
		bus := event.NewBus(info.ID, plain{}, j.Sink)
		bus.Publish(event.Event{Type: event.RunStarted})
		if i < 3 {
			bus.Publish(event.Event{Type: event.RunFinished, Outcome: "succeeded"})
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	r := reader(t, dir, func(run string) bool { return run == "5" })
	for name, tt := range map[string]struct {
		filter Filter
		want   string
	}{
		"all":               {Filter{}, "543210"},
		"status":            {Filter{Status: "succeeded"}, "210"},
		"running":           {Filter{Status: Running}, "5"},
		"interrupted":       {Filter{Status: Interrupted}, "43"},
		"interrupted, last": {Filter{Status: Interrupted, Limit: 1}, "4"},
		"pipeline":          {Filter{Pipeline: "other"}, "30"},
		"commit":            {Filter{Commit: "1abc"}, "531"},
		"branch":            {Filter{Branch: "b0"}, "420"},
		"since":             {Filter{Since: began.Add(4 * time.Minute).Truncate(time.Microsecond)}, "54"},
		"all at once":       {Filter{Branch: "b0", Status: "succeeded", Pipeline: "main", Limit: 5}, "2"},
	} {
		runs, err := r.Runs(context.Background(), tt.filter)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, run := range runs {
			got += run.ID
		}
		if got != tt.want {
			t.Errorf("%s: runs %s, want %s", name, got, tt.want)
		}
	}
}
