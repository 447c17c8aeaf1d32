package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// ordinaryUser is whom root runs pipe as, since root may read everything.
const ordinaryUser = 65534

// TestUnreadableFiles checks files and folders beside ones that the user may not read.
func TestUnreadableFiles(t *testing.T) {
	dir := openFolder(t)
	good := "op a() { run `ls` }\npipeline main() { a() }\n"
	for name, text := range map[string]string{
		"pipe.toml": "", "bad.pipe": "op  a() { run `ls $x` }\n", "ci/closed.pipe": good, "shut/x.pipe": good, "user.pipe": "use \"./ci/closed.pipe\"\npipeline main() { closed.a() }\n",
	} {
		writeOpen(t, filepath.Join(dir, filepath.FromSlash(name)), text)
	}
	for _, name := range []string{"ci/closed.pipe", "shut"} {
		if err := os.Chmod(filepath.Join(dir, name), 0); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Chmod(filepath.Join(dir, name), 0o700) })
	}
	for _, c := range []struct {
		args string
		want []string
	}{
		{"check", []string{
			"bad.pipe:1:19", "error[unreadable-file]: the file may not be read: permission denied\n --> ci/closed.pipe:1:1\nhelp: give the user",
			"hint[unreadable-file]: the folder may not be read", "--> shut:1:1", `module "./ci/closed.pipe" may not be read`, "--> user.pipe:1:5",
		}},
		{"check shut bad.pipe", []string{"error[unreadable-file]: the folder may not be read", "--> shut:1:1", "bad.pipe:1:19"}},
		{"check shut/x.pipe bad.pipe", []string{"error[unreadable-file]: the file may not be read", "--> shut/x.pipe:1:1", "bad.pipe:1:19"}},
		{"fmt --check", []string{"pipe: shut cannot be read: permission denied\n  help: give", "pipe: ci/closed.pipe cannot be read: permission denied\n  help: give", "bad.pipe\n"}},
		{"plan shut", []string{"pipe: shut cannot be read: permission denied\n  help: give"}},
	} {
		out := pipeAsOrdinaryUser(t, dir, strings.Fields(c.args)...)
		for _, want := range c.want {
			if !strings.Contains(out, want) {
				t.Errorf("pipe %s: %q is not in\n%s", c.args, want, out)
			}
		}
	}
}

// openFolder is a folder that every user may enter, which those of t.TempDir need not be.
func openFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "pipe-unreadable-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func writeOpen(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// pipeAsOrdinaryUser is what pipe says, on both outputs, and it fails; this binary stands for it.
func pipeAsOrdinaryUser(t *testing.T, dir string, args ...string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Dir = dir
	cmd.Env = []string{"HOME=" + dir, "PIPE_TEST_MAIN=1", "PATH=" + os.Getenv("PATH")}
	if os.Getuid() == 0 {
		cmd.Path = openCopy(t, self)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: ordinaryUser, Gid: ordinaryUser}}
	}
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Errorf("pipe %s did not fail:\n%s", strings.Join(args, " "), out)
	}
	return string(out)
}

// openCopy is a program where every user may run it.
func openCopy(t *testing.T, program string) string {
	t.Helper()
	name := filepath.Join(openFolder(t), "pipe")
	if os.Link(program, name) == nil && os.Chmod(name, 0o755) == nil {
		return name
	}
	data, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o755); err != nil {
		t.Fatal(err)
	}
	return name
}
