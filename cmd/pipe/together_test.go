package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// pipeIn is a command of this test as pipe, in a folder and with a store.
func pipeIn(t *testing.T, dir, store string, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PIPE_TEST_MAIN=1", "PIPE_STORE="+store, "CI=")
	return cmd
}

// oneModule is a folder with one module.
func oneModule(t *testing.T, module string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"pipe.toml": "pipe = \"0.1\"\n", "p.pipe": module} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestTwentyRunsStartAtOnce on a store that is not there yet: none fails for its sake, and all are written down.
func TestTwentyRunsStartAtOnce(t *testing.T) {
	dir := oneModule(t, "pipeline main() {\n  a = op {\n    inputs []\n    run `echo one; echo two`\n  }\n  b = op {\n    needs a\n    inputs [\"p.pipe\"]\n    cached\n    run `true`\n  }\n}\n")
	store := filepath.Join(t.TempDir(), "store")
	var all []*exec.Cmd
	var outs []*strings.Builder
	for range 20 {
		cmd, out := pipeIn(t, dir, store, "run", "p.pipe"), &strings.Builder{}
		cmd.Stdout, cmd.Stderr = out, out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		all, outs = append(all, cmd), append(outs, out)
	}
	for i, cmd := range all {
		if err := cmd.Wait(); err != nil {
			t.Errorf("run %d: %v\n%s", i, err, outs[i])
		}
	}
	out, err := pipeIn(t, dir, store, "runs", "-n", "0", "--format", "json").Output()
	var runs []struct{ ID, Status string }
	if err != nil || json.Unmarshal(out, &runs) != nil || len(runs) != 20 {
		t.Fatalf("%d runs, %v\n%s", len(runs), err, out)
	}
	for _, r := range runs {
		if r.Status != "succeeded" {
			t.Errorf("%+v", r)
		}
	}
	out, err = pipeIn(t, dir, store, "logs", runs[7].ID).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "two") {
		t.Errorf("%v\n%s", err, out)
	}
	if leases, err := os.ReadDir(filepath.Join(store, "leases")); err != nil || len(leases) > 0 {
		t.Error(fmt.Sprint(leases), err)
	}
}
