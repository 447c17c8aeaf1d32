package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pipelang/pipe/runtime/target/docker/dockertest"
)

// lockedContainer is a repository with a step in a container that works under a lock, one that enters
// the lock and one that is refused, and the run of the first: its pipe was killed.
func lockedContainer(t *testing.T) (dir, run, container string) {
	t.Helper()
	engineOrSkip(t)
	t.Setenv("TMPDIR", t.TempDir()) // runs of other stores sweep the usual one
	image := dockertest.Shell(t, dockertest.Engine(t))
	dir = repository(t, map[string]string{
		"slow.pipe": `pipeline main() {
  slow = op {
    image "` + image + `"
    inputs []
    lock "ship" reject
    service side { image "` + image + `"; exec ["sleep", "1000"] }
    run ` + "`echo at work; until test -e /run/pipe/go; do sleep 0.1; done; echo done`" + `
  }
}
`,
		"enter.pipe": `pipeline main() {
  enter = op {
    in place
    lock "ship"
    run ` + "`echo > .store/entered`" + `
  }
}
`,
		"refused.pipe": `pipeline main() {
  refused = op {
    inputs []
    lock "ship" reject
    run ` + "`true`" + `
  }
}
`})
	cmd, out := running(t, dir, "slow.pipe")
	until(t, out, "│ at work")
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	killed, err := os.ReadDir(filepath.Join(dir, ".store", "state"))
	if err != nil || len(killed) != 1 {
		t.Fatalf("%v, %v", killed, err)
	}
	run = killed[0].Name()
	ids, err := exec.Command("docker", "ps", "--quiet", "--filter", "label=pipe.attempt", "--filter", "label=pipe.run="+run).Output()
	if err != nil || len(strings.Fields(string(ids))) != 1 {
		t.Fatalf("containers of run %s: %q, %v", run, ids, err)
	}
	t.Cleanup(func() { _ = exec.Command("docker", "rm", "--force", strings.TrimSpace(string(ids))).Run() })
	return dir, run, strings.TrimSpace(string(ids))
}

// refused runs a step that must not get the lock.
func refused(t *testing.T, dir, run string) {
	t.Helper()
	cmd, out := running(t, dir, "refused.pipe")
	until(t, out, `failed: lock "ship" is held by step slow of run `+run)
	endsWell(t, cmd, out, false)
}

// release lets the step in the container go on to its end.
func release(t *testing.T, container string) {
	t.Helper()
	if out, err := exec.Command("docker", "exec", container, "sh", "-c", ": > /run/pipe/go").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func endsWell(t *testing.T, cmd *exec.Cmd, out io.Reader, well bool) {
	t.Helper()
	rest, _ := io.ReadAll(out)
	if err := cmd.Wait(); (err == nil) != well {
		t.Errorf("%v\n%s", err, rest)
	}
}

// A container goes on when pipe is killed, and nobody enters its lock before it has ended; then its
// own run is gone on with, although its lock has reject.
func TestLockOfAContainerWhosePipeWasKilled(t *testing.T) {
	dir, run, container := lockedContainer(t)
	second, waits := running(t, dir, "enter.pipe")
	until(t, waits, `waits for lock "ship", which is held by step slow of run `+run)
	refused(t, dir, run)
	if _, err := os.Stat(filepath.Join(dir, ".store", "entered")); err == nil {
		t.Fatal("the lock was entered while the container ran")
	}
	again, resumed := started(t, dir, "resume", run)
	until(t, resumed, `waits for lock "ship"`) // the other came first
	release(t, container)
	until(t, waits, "enter ✓ succeeded")
	endsWell(t, second, waits, true)
	until(t, resumed, "│ done")
	endsWell(t, again, resumed, true)
	nothingLeft(t, run)
}

// Whoever goes on with the run in time has the lock at once, and others do not.
func TestLockOfAContainerGoesOnWithItsRun(t *testing.T) {
	dir, run, container := lockedContainer(t)
	again, resumed := started(t, dir, "resume", run)
	until(t, resumed, "slow ▸ started")
	refused(t, dir, run)
	release(t, container)
	until(t, resumed, "│ done")
	endsWell(t, again, resumed, true)
	nothingLeft(t, run)
}

// nothingLeft says that all that a run made on the engine is gone, its services of before the kill, too.
func nothingLeft(t *testing.T, run string) {
	t.Helper()
	for _, list := range [][]string{{"ps", "--all"}, {"network", "ls"}, {"volume", "ls"}} {
		out, err := exec.Command("docker", append(list, "--quiet", "--filter", "label=pipe.run="+run)...).Output()
		if err != nil || len(out) > 0 {
			t.Errorf("docker %v: %q, %v", list, out, err)
		}
	}
}

// A container that is removed while no pipe is there may have done all of its work: its step is unknown,
// and not done again unasked.
func TestContainerThatIsRemovedBeforeItsRunGoesOn(t *testing.T) {
	dir, run, container := lockedContainer(t)
	if out, err := exec.Command("docker", "rm", "--force", container).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	stopped, said := started(t, dir, "resume", run)
	until(t, said, "slow (attempt 1)")
	endsWell(t, stopped, said, false)
	if code := stopped.ProcessState.ExitCode(); code != 4 {
		t.Errorf("exit %d", code)
	}
	done, said := started(t, dir, "resume", run, "--assume", "slow=done")
	endsWell(t, done, said, true)
	if left, err := os.ReadDir(filepath.Join(dir, ".store", "state")); err != nil || len(left) != 0 {
		t.Errorf("state that stays: %v, %v", left, err)
	}
}
