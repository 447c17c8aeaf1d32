package main

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/runtime/target/docker/dockertest"
)

// needs are the programs that an example runs; without them it is skipped by name.
var needs = map[string][]string{
	"go":       {"go", "version"},
	"python":   {"python3", "-m", "pytest", "--version"},
	"postgres": {"sh", "-c", "psql --version && python3 -m pytest --version"},
	"image":    {"docker", "info"},
	"node":     {"node", "--test", "--test-reporter=junit", os.DevNull},
}

// TestExamples checks, formats, plans and runs every example. What a run ends with is in
// testdata/examples beside the plan; UPDATE=1 writes both anew.
func TestExamples(t *testing.T) {
	found := 0
	err := filepath.WalkDir("../../examples", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, ".pipe") {
			return err
		}
		found++
		name, _ := filepath.Rel("../../examples", path)
		t.Run(name, func(t *testing.T) { example(t, filepath.ToSlash(name)) })
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found < 8 {
		t.Errorf("found %d examples, want 8 or more", found)
	}
}

func example(t *testing.T, name string) {
	file := "examples/" + name
	if out, code := pipeAt(t, "check", "--strict", file); code != 0 {
		t.Errorf("check: exit code %d\n%s", code, out)
	}
	if out, code := pipeAt(t, "fmt", "--check", file); code != 0 {
		t.Errorf("fmt --check: exit code %d\n%s", code, out)
	}
	golden := "../../testdata/examples/" + strings.ReplaceAll(strings.TrimSuffix(name, ".pipe"), "/", "-")
	text, code := pipeAt(t, "plan", "--format", "json", file)
	if code != 0 {
		t.Fatalf("plan: exit code %d\n%s", code, text)
	}
	if _, err := plan.Decode([]byte(text)); err != nil {
		t.Errorf("plan: %v", err)
	}
	compare(t, golden+".plan.json", text)

	tool, _, _ := strings.Cut(name, "/")
	if argv := needs[tool]; argv != nil {
		if err := exec.Command(argv[0], argv[1:]...).Run(); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatalf("%s: %v; with CI=true nothing is skipped", strings.Join(argv, " "), err)
			}
			t.Skipf("SKIPPED: running %s needs %s: %v", name, argv[0], err)
		}
	}
	if tool == "image" {
		t.Cleanup(func() { _ = exec.Command("docker", "image", "rm", "--force", "pipe-example/greet").Run() })
	}
	if tool == "postgres" {
		t.Setenv("POSTGRES_IMAGE", dockertest.Postgres(t, dockertest.Engine(t)))
	}
	out, code := pipeAt(t, "run", file)
	if code == 3 {
		t.Fatalf("run: internal fault\n%s", out)
	}
	compare(t, golden+".run.txt", ending(out))
}

var (
	took  = regexp.MustCompile(`\d+(\.\d+)?(µs|ms|s|m\d\ds)\b`)
	runID = regexp.MustCompile(`\d{8}-\d{6}-[a-z0-9]{6}`)
)

// ending is the table and what follows, without times and the run's ID.
func ending(out string) string {
	if i := strings.Index(out, "\nSTEP "); i >= 0 {
		out = out[i+1:]
	}
	out = took.ReplaceAllString(runID.ReplaceAllString(out, "ID"), "N")
	return spaces.ReplaceAllString(out, " ")
}

func compare(t *testing.T, path, got string) {
	t.Helper()
	if os.Getenv("UPDATE") != "" {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v: UPDATE=1 writes it", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// pipeAt runs pipe at the repository's root with no setting of this machine in its environment.
func pipeAt(t *testing.T, args ...string) (string, int) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(exe, args...)
	c.Dir = "../.."
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		switch name {
		case "DEPLOY_ENV", "API_PORT", "PATIENCE", "DEPLOY_TOKEN":
		default:
			c.Env = append(c.Env, v)
		}
	}
	c.Env = append(c.Env, "PIPE_TEST_MAIN=1", "PIPE_STORE="+t.TempDir(), "NO_COLOR=1")
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	_ = c.Run() // the exit code says it
	return out.String(), c.ProcessState.ExitCode()
}
