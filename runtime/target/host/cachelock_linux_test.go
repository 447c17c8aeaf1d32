package host_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/pipelang/pipe/runtime/target"
)

// removable reports whether nobody uses a cache folder at the moment.
func removable(t *testing.T, b *bench, name string) bool {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(b.Run.Cache, ".locks", name), os.O_RDWR, 0)
	must(t, err)
	defer f.Close()
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err != nil && !errors.Is(err, syscall.EWOULDBLOCK) {
		t.Fatal(err)
	}
	return err == nil
}

// TestCachesAreSharedAndHeld uses one cache from two processes at once, one of which is killed.
// Whoever would remove the cache has to wait until the step of the killed one is closed, too.
func TestCachesAreSharedAndHeld(t *testing.T) {
	eachKind(t, func(t *testing.T, kind string) {
		g := newGate(t)
		job := whole()
		job.Mounts = []target.Mount{{Path: "deps", Cache: "go/mod"}}
		job.Scripts = script("echo theirs > deps/theirs\n" + g.wait("amid") + "cat deps/ours")
		v := newVictim(t, sample(), []string{kind}, job)
		v.begin()
		g.reached(t, "amid")
		beside := newBench(t, sample(), kind)
		beside.Run.Cache = v.Run.Cache
		beside.Open()
		mine := whole()
		mine.Mounts = job.Mounts
		if got := beside.Sh(mine, "cat deps/theirs; echo ours > deps/ours"); got != "theirs" {
			t.Errorf("got %q", got)
		}
		v.kill()
		if removable(t, v.bench, "go.mod") {
			t.Error("the cache of a step that runs could be removed, its pipe being killed")
		}
		g.open(t, "amid")
		v.Open()
		a, err := v.Session.(target.Adopter).Adopt(t.Context(), job, nil)
		must(t, err)
		if a.Stdout() != "ours" {
			t.Errorf("got %q, %q", a.Stdout(), a.Stderr())
		}
		must(t, a.Close())
	})
}

// TestCachesAreFreeAfterwards closes all who used a cache.
func TestCachesAreFreeAfterwards(t *testing.T) {
	b := newBench(t, sample())
	s, err := openTarget(b)
	must(t, err)
	job := whole()
	job.Mounts = []target.Mount{{Path: "deps", Cache: "npm"}}
	job.Scripts = script("touch deps/x")
	a, err := s.Start(t.Context(), job, nil)
	must(t, err)
	if removable(t, b, "npm") {
		t.Error("the cache could be removed before the attempt was closed")
	}
	must(t, a.Close())
	must(t, s.Close())
	if !removable(t, b, "npm") {
		t.Error("the cache is locked although nobody uses it")
	}
}
