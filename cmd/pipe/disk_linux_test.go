package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// tiny mounts a file system of a size in MiB.
func tiny(t *testing.T, size string) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("a small file system can be mounted by root alone")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("no small file system can be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

// TestFullDisk: the step that was under way fails with a cause of its own, what is written down can be
// read, and with room again the run goes on.
func TestFullDisk(t *testing.T) {
	disk := tiny(t, "6m")
	effects := filepath.Join(t.TempDir(), "effects")
	dir := oneModule(t, `
pipeline main() {
  first = op {
    inputs []
    run `+"`echo fine`"+`
  }
  loud = op {
    inputs []
    inherit ["LOG", "ROOM"]
    needs first
    run `+"```"+`
      echo loud >> "$LOG"
      if [ -z "$ROOM" ]; then
        i=0
        while [ $i -lt 200000 ]; do i=$((i + 1)); echo "a line of the output that fills the disk, number $i, and some more text to make it long"; done
        sleep 20
      fi
    `+"```"+`
  }
}
`)
	store := filepath.Join(disk, "store")
	run := func(env string, args ...string) (int, string) {
		cmd := pipeIn(t, dir, store, args...)
		cmd.Env = append(cmd.Env, "LOG="+effects, env)
		out, _ := cmd.CombinedOutput()
		return cmd.ProcessState.ExitCode(), string(out)
	}
	code, out := run("ROOM=", "run", "p.pipe")
	if code != 1 || !strings.Contains(out, "the disk is full") {
		t.Fatalf("exit %d\n%s", code, last(out))
	}
	code, out = run("ROOM=", "runs", "--format", "json")
	if code != 0 || !strings.Contains(out, `"status"`) {
		t.Fatalf("exit %d\n%s", code, last(out))
	}
	code, out = run("ROOM=", "show", "--format", "json")
	var shown struct {
		Steps []struct{ Step, Status, Cause string }
	}
	if code != 0 || json.Unmarshal([]byte(out), &shown) != nil || len(shown.Steps) < 1 || shown.Steps[0].Status != "succeeded" {
		t.Errorf("exit %d\n%s", code, last(out))
	}
	if code, out := run("ROOM=", "logs", "latest", "loud"); code != 0 || !strings.Contains(out, "number 100,") {
		t.Errorf("exit %d\n%s", code, last(out))
	}
	if err := syscall.Mount("tmpfs", disk, "tmpfs", syscall.MS_REMOUNT, "size=300m"); err != nil {
		t.Fatal(err)
	}
	code, out = run("ROOM=1", "resume")
	if code == 4 {
		code, out = run("ROOM=1", "resume", "--assume", "loud=redo")
	}
	if code != 0 {
		// The run had ended, and its end was written down once there was room: then it is taken up from failure.
		code, out = run("ROOM=1", "resume")
	}
	if code != 0 {
		t.Errorf("exit %d\n%s", code, last(out))
	}
}

// TestUnreadableJournal: a run that cannot be written down ends as it ends, and nobody is told to go on with it.
func TestUnreadableJournal(t *testing.T) {
	dir, store := oneModule(t, "pipeline main() {\n  bad = op {\n    inputs []\n    run `exit 3`\n  }\n}\n"), t.TempDir()
	path := filepath.Join(store, "journal.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("no database", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(want ...string) string {
		out, err := pipeIn(t, dir, store, want...).CombinedOutput()
		if _, failed := err.(*exec.ExitError); !failed {
			t.Errorf("pipe %s: %v", strings.Join(want, " "), err)
		}
		return string(out)
	}
	if out := run("run", "p.pipe"); !strings.Contains(out, path) || !strings.Contains(out, "exit code 3") || strings.Contains(out, "resume") || strings.Contains(out, "pipe logs") {
		t.Error(out)
	}
	if out := run("runs"); !strings.Contains(out, path+": file is not a database") || !strings.Contains(out, "help: name another folder") {
		t.Error(out)
	}
}

func last(out string) string { return out[max(0, len(out)-2000):] }

// TestFullDiskOfAStep: a step that has no room to keep its files fails with the same cause.
func TestFullDiskOfAStep(t *testing.T) {
	disk := tiny(t, "6m")
	dir := oneModule(t, "pipeline main() {\n  big = op {\n    inputs []\n    run `head -c 20000000 /dev/urandom > out.bin`\n    keep [\"out.bin\"]\n  }\n}\n")
	cmd := pipeIn(t, dir, filepath.Join(disk, "store"), "run", "p.pipe", "--format", "json")
	out, err := cmd.Output()
	if _, failed := err.(*exec.ExitError); !failed || !strings.Contains(string(out), `"cause":"disk-full"`) && !strings.Contains(string(out), "No space left") {
		t.Errorf("%v\n%s", err, last(string(out)))
	}
	if out, err := pipeIn(t, dir, filepath.Join(disk, "store"), "show").CombinedOutput(); err != nil || !strings.Contains(string(out), " of main ") {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestReadOnlyStore: what a store holds can be read where nothing can be written, and whoever must write is
// told where and what to do.
func TestReadOnlyStore(t *testing.T) {
	disk := tiny(t, "16m")
	dir := oneModule(t, `
pipeline main() {
  ask = op {
    inputs []
    approve "go on?"
    run `+"`echo fine`"+`
  }
}
`)
	store := filepath.Join(disk, "store")
	run := func(want int, says string, args ...string) {
		t.Helper()
		cmd := pipeIn(t, dir, store, args...)
		out, _ := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != want || !strings.Contains(string(out), says) {
			t.Errorf("pipe %s: exit %d, want %d and %q\n%s", strings.Join(args, " "), code, want, says, out)
		}
	}
	run(4, "ask asks", "run", "p.pipe")
	run(0, "is approved", "approve", "latest", "ask")
	run(0, "fine", "resume")
	if err := syscall.Mount("tmpfs", disk, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	run(0, "succeeded", "runs")
	run(0, "ask   ✓ succeeded", "show")
	run(0, "fine", "logs")
	run(0, "approved ask", "audit")
	run(0, "lines: 1, all as they were written", "audit", "verify")
	run(1, "mount it to be written, or name another folder with --store or PIPE_STORE", "run", "p.pipe")
	run(1, "read-only file system", "resume", "--from", "ask")
}
