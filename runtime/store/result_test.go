package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// parts are named parts with digests of their texts.
func parts(pairs ...string) []Part {
	var out []Part
	for i := 0; i < len(pairs); i += 2 {
		sum, _ := digest(strings.NewReader(pairs[i+1]))
		out = append(out, Part{pairs[i], sum})
	}
	return out
}

// keep adds a result with a file of some content, and gives its key and the file's digest.
func keep(t testing.TB, s *Store, name, content string) (key, sum string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(path, []byte(content), 0o644))
	f, err := putFile(t.Context(), s, path)
	must(t, err)
	p := parts("script", name)
	must(t, s.AddResult(Result{Key: KeyOf(p), Parts: p, Op: "op", Step: name, Made: time.Now(), Contents: []string{f.Digest}}))
	return KeyOf(p), f.Digest
}

func found(t testing.TB, s *Store, key string) bool {
	t.Helper()
	_, ok, err := s.FindResult(t.Context(), key, 0)
	must(t, err)
	return ok
}

// age makes everything in the store look unused for so long.
func age(t testing.TB, s *Store, d time.Duration) {
	t.Helper()
	then := time.Now().Add(-d)
	for _, kind := range []string{objects, trees, results} {
		must(t, filepath.WalkDir(filepath.Join(s.dir, kind), func(path string, _ os.DirEntry, err error) error {
			return errors.Join(err, os.Chtimes(path, then, then))
		}))
	}
}

func TestResultsAreFoundByKey(t *testing.T) {
	s := open(t)
	key, sum := keep(t, s, "a", "content")
	r, ok, err := s.FindResult(t.Context(), key, time.Hour)
	if err != nil || !ok || r.Step != "a" || cmp.Diff([]string{sum}, r.Contents) != "" {
		t.Errorf("%+v, %v, %v", r, ok, err)
	}
	if _, ok, _ := s.FindResult(t.Context(), key, time.Nanosecond); ok {
		t.Error("it is older than that")
	}
	for _, other := range []string{KeyOf(parts("script", "b")), "", "sha256:../../x", sum} {
		if found(t, s, other) {
			t.Errorf("found %q", other)
		}
	}
	again, err := Open(s.dir, s.sealer)
	must(t, err)
	if !found(t, again, key) {
		t.Error("another process does not find it")
	}
}

// Whatever lies in a result's place: it is the whole result, or none.
func TestBrokenResultsAreNone(t *testing.T) {
	s := open(t)
	key, _ := keep(t, s, "a", "content")
	path, err := s.place(results, key)
	must(t, err)
	whole, err := os.ReadFile(path)
	must(t, err)
	must(t, os.Chmod(path, 0o600))
	for cut := range whole {
		must(t, os.WriteFile(path, whole[:cut], 0o600))
		if found(t, s, key) {
			t.Fatalf("found with %d of %d bytes", cut, len(whole))
		}
	}
	for _, text := range []string{"null", "[]", strings.Replace(string(whole), "script", "scripd", 1), strings.Replace(string(whole), resultSchema, "pipe.result/v0", 1)} {
		must(t, os.WriteFile(path, []byte(text), 0o600))
		if found(t, s, key) {
			t.Errorf("found %s", text)
		}
	}
}

func TestDamageIsFound(t *testing.T) {
	for name, harm := range map[string]func(path string) error{
		"missing": os.Remove,
		"changed": func(path string) error {
			return errors.Join(os.Chmod(path, 0o600), os.WriteFile(path, []byte("CONTENT"), 0o600))
		},
	} {
		for _, kind := range []string{objects, trees} {
			s := open(t)
			dir := t.TempDir()
			must(t, os.WriteFile(filepath.Join(dir, "f"), []byte("content"), 0o644))
			d, err := putDir(t.Context(), s, dir)
			must(t, err)
			p := parts("a", "a")
			must(t, s.AddResult(Result{Key: KeyOf(p), Parts: p, Contents: []string{d.Digest}}))
			for range 2 { // what was read once is not trusted when it has changed since
				if !found(t, s, KeyOf(p)) {
					t.Fatal("not found at all")
				}
			}
			paths, _ := filepath.Glob(filepath.Join(s.dir, kind, "sha256/*/*"))
			must(t, harm(paths[0]))
			if found(t, s, KeyOf(p)) {
				t.Errorf("%s in %s: found all the same", name, kind)
			}
			if _, err := os.Stat(paths[0]); err == nil {
				t.Errorf("%s in %s: the damage stays", name, kind)
			}
		}
	}
}

func TestCompare(t *testing.T) {
	was := parts("script", "a", "env A", "1", "inputs", "x")
	is := parts("script", "b", "inputs", "x", "parameter n", "2")
	want := []Difference{
		{"script", was[0].Digest, is[0].Digest},
		{"parameter n", "", is[2].Digest},
		{"env A", was[1].Digest, ""},
	}
	if diff := cmp.Diff(want, Compare(was, is)); diff != "" {
		t.Error(diff)
	}
	if diff := Compare(is, is); diff != nil {
		t.Errorf("equal parts differ in %v", diff)
	}
}

func TestNearest(t *testing.T) {
	s := open(t)
	now := time.Now()
	add := func(op, step string, made time.Duration, pairs ...string) {
		p := parts(pairs...)
		must(t, s.AddResult(Result{Key: KeyOf(p), Parts: p, Op: op, Step: step, Made: now.Add(made)}))
	}
	add("o", "far", time.Hour, "script", "x", "inputs", "y")
	add("o", "mine", 0, "script", "a", "inputs", "old")
	add("o", "late", time.Hour, "script", "a", "inputs", "older")
	add("other", "mine", time.Hour, "script", "a", "inputs", "now")
	for step, want := range map[string]string{"mine": "mine", "new": "late"} {
		near, diff, ok, err := s.Nearest(t.Context(), "o", step, parts("script", "a", "inputs", "now"))
		if err != nil || !ok || near.Step != want || len(diff) != 1 || diff[0].Name != "inputs" {
			t.Errorf("%s: %s, %v, %v, %v", step, near.Step, diff, ok, err)
		}
	}
	if _, _, ok, err := s.Nearest(t.Context(), "none", "mine", nil); ok || err != nil {
		t.Errorf("an op without a result has one: %v", err)
	}
}

func TestPrune(t *testing.T) {
	s := open(t)
	old, _ := keep(t, s, "old", "old content")
	must(t, os.MkdirAll(filepath.Join(s.dir, "cache", "deps"), 0o755))
	age(t, s, 48*time.Hour)
	young, shared := keep(t, s, "young", "young content")
	orphan := filepath.Join(t.TempDir(), "orphan")
	must(t, os.WriteFile(orphan, []byte("nobody's"), 0o644))
	_, err := putFile(t.Context(), s, orphan)
	must(t, err)
	o := PruneOptions{OlderThan: 24 * time.Hour, Grace: time.Hour, DryRun: true}
	would, err := s.Prune(t.Context(), o)
	must(t, err)
	if !kept(s, old) {
		t.Error("a dry run removed something")
	}
	o.DryRun = false
	freed, err := s.Prune(t.Context(), o)
	must(t, err)
	if diff := cmp.Diff(would, freed); diff != "" || freed.Results != 1 || freed.Objects != 1 || freed.Bytes < int64(len("old content")) {
		t.Errorf("%+v, %s", freed, diff)
	}
	if found(t, s, old) || !found(t, s, young) {
		t.Error("the wrong one went")
	}
	age(t, s, 2*time.Hour)
	freed, err = s.Prune(t.Context(), o)
	if err != nil || freed.Results != 0 || freed.Objects != 1 || freed.Bytes != int64(len("nobody's")) {
		t.Errorf("%+v, %v: content that nothing refers to goes after its grace", freed, err)
	}
	if path, _ := s.place(objects, shared); !there(path) || !there(filepath.Join(s.dir, "cache", "deps")) {
		t.Error("content in use or a named cache is gone")
	}
}

func kept(s *Store, key string) bool {
	path, _ := s.place(results, key)
	return there(path)
}

func there(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Of what is too large the longest unused goes first.
func TestPruneBySize(t *testing.T) {
	s := open(t)
	var keys []string
	for i := range 4 {
		key, _ := keep(t, s, fmt.Sprint(i), strings.Repeat(fmt.Sprint(i), 10_000))
		keys = append(keys, key)
	}
	age(t, s, time.Hour)
	for i, key := range keys {
		path, _ := s.place(results, key)
		then := time.Now().Add(-time.Duration(60-i) * time.Minute)
		must(t, os.Chtimes(path, then, then))
	}
	if !found(t, s, keys[0]) { // so it is the one used last
		t.Fatal("not found")
	}
	freed, err := s.Prune(t.Context(), PruneOptions{MaxSize: 25_000})
	var left []bool
	for _, key := range keys {
		left = append(left, kept(s, key))
	}
	if diff := cmp.Diff([]bool{true, false, false, true}, left); err != nil || diff != "" || freed.Left > 25_000 || freed.Left < 20_000 {
		t.Errorf("%s %+v %v", diff, freed, err)
	}
}

// What a run stored or found since it began stays, whatever the limits; that of a run which
// was killed does not.
func TestPruneLeavesRunsAlone(t *testing.T) {
	s := open(t)
	used, usedSum := keep(t, s, "used", "used content")
	unused, _ := keep(t, s, "unused", "unused content")
	age(t, s, time.Hour)
	release, err := s.Lease("run1")
	must(t, err)
	if !found(t, s, used) {
		t.Fatal("not found")
	}
	hard := PruneOptions{MaxSize: 1, OlderThan: 1}
	_, err = s.Prune(t.Context(), hard)
	path, _ := s.place(objects, usedSum)
	if err != nil || !kept(s, used) || !there(path) || kept(s, unused) {
		t.Errorf("%v: a run's own went, or another stayed", err)
	}
	release()
	age(t, s, time.Hour)
	must(t, os.WriteFile(filepath.Join(s.dir, leases, "killed"), nil, 0o600))
	must(t, os.Chtimes(filepath.Join(s.dir, leases, "killed"), time.Unix(1, 0), time.Unix(1, 0)))
	if _, err := s.Prune(t.Context(), hard); err != nil || kept(s, used) || there(path) || there(filepath.Join(s.dir, leases, "killed")) {
		t.Errorf("%v: what no run uses stays", err)
	}
}

// Processes that store, find and prune at once never see half a result.
func TestStoreOfSeveralProcesses(t *testing.T) {
	if dir := os.Getenv("CHURN_STORE"); dir != "" {
		churn(t, dir)
		return
	}
	dir := filepath.Join(t.TempDir(), "store")
	var wait sync.WaitGroup
	for range 3 {
		wait.Go(func() {
			cmd := exec.Command(os.Args[0], "-test.run=^TestStoreOfSeveralProcesses$")
			cmd.Env = append(os.Environ(), "CHURN_STORE="+dir)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	wait.Wait()
}

func churn(t *testing.T, dir string) {
	s, err := Open(dir, sealerIn(t.TempDir()))
	must(t, err)
	release, err := s.Lease(fmt.Sprintf("run%d", os.Getpid()))
	must(t, err)
	defer release()
	for i := range 60 {
		name := fmt.Sprint(i % 7)
		key, _ := keep(t, s, name, "content "+name)
		r, ok, err := s.FindResult(t.Context(), key, 0)
		if err != nil || !ok {
			t.Fatalf("what was just stored is gone: %v, %v", ok, err)
		}
		text, err := os.ReadFile(placeOf(s, r.Contents[0]))
		if err != nil || !bytes.Equal(text, []byte("content "+name)) {
			t.Fatalf("%q, %v", text, err)
		}
		if i%10 == 0 {
			_, err := s.Prune(t.Context(), PruneOptions{MaxSize: 1, OlderThan: 1})
			must(t, err)
		}
	}
}

func placeOf(s *Store, sum string) string {
	path, _ := s.place(objects, sum)
	return path
}

// A process that is killed while it stores leaves whole results, and what else it left goes.
func TestKilledWhileStoring(t *testing.T) {
	if dir := os.Getenv("STORE_UNTIL_KILLED"); dir != "" {
		s, err := Open(dir, sealerIn(dir))
		must(t, err)
		for i := 0; ; i++ {
			keep(t, s, fmt.Sprint(i), strings.Repeat("x", 100_000)+fmt.Sprint(i))
		}
	}
	dir := filepath.Join(t.TempDir(), "store")
	for range 5 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilledWhileStoring$")
		cmd.Env = append(os.Environ(), "STORE_UNTIL_KILLED="+dir, "TMPDIR="+t.TempDir())
		must(t, cmd.Start())
		for began := time.Now(); time.Since(began) < 10*time.Second; {
			if list, _ := filepath.Glob(filepath.Join(dir, results, "sha256/*/*")); len(list) > 3 {
				break
			}
			time.Sleep(time.Millisecond)
		}
		must(t, cmd.Process.Kill())
		_ = cmd.Wait()
	}
	s, err := Open(dir, sealerIn(dir))
	must(t, err)
	list, _ := filepath.Glob(filepath.Join(dir, results, "sha256/*/*"))
	for _, path := range list {
		r, ok := readResult(path)
		if !ok || !found(t, s, r.Key) {
			t.Errorf("%s is no whole result", path)
		}
	}
	if len(list) < 4 {
		t.Errorf("%d results", len(list))
	}
	s.sweepTemp(time.Now().Add(time.Hour))
	if left, _ := os.ReadDir(filepath.Join(dir, "tmp")); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}

func TestUsage(t *testing.T) {
	s := open(t)
	keep(t, s, "a", "content")
	must(t, s.Recent("/repo"))
	s.recent.note("key", stamp{}, "") // what is remembered of a result is none
	s.Remember()
	list, err := s.Usage(t.Context())
	must(t, err)
	got := map[string]int{}
	for _, u := range list {
		got[u.Name] = u.Files
	}
	if diff := cmp.Diff(map[string]int{"results": 1, "content": 1, "digests": 1, "caches": 0, "runs": 0, "journal": 0, "state": 0}, got); diff != "" {
		t.Error(diff)
	}
	if list[1].Bytes != int64(len("content")) {
		t.Errorf("%d bytes", list[1].Bytes)
	}
}

// What stands under a key counts only where its parts are those of the key.
func TestResultOfOtherPartsIsNone(t *testing.T) {
	s := open(t)
	key, _ := keep(t, s, "a", "content")
	path, err := s.place(results, key)
	must(t, err)
	text, err := os.ReadFile(path)
	must(t, err)
	for _, damaged := range []string{
		strings.Replace(string(text), `"name":"script"`, `"name":"other"`, 1),
		strings.Replace(string(text), resultSchema, "pipe.result/v9", 1),
		string(text[:len(text)-5]),
		"",
	} {
		must(t, os.WriteFile(path, []byte(damaged), 0o600))
		if damaged == string(text) || found(t, s, key) {
			t.Errorf("found %.80s", damaged)
		}
	}
	must(t, os.WriteFile(path, text, 0o600))
	if !found(t, s, key) {
		t.Error("whole again, it is not found")
	}
}

// A result may be longer than what is read at once.
func TestLongResult(t *testing.T) {
	s := open(t)
	p := parts("script", "a")
	value := []byte(`"` + strings.Repeat("x", 100_000) + `"`)
	must(t, s.AddResult(Result{Key: KeyOf(p), Parts: p, Made: time.Now(), Value: value}))
	r, ok, err := s.FindResult(t.Context(), KeyOf(p), 0)
	if err != nil || !ok || !bytes.Equal(r.Value, value) {
		t.Errorf("%v, %v, %d bytes", ok, err, len(r.Value))
	}
}

// The short ways to write and read what most results are give what JSON gives.
func TestShortWaysAreJSON(t *testing.T) {
	for _, p := range [][]Part{nil, {}, parts("script", "a"), parts("script", "a", "env B", "b"), parts("env \"é\"", "a"), parts("a<b", "c", "d", "e"), {{}}} {
		want, err := json.Marshal(p)
		must(t, err)
		if got := string(appendParts(nil, p)); got != string(want) {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	s := open(t)
	made := time.Date(2026, 3, 4, 5, 6, 7, 891, time.UTC)
	for i, r := range []Result{
		{Run: "r", Op: "ci.pipe.a", Step: "a", Made: made},
		{Run: "r", Op: "", Step: "a/b[3]", Made: made, Exit: -3},
		{Run: "r", Op: "a\"b\\", Step: "a", Made: made},
		{Run: "r", Op: "é<", Step: "a", Made: made},
		{Run: "r", Op: "o", Step: "a", Made: made, Exit: 5, Value: json.RawMessage(`{"a":"}"}`)},
		{Run: "r", Op: "o", Step: "a", Made: made, Kept: []KeptFile{}},
	} {
		r.Parts = parts("script", fmt.Sprint(i))
		r.Key = KeyOf(r.Parts)
		must(t, s.AddResult(r))
		got, ok, err := s.FindResult(t.Context(), r.Key, 0)
		if err != nil || !ok {
			t.Fatalf("%d is not found: %v", i, err)
		}
		r.Schema, r.Parts = resultSchema, nil
		if d := cmp.Diff(r, got, cmpopts.EquateEmpty()); d != "" {
			t.Error(d)
		}
	}
}
