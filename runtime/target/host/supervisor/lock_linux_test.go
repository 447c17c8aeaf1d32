package supervisor

import (
	"errors"
	"syscall"
	"testing"
	"time"
)

// The lock of a run is taken though another pipe holds it for a moment, as one does that asks whether a run still lives.
func TestTakeLock(t *testing.T) {
	state := t.TempDir()
	asking, err := takeLock(state, 0)
	if err != nil {
		t.Fatal(err)
	}
	if lock, err := takeLock(state, 20*time.Millisecond); !errors.Is(err, syscall.EWOULDBLOCK) {
		t.Fatalf("a lock that stays held: %v, %v", lock, err)
	}
	time.AfterFunc(30*time.Millisecond, func() { asking.Close() })
	lock, err := takeLock(state, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	lock.Close()
}
