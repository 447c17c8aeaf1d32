package journal

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/pipelang/pipe/runtime/event"
)

// TestLocksStay: what a process opens beside its run, as it does for each approval, leaves the lock that keeps other
// programs from taking SQLite's log away.
func TestLocksStay(t *testing.T) {
	dir := t.TempDir()
	j := Start(dir, infoOf("run"), Limits{})
	defer j.Close()
	bus := event.NewBus("run", plain{}, j.Sink)
	bus.Publish(event.Event{Type: event.RunStarted, Pipeline: "main"})
	committedNow(t, j)
	if err := (Anchors{dir}).SetAnchor("audit.log", 1, "hash"); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(dir, file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const shared = 0x40000002 // where SQLite locks a file that it reads
	held := unix.Flock_t{Type: unix.F_WRLCK, Start: shared, Len: 510}
	if err := unix.FcntlFlock(f.Fd(), unix.F_OFD_GETLK, &held); err != nil || held.Type != unix.F_RDLCK {
		t.Errorf("the lock is of type %d, %v", held.Type, err)
	}
}

// TestLogThatIsGone: what is in a log that somebody removed is taken over at the end, as long as it is there.
func TestLogThatIsGone(t *testing.T) {
	dir := t.TempDir()
	j := Start(dir, infoOf("run"), Limits{})
	bus := event.NewBus("run", plain{}, j.Sink)
	bus.Publish(event.Event{Type: event.RunStarted, Pipeline: "main"})
	committedNow(t, j)
	for _, end := range []string{"-wal", "-shm"} {
		if err := os.Remove(filepath.Join(dir, file+end)); err != nil {
			t.Fatal(err)
		}
	}
	step(bus, "a", 1)
	bus.Publish(event.Event{Type: event.RunFinished, Outcome: "succeeded"})
	if err := j.Leave(); err != nil {
		t.Fatal(err)
	}
	if got := replayed(t, reader(t, dir, never), "run"); len(got) != 5 {
		t.Errorf("%d events", len(got))
	}
}

// committedNow returns when all that was published is written down.
func committedNow(t *testing.T, j *Journal) {
	t.Helper()
	done := make(chan error, 1)
	j.Settled(func(err error) { done <- err })
	j.Hurry()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}
