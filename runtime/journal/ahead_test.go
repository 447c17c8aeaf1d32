package journal

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/pipelang/pipe/runtime/event"
)

// TestOpenAhead: a journal that is there is opened ahead, and one that is not is made when a run starts, not before.
func TestOpenAhead(t *testing.T) {
	dir := t.TempDir()
	for _, run := range []string{"first", "second"} {
		a := OpenAhead(dir)
		if _, err := os.Stat(filepath.Join(dir, file)); run == "first" && !errors.Is(err, os.ErrNotExist) {
			t.Fatalf("there is a journal before the first run: %v", err)
		}
		j := a.Start(infoOf(run), Limits{})
		bus := event.NewBus(run, plain{}, j.Sink)
		bus.Publish(event.Event{Type: event.RunStarted, Pipeline: "main"})
		step(bus, "a", 1)
		bus.Publish(event.Event{Type: event.RunFinished, Outcome: "succeeded"})
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
	r := reader(t, dir, never)
	for _, run := range []string{"first", "second"} {
		if got := replayed(t, r, run); len(got) != 5 {
			t.Errorf("%s has %d events", run, len(got))
		}
	}
}
