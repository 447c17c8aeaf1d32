package image_test

import (
	"crypto/ed25519"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/target/docker/dockertest"
)

// agent starts an ssh-agent with one key, and gives its socket and the key's fingerprint.
func agent(t *testing.T) (socket, fingerprint string) {
	t.Helper()
	for _, program := range []string{"ssh-agent", "ssh-add"} {
		if _, err := exec.LookPath(program); err != nil {
			dockertest.Missing(t, program)
		}
	}
	dir := t.TempDir()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "of a test")
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "key"), string(pem.EncodeToMemory(block)))
	known, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	socket = filepath.Join(dir, "s")
	cmd := exec.Command("ssh-agent", "-D", "-a", socket)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	add := func() error {
		c := exec.Command("ssh-add", filepath.Join(dir, "key"))
		c.Env = append(os.Environ(), "SSH_AUTH_SOCK="+socket)
		return c.Run()
	}
	for deadline := time.Now().Add(20 * time.Second); add() != nil; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the agent takes no key")
		}
	}
	return socket, ssh.FingerprintSHA256(known)
}

// A build reaches the keys of an agent where it may, and no others.
func TestBuildWithAnAgent(t *testing.T) {
	e := dockertest.Engine(t)
	socket, fingerprint := agent(t)
	base := dockertest.Installed(t, e, "ssh-add", []string{"sh", "ssh-add", "true"}, nil)
	text := "FROM " + base + "\nRUN --mount=type=ssh ssh-add -l\nRUN ssh-add -l 2>&1 || true\n"
	args := map[string]value.Value{"context": value.String("/"), "dockerfile_text": value.String(text), "ssh_agent": value.Bool(true), "no_cache": value.Bool(true)}
	c := call(t, "build", args, "SSH_AUTH_SOCK="+socket)
	if c.err != nil {
		t.Fatalf("%v\n%s", c.err, c.log)
	}
	t.Cleanup(func() { discard(t, e, string(c.value["digest"].(value.String))) })
	if strings.Count(c.log, fingerprint) != 1 || !strings.Contains(c.log, "Could not open a connection to your authentication agent") {
		t.Errorf("want the key %s once, and no agent without the mount\n%s", fingerprint, c.log)
	}
	if reason, final := call(t, "build", args, "SSH_AUTH_SOCK=").reason(); !final || !strings.Contains(reason, "SSH_AUTH_SOCK is not set") {
		t.Errorf("no agent: %q", reason)
	}
	if reason, final := call(t, "build", args, "SSH_AUTH_SOCK="+filepath.Join(t.TempDir(), "gone")).reason(); !final || !strings.Contains(reason, "no agent answers at") {
		t.Errorf("an agent that is gone: %q", reason)
	}
}
