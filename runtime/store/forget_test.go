package store

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// The state of a run goes when nobody can go on with it, and not while anything of the run works.
func TestStateIsForgotten(t *testing.T) {
	s := open(t)
	state, err := s.State("r")
	if err != nil {
		t.Fatal(err)
	}
	lock, err := os.Create(filepath.Join(state, "supervisor.lock"))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	old := func() {
		t.Helper()
		long := time.Now().Add(-2 * time.Hour)
		if err := os.Chtimes(state, long, long); err != nil {
			t.Fatal(err)
		}
	}
	forget := func(dry bool, want int) {
		t.Helper()
		n, err := s.ForgetStates(func(run string) bool { return listed[run] }, dry)
		if err != nil || n != want {
			t.Errorf("forgot %d, %v, want %d", n, err, want)
		}
	}
	forget(false, 0) // it may be about to start
	old()
	forget(false, 0) // its supervisor works
	lock.Close()
	free, err := s.Lease("r")
	if err != nil {
		t.Fatal(err)
	}
	forget(false, 0) // a process works on it
	free()
	listed["r"] = true
	forget(false, 0)
	delete(listed, "r")
	forget(true, 1)
	forget(false, 1)
	if _, err := os.Stat(state); err == nil {
		t.Error("it is still there")
	}
	if s.ForgetState("../state") {
		t.Error("forgot what is no run")
	}
}
