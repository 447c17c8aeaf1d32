package settings

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

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
	if err != nil || string(runs) != "run\nrun\n" {
		t.Errorf("runs %q, %v: two settings were to be fetched once each", runs, err)
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
