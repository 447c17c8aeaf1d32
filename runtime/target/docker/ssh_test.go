package docker_test

import (
	"crypto/ed25519"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/pipelang/pipe/runtime/target/docker"
	"github.com/pipelang/pipe/runtime/target/docker/dockertest"
)

// far is an sshd on loopback, and the folder of what its user has.
type far struct {
	t    *testing.T
	dir  string
	port string
}

// sshd starts one for this user alone, by a key of the test's own; env is what it sets for programs.
func sshd(t *testing.T, env string) *far {
	t.Helper()
	program, err := exec.LookPath("sshd")
	if err != nil {
		program = "/usr/sbin/sshd"
	}
	if _, err := os.Stat(program); err != nil {
		dockertest.Missing(t, "sshd, of Debian's package openssh-server")
	}
	if os.Getuid() == 0 { // sshd steps down into an empty folder, which its service makes elsewhere
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			t.Fatal(err)
		}
	}
	_, port, _ := net.SplitHostPort(freeAddress(t))
	f := &far{t, t.TempDir(), port}
	host, client := f.key("host"), f.key("client")
	f.write("authorized", client)
	f.write("known", "[127.0.0.1]:"+port+" "+host)
	f.write("sshd_config", "ListenAddress 127.0.0.1\nPort "+port+"\nHostKey "+f.path("host")+"\nAuthorizedKeysFile "+f.path("authorized")+
		"\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPidFile none\n"+env)
	cmd := exec.Command(program, "-D", "-e", "-f", f.path("sshd_config"))
	log, err := os.Create(f.path("log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if conn, err := net.Dial("tcp", "127.0.0.1:"+port); err == nil {
			conn.Close()
			return f
		}
		if time.Now().After(deadline) {
			text, _ := os.ReadFile(log.Name())
			t.Fatalf("sshd does not answer\n%s", text)
		}
	}
}

func (f *far) path(name string) string { return filepath.Join(f.dir, name) }

func (f *far) write(name, text string) {
	f.t.Helper()
	if err := os.WriteFile(f.path(name), []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
}

// key writes a private key and gives the public one as a line.
func (f *far) key(name string) string {
	f.t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		f.t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, name)
	if err != nil {
		f.t.Fatal(err)
	}
	f.write(name, string(pem.EncodeToMemory(block)))
	known, err := ssh.NewPublicKey(public)
	if err != nil {
		f.t.Fatal(err)
	}
	return string(ssh.MarshalAuthorizedKey(known))
}

// reach makes the ssh command of this test use a key and the known hosts of files, and gives the
// engine's address. The real one reads its settings from the user's home alone.
func (f *far) reach(t *testing.T, key, known string) string {
	t.Helper()
	program, err := exec.LookPath("ssh")
	if err != nil {
		dockertest.Missing(t, "ssh")
	}
	dir := t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\nexec %s -F none -o IdentityFile=%s -o IdentitiesOnly=yes -o UserKnownHostsFile=%s -o GlobalKnownHostsFile=none \"$@\"\n",
		program, f.path(key), f.path(known))
	if err := os.WriteFile(filepath.Join(dir, "ssh"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	t.Setenv("SSH_AUTH_SOCK", "")
	return "ssh://127.0.0.1:" + f.port
}

// A step runs on an engine behind ssh as it does on this machine's: with files that both see, and
// with files that are sent.
func TestAnEngineBehindSSH(t *testing.T) {
	image := dockertest.Shell(t, dockertest.Engine(t))
	host := sshd(t, "").reach(t, "client", "known")
	for _, way := range []string{"bind", "ship"} {
		t.Run(way, func(t *testing.T) {
			run := newRun(t, "PIPE_DOCKER_FILES="+way)
			write(t, filepath.Join(run.Root, "seed"), "from here\n")
			s := openRun(t, docker.New(docker.Endpoint{Host: host}), run)
			j := job(image, "cat seed; echo made > made.txt; echo name=value >> $PIPE_OUTPUT; exit 7")
			j.Inputs, j.AllTree = nil, true
			a := start(t, s, j)
			if a.Exit().Code != 7 || a.Stdout() != "from here" {
				t.Errorf("%+v, %q", a.Exit(), a.Stdout())
			}
			if out, err := a.Outputs(); err != nil || out["name"] != "value" {
				t.Errorf("outputs %v, %v", out, err)
			}
			if text, err := a.Text("made.txt"); err != nil || text != "made\n" {
				t.Errorf("made.txt holds %q, %v", text, err)
			}
		})
	}
}

// What keeps ssh from an engine is said with the way out.
func TestAnEngineBehindSSHThatCannotBeHad(t *testing.T) {
	dockertest.Engine(t)
	there := sshd(t, "")
	there.write("nothing", "")
	there.key("stranger")
	without := sshd(t, "SetEnv PATH=/nowhere\n")
	asleep := sshd(t, "SetEnv DOCKER_HOST=unix:///nowhere/docker.sock\n")
	for name, c := range map[string]struct {
		far        *far
		key, known string
		kind       error
		says       string
	}{
		"an unknown host":    {there, "client", "nothing", docker.ErrDenied, "ssh does not know the host's key"},
		"an unknown key":     {there, "stranger", "known", docker.ErrDenied, "ssh is not let in"},
		"no docker":          {without, "client", "known", docker.ErrAbsent, "there is no docker command there: install Docker on that machine"},
		"no engine":          {asleep, "client", "known", docker.ErrUnreachable, "ssh gets there, and no engine answers behind it"},
		"nobody who listens": {&far{t, there.dir, "1"}, "client", "known", docker.ErrUnreachable, "Connection refused"},
	} {
		t.Run(name, func(t *testing.T) {
			host := c.far.reach(t, c.key, c.known)
			e, err := docker.Connect(t.Context(), docker.Endpoint{Host: host})
			if err == nil {
				e.Close()
				t.Fatal("connected")
			}
			if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "`ssh -p "+c.far.port+" 127.0.0.1 docker version`") {
				t.Errorf("want %v with %q, found %v", c.kind, c.says, err)
			}
		})
	}
}
