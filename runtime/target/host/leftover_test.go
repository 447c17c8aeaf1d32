package host

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

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
	lockless := filepath.Join(states, "killed-too", "pipe-host-"+strconv.Itoa(os.Getuid())+"-no-lock")
	sorted := cmpopts.SortSlices(strings.Compare)
	if d := cmp.Diff([]string{lockless, killed.path}, Leftovers(states, nobodys), sorted); d != "" {
		t.Fatalf("(-want +got):\n%s", d)
	}
	if err := RemoveLeftover(lockless, nil); err != nil {
		t.Error(err)
	}
	if err := RemoveLeftover(alive.path, nil); err == nil {
		t.Error("what lives was removed")
	}
	if err := RemoveLeftover(filepath.Join(states, "killed-too", "other"), nil); err == nil {
		t.Error("what is no session's was removed")
	}
	if err := RemoveLeftover(killed.path, nil); err != nil {
		t.Error(err)
	}
	if got := Leftovers(states, nobodys); got != nil {
		t.Errorf("there is still %v", got)
	}
	if _, err := os.Stat(filepath.Join(states, "killed")); !os.IsNotExist(err) {
		t.Errorf("the empty state folder is there: %v", err)
	}
}

func nobodys(string) bool { return false }

// A folder among temporary files stays as long as its run may be gone on with: another store's as long as it
// has the run, this one's as long as the session's own folder is needed.
func TestLeftoversElsewhere(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	root, mine, theirs := t.TempDir(), realPath(t.TempDir()), realPath(t.TempDir())
	session := func(states, run string) *folder {
		t.Helper()
		state := filepath.Join(states, run)
		if err := os.MkdirAll(state, 0o700); err != nil {
			t.Fatal(err)
		}
		f, err := newFolder("docker", root, state, os.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		if err := f.lock.Close(); err != nil { // as the kernel does
			t.Fatal(err)
		}
		return f
	}
	other, own, needed := session(theirs, "killed"), session(mine, "killed"), session(mine, "works")
	inside, err := lockedFolder("docker", filepath.Join(mine, "works"))
	if err != nil {
		t.Fatal(err)
	}
	defer inside.close()
	inUse := func(path string) bool { return path == inside.path }
	if d := cmp.Diff([]string{own.path}, Leftovers(mine, inUse)); d != "" {
		t.Fatalf("(-want +got):\n%s", d)
	}
	there := func(f *folder) bool { _, err := os.Lstat(f.path); return err == nil }
	sweepStale("docker", filepath.Join(mine, "new"), inUse, nil)
	if there(own) || !there(other) || !there(needed) {
		t.Errorf("swept: own %v, another store's %v, needed %v", !there(own), !there(other), !there(needed))
	}
	if err := os.RemoveAll(other.state); err != nil {
		t.Fatal(err)
	}
	if sweepStale("docker", filepath.Join(mine, "new"), inUse, nil); there(other) {
		t.Error("what is of a run that is given up is still there")
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
