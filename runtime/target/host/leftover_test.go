package host

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/runtime/target"
)

// What a killed session left is found and removed; what lives, is another's or no session's stays.
func TestLeftovers(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	states := t.TempDir()
	session := func(run string) *folder {
		place := filepath.Join(states, run)
		if err := os.MkdirAll(place, 0o700); err != nil {
			t.Fatal(err)
		}
		f, err := lockedFolder(hostFolders, place)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	alive, killed := session("alive"), session("killed")
	defer alive.close()
	if err := killed.lock.Close(); err != nil { // as the kernel does
		t.Fatal(err)
	}
	for _, name := range []string{"pipe-host-" + strconv.Itoa(os.Getuid()) + "-no-lock", "pipe-host-" + strconv.Itoa(os.Getuid()+1) + "-theirs", "other"} {
		if err := os.MkdirAll(filepath.Join(states, "killed-too", name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff([]string{killed.path}, Leftovers(states)); d != "" {
		t.Fatalf("(-want +got):\n%s", d)
	}
	if err := RemoveLeftover(alive.path); err == nil {
		t.Error("what lives was removed")
	}
	if err := RemoveLeftover(filepath.Join(states, "killed-too", "other")); err == nil {
		t.Error("what is no session's was removed")
	}
	if err := RemoveLeftover(killed.path); err != nil {
		t.Error(err)
	}
	if got := Leftovers(states); got != nil {
		t.Errorf("there is still %v", got)
	}
	if _, err := os.Stat(filepath.Join(states, "killed")); !os.IsNotExist(err) {
		t.Errorf("the empty state folder is there: %v", err)
	}
}

func TestFindWays(t *testing.T) {
	root, state := t.TempDir(), t.TempDir()
	for _, forced := range []string{"", "copy"} {
		got, err := FindWays(target.Run{Root: root, State: state, Environ: append(os.Environ(), "PIPE_WORKSPACE="+forced)})
		if err != nil || got.Kind == "" || forced != "" && got != (Ways{Kind: forced}) || got.Kind != "overlay" && forced == "" && got.Why == "" {
			t.Errorf("%q: %+v, %v", forced, got, err)
		}
		if left := names(state); len(left) != 0 {
			t.Errorf("%q: it left %v", forced, left)
		}
	}
}
