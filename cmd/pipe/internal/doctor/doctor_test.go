package doctor

import (
	"context"
	"encoding/json"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/runtime/secret"
	"github.com/pipelang/pipe/runtime/store"
	"github.com/pipelang/pipe/runtime/target/docker/dockertest"
)

// A check that never ends, whatever its context says, is given up; the others have their say,
// and all stand in the order of the checks.
func TestExamine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		over := make(chan struct{})
		defer close(over)
		checks := []Check{
			{Name: "hangs", Needed: []string{"ci.pipe:1:1"}, Look: func(context.Context) []Line { <-over; return nil }},
			{Name: "late", Needed: []string{"ci.pipe:2:1"}, Look: func(ctx context.Context) []Line {
				<-ctx.Done()
				return fails("wait", "it said %v", ctx.Err())
			}},
			{Name: "panics", Look: func(context.Context) []Line { panic("boom") }},
			{Name: "unneeded", Look: func(context.Context) []Line { return fails("install it", "not there") }},
			{Name: "fine", Needed: []string{"ci.pipe:3:1"}, Look: func(context.Context) []Line { return ok("%d", 1) }},
			{Name: "several", Look: func(context.Context) []Line {
				return []Line{{Check: "one", Level: OK}, {Check: "two", Level: Fail, NeededBy: []string{"x"}}}
			}},
		}
		got := Examine(t.Context(), checks, 5*time.Second)
		want := []Line{
			{"hangs", Fail, "no answer within 5s", "see what holds it up, or give it longer with --timeout", []string{"ci.pipe:1:1"}},
			{"late", Fail, "it said context deadline exceeded", "wait", []string{"ci.pipe:2:1"}},
			{"panics", Warn, "the check itself failed: boom", "report it", nil},
			{"unneeded", Warn, "not there", "install it", nil},
			{"fine", OK, "1", "", nil},
			{"one", OK, "", "", nil},
			{"two", Fail, "", "", []string{"x"}},
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
		for n, level := range map[int]Level{2: Fail, 0: OK} {
			if got := Worst(got[:n]); got != level {
				t.Errorf("the worst of %d lines is %s, expected %s", n, got, level)
			}
		}
		if got := Worst(got[2:5]); got != Warn {
			t.Errorf("a warning is %s", got)
		}
	})
}

// around are surroundings in folders of their own.
func around(t *testing.T, environ ...string) *Surroundings {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	dir := filepath.Join(t.TempDir(), "store")
	return &Surroundings{
		Root: t.TempDir(), Files: 1, Environ: append(os.Environ(), environ...), StoreDir: dir, Needs: NewNeeds(),
		Space: func(string) (int64, string, bool) { return 10 << 30, "", true },
		Open: func() (*store.Store, error) {
			return store.Open(dir, secret.NewSealer(func(string) string { return "" }))
		},
	}
}

// silent is a socket that takes connections and never says anything.
func silent(t *testing.T, network, address string) net.Listener {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// An engine and a registry that take connections and never answer hold nobody up.
func TestSilence(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "docker.sock")
	silent(t, "unix", socket)
	host := silent(t, "tcp", "127.0.0.1:0").Addr().String()
	s := around(t, "DOCKER_HOST=unix://"+socket, "DOCKER_CONTEXT=other")
	s.Needs.Containers = []string{"ci.pipe:1:1"}
	s.Needs.Image(host+"/app:1", "ci.pipe:1:1")
	levels := map[string]Level{}
	for _, l := range Examine(t.Context(), s.Checks(), 300*time.Millisecond) {
		if levels[l.Check] == "" {
			levels[l.Check] = l.Level
		}
		if l.Level != OK && l.Help == "" {
			t.Errorf("%s: %s has no way out", l.Check, l.Text)
		}
	}
	for name, want := range map[string]Level{"docker": Fail, "registry " + host: Fail, "store": OK, "proxy": OK} {
		if levels[name] != want {
			t.Errorf("%s is %q, expected %s", name, levels[name], want)
		}
	}
}

func TestEngineAbsent(t *testing.T) {
	s := around(t, "DOCKER_HOST=unix:///nowhere/docker.sock")
	if got := s.engine(t.Context()); len(got) != 1 || got[0].Level != OK || !strings.Contains(got[0].Text, "no pipeline here needs one") {
		t.Errorf("unneeded: %+v", got)
	}
	s.Needs.Containers = []string{"ci.pipe:1:1"}
	if got := s.engine(t.Context()); len(got) != 1 || got[0].Level != Fail || got[0].Help == "" {
		t.Errorf("needed: %+v", got)
	}
}

func TestStore(t *testing.T) {
	s := around(t)
	got := s.store(t.Context())
	if len(got) != 1 || got[0].Level != OK || !strings.Contains(got[0].Text, "free") {
		t.Errorf("a new one: %+v", got)
	}
	if err := os.Chmod(s.StoreDir, 0o755); err != nil {
		t.Fatal(err)
	}
	if got := s.store(t.Context()); len(got) != 2 || got[1].Level != Warn || !strings.HasPrefix(got[1].Help, "chmod 700 ") {
		t.Errorf("one that others read: %+v", got)
	}
	if err := os.Chmod(s.StoreDir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, disk := range []struct {
		free    int64
		network string
		known   bool
		level   Level // "" for no complaint
		text    string
	}{
		{free: 2 << 30, known: true},
		{free: 2<<30 - 1, known: true, level: Warn, text: "only 2 GiB is left for the store"},
		{free: 99 << 20, known: true, level: Fail, text: "99 MiB is left for the store"},
		{free: 10 << 30, network: "NFS", known: true, level: Warn, text: "the store lies on NFS"},
		{},
	} {
		s.Space = func(string) (int64, string, bool) { return disk.free, disk.network, disk.known }
		got := s.store(t.Context())
		if disk.level == "" {
			if len(got) != 1 || got[0].Level != OK {
				t.Errorf("%+v: %+v", disk, got)
			}
			continue
		}
		if len(got) != 2 || got[1].Level != disk.level || !strings.HasPrefix(got[1].Text, disk.text) || got[1].Help == "" {
			t.Errorf("%+v: %+v", disk, got)
		}
	}
	if free, _, known := Space(s.StoreDir); known && free <= 0 {
		t.Errorf("%d bytes are free where files are written", free)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s.StoreDir = file
	s.Open = func() (*store.Store, error) {
		return store.Open(file, secret.NewSealer(func(string) string { return "" }))
	}
	if got := s.store(t.Context()); len(got) != 1 || got[0].Level != Fail {
		t.Errorf("a file: %+v", got)
	}
}

func TestGit(t *testing.T) {
	s := around(t)
	if got := s.git(t.Context()); len(got) != 1 || got[0].Level != OK || !strings.Contains(got[0].Text, "not under git") {
		t.Errorf("elsewhere: %+v", got)
	}
	if err := os.Mkdir(filepath.Join(s.Root, ".git"), 0o700); err != nil {
		t.Fatal(err)
	}
	for version, want := range map[string]Level{"git version 2.25.1": Fail, "git version 3.0": Warn, "git version 2.39.5 (Apple)": Warn, "hello": Warn} {
		bin := t.TempDir()
		script := "#!/bin/sh\n[ \"$1\" = --version ] && echo '" + version + "'\n" // and fails for all else
		if err := os.WriteFile(filepath.Join(bin, "git"), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
		t.Setenv("PATH", bin+":/usr/bin:/bin")
		if got := s.git(t.Context()); len(got) != 1 || got[0].Level != want || got[0].Help == "" {
			t.Errorf("%s: %+v", version, got)
		}
	}
	t.Setenv("PATH", t.TempDir())
	if got := s.git(t.Context()); len(got) != 1 || got[0].Level != Fail {
		t.Errorf("no git: %+v", got)
	}
}

func TestProxy(t *testing.T) {
	s := &Surroundings{Environ: []string{"HTTPS_PROXY=http://ann:secret@proxy:3128", "https_proxy=http://other:1", "http_proxy=://", "NO_PROXY=localhost"}}
	var all []string
	for _, l := range s.proxy(t.Context()) {
		all = append(all, string(l.Level)+" "+l.Text)
	}
	want := []string{
		"ok http_proxy=://, HTTPS_PROXY=http://***@proxy:3128, NO_PROXY=localhost; a step sees them where inherit names them",
		"warn http_proxy names no proxy: ://",
		"warn HTTPS_PROXY and https_proxy differ: some programs take the one, some the other",
	}
	if d := cmp.Diff(want, all); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestClock(t *testing.T) {
	now := time.Now()
	for _, tt := range []struct {
		theirs time.Time
		lines  int
	}{{now, 0}, {time.Time{}, 0}, {now.Add(time.Hour), 1}, {now.Add(-time.Hour), 1}} {
		if got := clock(tt.theirs); len(got) != tt.lines {
			t.Errorf("%v: %+v", tt.theirs, got)
		}
	}
}

// What an engine says that it lacks is said with what a step may do there, and what to do.
func TestEngineThatLacks(t *testing.T) {
	e := dockertest.Engine(t)
	host := dockertest.Proxy(t, e, func(engine http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasSuffix(r.URL.Path, "/info") {
				engine.ServeHTTP(w, r)
				return
			}
			said := httptest.NewRecorder()
			engine.ServeHTTP(said, r)
			var info map[string]any
			if err := json.Unmarshal(said.Body.Bytes(), &info); err != nil {
				t.Error(err)
			}
			maps.Copy(info, map[string]any{
				"MemoryLimit": false, "PidsLimit": false, "CpuCfsQuota": true, "Driver": "vfs", "Warnings": []string{"WARNING: No swap limit support"},
			})
			if err := json.NewEncoder(w).Encode(info); err != nil {
				t.Error(err)
			}
		})
	})
	said := map[string]string{}
	for _, l := range around(t, "DOCKER_HOST="+host).engine(t.Context()) {
		if l.Level == Warn {
			said[l.Text] = l.Help
		}
	}
	delete(said, lacksRoom(t, said)) // as it is on this machine
	want := map[string]string{
		"the engine cannot hold containers to memory, pids: a step may take the whole machine": "mount the controllers of control groups on its machine, v2 or v1 with memory, pids and cpu, and restart it",
		"the engine's storage driver vfs copies every layer whole":                             "let the engine use overlay2",
		"the engine says: No swap limit support":                                               "see the engine's documentation",
	}
	if d := cmp.Diff(want, said); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// lacksRoom is what is said of the disk of the engine's data, where something is.
func lacksRoom(t *testing.T, said map[string]string) string {
	t.Helper()
	for text := range said {
		if strings.Contains(text, "the engine's data") {
			return text
		}
	}
	return ""
}
