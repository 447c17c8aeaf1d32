package settings

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/lang/value"
)

func TestFetch(t *testing.T) {
	dir := files(t, map[string]string{"give": "#!/bin/sh\necho run >>runs\necho \"$TOKEN\"\n", "fail": "#!/bin/sh\necho hunter2\necho hunter2 >&2\nexit 3\n"})
	for _, name := range []string{"give", "fail"} {
		if err := os.Chmod(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	s := resolve(t, Sources{Dir: dir, Environ: []string{"TOKEN=hunter2", "PATH=" + os.Getenv("PATH"), "SET=from environment"}},
		decl("good", "secret string", `exec ["./give"]`), decl("bad", "secret string", `exec ["./fail"]`), decl("none", "secret string", `exec ["no-such-program"]`),
		decl("silent", "secret string?", `exec ["true"]`), decl("set", "secret string", `exec ["./fail"]`), decl("typed", "secret int", `exec ["./give"]`),
		decl("unreached", "secret string", `exec ["./give"]`))
	names := []string{"good", "bad", "none", "silent", "set", "typed"}
	if got := s.Problems(names); got != nil {
		t.Errorf("problems before anything ran: %v", got)
	}
	if _, err := os.Stat(filepath.Join(dir, "runs")); err == nil {
		t.Error("a program ran before it was asked for")
	}
	for range 2 {
		if err := s.Fetch(context.Background(), names); err != nil {
			t.Fatal(err)
		}
	}
	if v, ok := s.Value("good"); !ok || v != value.String("hunter2") {
		t.Errorf("good: %v", v)
	}
	if v, ok := s.Value("set"); !ok || v != value.String("from environment") {
		t.Errorf("set: %v", v)
	}
	if got := s.Secrets(); strings.Join(got, ",") != "from environment,hunter2" {
		t.Errorf("secrets %q", got)
	}
	runs, err := os.ReadFile(filepath.Join(dir, "runs"))
	if err != nil || string(runs) != "run\n" {
		t.Errorf("runs %q, %v: one program gives two settings, and runs once", runs, err)
	}
	var messages []string
	for _, p := range s.Problems(names) {
		messages = append(messages, p.Message)
		if strings.Contains(p.Message+p.Help+p.Found+p.Expected, "hunter2") {
			t.Errorf("a secret is printed: %+v", p)
		}
	}
	want := []string{
		"the program that gives bad failed: ./fail ended with exit status 3",
		"the program that gives none failed: no-such-program cannot be run: executable file not found in $PATH",
		"the program that gives silent failed: true wrote nothing",
		"typed: expected int, found other text",
	}
	if strings.Join(messages, "\n") != strings.Join(want, "\n") {
		t.Errorf("problems:\n%s", strings.Join(messages, "\n"))
	}
	if v, ok := s.Value("unreached"); !ok || v != value.String("hunter2") {
		t.Errorf("a value that nobody fetched: %v", v)
	}
}

func TestFetchEnds(t *testing.T) {
	s := resolve(t, Sources{Environ: []string{"PATH=" + os.Getenv("PATH")}}, decl("loud", "secret string", `exec ["yes"]`), decl("slow", "secret string", `exec ["sleep", "60"]`))
	if err := s.Fetch(context.Background(), []string{"loud"}); err != nil {
		t.Fatal(err)
	}
	if p := s.Problems([]string{"loud"}); len(p) != 1 || !strings.Contains(p[0].Message, "yes wrote more than 1 MiB") {
		t.Errorf("loud: %+v", p)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Fetch(ctx, []string{"slow"}); err == nil {
		t.Error("a cancelled fetch succeeds")
	}
	if p := s.Problems([]string{"slow"}); len(p) != 1 || !strings.Contains(p[0].Message, "context canceled") {
		t.Errorf("slow: %+v", p)
	}
}

// A program gets no input, and what it starts does not outlive its time or a cancellation.
func TestProgramsEnd(t *testing.T) {
	const sleeper = "#!/bin/sh\nsleep 300 &\necho $! >made && mv made child\nwait\n"
	for name, cancelled := range map[string]bool{"timeout": false, "cancelled": true} {
		t.Run(name, func(t *testing.T) {
			dir := files(t, map[string]string{"slow": sleeper, "reads": "#!/bin/sh\ncat\necho input over\n"})
			for _, p := range []string{"slow", "reads"} {
				if err := os.Chmod(filepath.Join(dir, p), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			s := resolve(t, Sources{Dir: dir, Environ: []string{"PATH=" + os.Getenv("PATH")}}, decl("slow", "secret string", `exec ["./slow"]`), decl("reads", "secret string", `exec ["./reads"]`))
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			want := "the program that gives slow failed: context canceled"
			if cancelled {
				go func() {
					for !exists(filepath.Join(dir, "child")) && ctx.Err() == nil {
						time.Sleep(time.Millisecond)
					}
					cancel()
				}()
			} else {
				s.timeout = 4 * time.Second
				want = "the program that gives slow failed: ./slow took longer than 4s"
			}
			if err := s.Fetch(ctx, []string{"slow"}); (err != nil) != cancelled {
				t.Errorf("fetch: %v", err)
			}
			if p := s.Problems([]string{"slow"}); len(p) != 1 || p[0].Message != want {
				t.Errorf("problems %+v", p)
			}
			text, err := os.ReadFile(filepath.Join(dir, "child"))
			if err != nil {
				t.Fatal(err)
			}
			pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
			if err != nil {
				t.Fatal(err)
			}
			for end := time.Now().Add(10 * time.Second); alive(pid); time.Sleep(time.Millisecond) {
				if time.Now().After(end) {
					t.Fatal("what the program started is still running")
				}
			}
			if v, ok := s.Value("reads"); !ok || v != value.String("input over") {
				t.Errorf("reads: %v %v", v, s.Problems([]string{"reads"}))
			}
		})
	}
}

// alive reports whether a process runs; one that nobody has waited for yet does not.
func alive(pid int) bool {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, state, _ := strings.Cut(string(status), ") ")
	return !strings.HasPrefix(state, "Z")
}

// A program is run behind fields of a record, but only for what they leave out.
func TestProgramGivesTheRest(t *testing.T) {
	dir := files(t, map[string]string{"give": "#!/bin/sh\necho run >>runs\necho '{\"host\": \"h\", \"port\": 1}'\n"})
	if err := os.Chmod(filepath.Join(dir, "give"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		environ, runs string
		want          value.Record
	}{
		{"DB__PORT=7", "run\n", value.Record{"host": value.String("h"), "port": value.Int(7)}},
		{"DB__HOST=given", "", value.Record{"host": value.String("given"), "port": value.Int(5432)}},
		{`DB={"host": "given"}`, "", value.Record{"host": value.String("given"), "port": value.Int(5432)}},
		{"NONE=", "run\n", value.Record{"host": value.String("h"), "port": value.Int(1)}},
	} {
		os.Remove(filepath.Join(dir, "runs"))
		s := resolve(t, Sources{Dir: dir, Environ: []string{tt.environ, "PATH=" + os.Getenv("PATH")}}, decl("db", "secret m.Database", `exec ["./give"]`))
		if err := s.Fetch(context.Background(), []string{"db"}); err != nil {
			t.Fatal(err)
		}
		v, _ := s.Value("db")
		if diff := cmp.Diff(value.Value(tt.want), v); diff != "" {
			t.Errorf("%s: %s %v", tt.environ, diff, s.Problems([]string{"db"}))
		}
		if runs, _ := os.ReadFile(filepath.Join(dir, "runs")); string(runs) != tt.runs {
			t.Errorf("%s: runs %q", tt.environ, runs)
		}
	}
}

// A program stands between the secrets directory and the profile, and is not run in vain.
func TestPlaceOfPrograms(t *testing.T) {
	dir := files(t, map[string]string{"s/filed": "from-file"})
	s := resolve(t, Sources{Dir: dir, SecretsDir: filepath.Join(dir, "s"), Profile: "prod", Environ: []string{"PATH=" + os.Getenv("PATH")}},
		decl("filed", "secret string", `exec ["false"]`),
		decl("given", "secret string", `exec ["echo", "from-program"]`, `profile prod "from-profile"`, `default "from-default"`))
	for name, want := range map[string]string{"filed": "from-file", "given": "from-program"} {
		if v, ok := s.Value(name); !ok || v != value.String(want) {
			t.Errorf("%s: %v, want %s; problems %v", name, v, want, s.Problems([]string{name}))
		}
	}
}
