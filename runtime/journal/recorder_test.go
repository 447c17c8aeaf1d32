package journal

import (
	"testing"

	"github.com/pipelang/pipe/runtime/event"
)

// TestNothingIsWrittenBehindAFault: SQLite undoes a transaction itself where it has no room, and what came after that
// would stand there alone.
func TestNothingIsWrittenBehindAFault(t *testing.T) {
	dir := t.TempDir()
	db, err := open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`CREATE TRIGGER no_room BEFORE INSERT ON steps WHEN NEW.path = 'hit' BEGIN SELECT RAISE(ROLLBACK, 'no room'); END`); err != nil {
		t.Fatal(err)
	}
	j := Start(dir, infoOf("run"), Limits{})
	bus := event.NewBus("run", plain{}, j.Sink)
	bus.Publish(event.Event{Type: event.RunStarted, Pipeline: "main"})
	bus.Publish(event.Event{Type: event.StepFinished, Step: "hit", Outcome: "succeeded"})
	bus.Publish(event.Event{Type: event.StepFinished, Step: "other", Attempt: 1, Outcome: "succeeded"})
	if err := j.Close(); err == nil {
		t.Error("the fault is not told")
	}
	for _, table := range []string{"runs", "steps", "events"} {
		var n int
		if err := db.QueryRow("SELECT count(*) FROM " + table).Scan(&n); err != nil || n > 0 {
			t.Errorf("%d rows in %s, %v", n, table, err)
		}
	}
}
