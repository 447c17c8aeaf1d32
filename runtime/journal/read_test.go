package journal

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/pipelang/pipe/runtime/event"
)

// TestDamagedJournal: what cannot be read is told with its file, so that there is a way out.
func TestDamagedJournal(t *testing.T) {
	dir := t.TempDir()
	j := Start(dir, infoOf("run"), Limits{})
	bus := event.NewBus("run", plain{}, j.Sink)
	bus.Publish(event.Event{Type: event.RunStarted, Pipeline: "main"})
	bus.Publish(event.Event{Type: event.RunFinished, Outcome: "succeeded"})
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, file)
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	size, err := f.Seek(0, 2)
	if err != nil {
		t.Fatal(err)
	}
	const page = 4096 // the first says what tables there are
	if _, err := f.WriteAt(make([]byte, size-page), page); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	r := reader(t, dir, never)
	_, runs := r.Runs(context.Background(), Filter{})
	_, steps := r.Steps(context.Background(), Run{Info: infoOf("run")})
	for _, err := range []error{runs, steps} {
		if at := (*fs.PathError)(nil); !errors.As(err, &at) || at.Path != path {
			t.Errorf("got %v", err)
		}
	}
}
