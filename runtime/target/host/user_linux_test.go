package host_test

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// nobody is the user that root runs the tests as once more.
const nobody = 65534

// again marks a test binary that was started by a test.
const again = "PIPE_HOST_TEST_AGAIN"

// TestAsOrdinaryUser runs every other test as a user that may not mount, so that workspaces
// come from a helper in a user namespace.
func TestAsOrdinaryUser(t *testing.T) {
	if os.Getuid() != 0 {
		return // this is already so
	}
	t.Parallel()
	cmd := ordinary(t, "-test.run", ".", "-test.timeout", "5m")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// ordinary is this test binary as another user's, with a home that is that user's.
func ordinary(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	base, err := os.MkdirTemp("", "pipe-ordinary-")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(base) })
	must(t, os.Chmod(base, 0o755))
	binary := filepath.Join(base, "host.test")
	self, err := os.Executable()
	must(t, err)
	copyProgram(t, self, binary)
	home := filepath.Join(base, "home")
	must(t, os.MkdirAll(filepath.Join(home, "testdata"), 0o755))
	for _, dir := range []string{home, filepath.Join(home, "testdata")} {
		must(t, os.Chown(dir, nobody, nobody))
	}
	cmd := exec.Command(binary, args...)
	cmd.Dir = home
	cmd.Env = []string{"HOME=" + home, "TMPDIR=" + home, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "USER=nobody", again + "=1"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	return cmd
}

func copyProgram(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	must(t, err)
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE, 0o755)
	must(t, err)
	_, err = io.Copy(out, in)
	must(t, err)
	must(t, out.Chmod(0o755))
	must(t, out.Close())
}

func waitUntil(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !done(); {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// TestLivingSessionsAreLeftAlone opens a second session beside one that works.
func TestLivingSessionsAreLeftAlone(t *testing.T) {
	b := open(t, sample())
	a := b.Shell(whole(), "touch made")
	next := newBench(t, nil)
	next.Run.State = filepath.Join(filepath.Dir(b.Run.State), "run2")
	must(t, os.MkdirAll(next.Run.State, 0o755))
	next.Open()
	if _, err := a.Text("made"); err != nil {
		t.Error(err)
	}
	if got := b.Sh(whole(), "cat main.go"); got != "package main" {
		t.Errorf("got %q", got)
	}
}
