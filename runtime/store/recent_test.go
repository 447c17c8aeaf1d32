package store

import (
	"bytes"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// bareResult keeps a result without content, and gives its key and the path of its file.
func bareResult(t *testing.T, s *Store, name string, exit int) (key, path string) {
	t.Helper()
	p := parts("script", name)
	must(t, s.AddResult(Result{Key: KeyOf(p), Parts: p, Run: "r", Op: "op", Step: name, Made: time.Unix(5, 0).UTC(), Exit: exit}))
	path, err := s.place(results, KeyOf(p))
	must(t, err)
	return KeyOf(p), path
}

// later is another process with the same store, for the same repository.
func later(t *testing.T, s *Store) *Store {
	t.Helper()
	again, err := Open(s.dir, s.sealer)
	must(t, err)
	must(t, again.Recent("/repo"))
	return again
}

func recalled(t *testing.T, s *Store, key, path string) bool {
	t.Helper()
	st, ok := stampAt(path)
	if !ok {
		t.Fatalf("%s has no stamp", path)
	}
	_, ok = s.recent.of(key, st)
	return ok
}

func TestResultsAreRecalled(t *testing.T) {
	s := later(t, open(t))
	key, path := bareResult(t, s, "a", 3)
	if _, ok := stampAt(path); !ok {
		t.Skip("this system tells no file from one in its place: nothing is remembered here")
	}
	want, ok, err := s.FindResult(t.Context(), key, 0)
	if err != nil || !ok || want.Exit != 3 {
		t.Fatalf("%+v, %v, %v", want, ok, err)
	}
	if other, _ := keep(t, s, "with", "content"); !found(t, s, other) || len(s.recent.lines) != 1 {
		t.Errorf("%d results are remembered, one has no content", len(s.recent.lines))
	}
	s.Remember()
	s = later(t, s)
	if !recalled(t, s, key, path) {
		t.Error("what was found is not remembered")
	}
	got, ok, err := s.FindResult(t.Context(), key, 0)
	if d := cmp.Diff(want, got); d != "" || !ok || err != nil {
		t.Errorf("%s %v %v", d, ok, err)
	}
	if _, ok, _ := s.FindResult(t.Context(), key, time.Hour); ok {
		t.Error("it is older than that")
	}

	// One that another process puts in its place is what is found.
	bareResult(t, forgetful(t, s), "a", 4)
	if got, ok, _ := s.FindResult(t.Context(), key, 0); !ok || got.Exit != 4 {
		t.Errorf("%+v, %v", got, ok)
	}
	// So is one that was used long ago; that it is in use is noted.
	long := time.Now().Add(-time.Hour)
	must(t, os.Chtimes(path, long, long))
	if got, ok, _ := s.FindResult(t.Context(), key, 0); !ok || got.Exit != 4 {
		t.Errorf("%+v, %v", got, ok)
	}
	if info, err := os.Stat(path); err != nil || time.Since(info.ModTime()) > time.Minute {
		t.Errorf("used at %v, %v", info.ModTime(), err)
	}
	if !recalled(t, s, key, path) {
		t.Error("what was marked as used is forgotten")
	}
	must(t, os.WriteFile(path, []byte("damaged"), 0o600))
	if found(t, s, key) {
		t.Error("what was damaged is found")
	}
	must(t, os.Remove(path))
	if found(t, s, key) {
		t.Error("what was removed is found")
	}
}

// forgetful is a process that remembers nothing.
func forgetful(t *testing.T, s *Store) *Store {
	t.Helper()
	again, err := Open(s.dir, s.sealer)
	must(t, err)
	return again
}

// Whatever lies in the place of what is remembered, results are what their files say.
func TestRecentIsNoneWhereItIsDamaged(t *testing.T) {
	s := later(t, open(t))
	key, _ := bareResult(t, s, "a", 3)
	found(t, s, key)
	s.Remember()
	whole, err := os.ReadFile(s.recent.path)
	must(t, err)
	for cut := range whole {
		must(t, os.WriteFile(s.recent.path, whole[:cut], 0o600))
		if r, ok, err := later(t, s).FindResult(t.Context(), key, 0); !ok || err != nil || r.Exit != 3 || r.Step != "a" {
			t.Fatalf("after %d bytes: %+v, %v, %v", cut, r, ok, err)
		}
	}
	must(t, os.WriteFile(s.recent.path, bytes.Repeat(whole, maxRecent/len(whole)+1), 0o600))
	if s = later(t, s); !found(t, s, key) || len(s.recent.lines) != 1 {
		t.Errorf("%d lines", len(s.recent.lines))
	}
}
