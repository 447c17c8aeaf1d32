package docker_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pipelang/pipe/runtime/target"
	"github.com/pipelang/pipe/runtime/target/docker"
	"github.com/pipelang/pipe/runtime/target/docker/dockertest"
)

// daemon is an engine of a test's own, which it may stop.
type daemon struct {
	t      *testing.T
	folder string
	cmd    *exec.Cmd
}

func ownDaemon(t *testing.T, root string) *daemon {
	t.Helper()
	if _, err := exec.LookPath("dockerd"); err != nil || os.Getuid() != 0 || exec.Command("unshare", "--net", "true").Run() != nil {
		dockertest.Missing(t, "dockerd, as root")
	}
	d := &daemon{t: t, folder: t.TempDir()}
	if root == "" {
		root = filepath.Join(d.folder, "data")
	}
	d.start(root)
	t.Cleanup(d.stop)
	return d
}

func (d *daemon) host() string { return "unix://" + filepath.Join(d.folder, "s") }

func (d *daemon) start(root string) {
	d.t.Helper()
	log, err := os.Create(filepath.Join(d.folder, "log"))
	if err != nil {
		d.t.Fatal(err)
	}
	defer log.Close()
	// In a network of its own: an engine without a bridge removes that of the machine's engine.
	d.cmd = exec.Command("unshare", "--net", "dockerd", "-H", d.host(), "--data-root", root, "--exec-root", filepath.Join(d.folder, "exec"),
		"--pidfile", filepath.Join(d.folder, "pid"), "--bridge=none", "--iptables=false", "--ip-masq=false")
	d.cmd.Stdout, d.cmd.Stderr = log, log
	if err := d.cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		e, err := docker.Connect(context.Background(), docker.Endpoint{Host: d.host()})
		if err == nil {
			e.Close()
			return
		}
		if time.Now().After(deadline) {
			text, _ := os.ReadFile(log.Name())
			d.t.Fatalf("dockerd does not answer: %v\n%s", err, text)
		}
	}
}

func (d *daemon) signal(s syscall.Signal) {
	if err := d.cmd.Process.Signal(s); err != nil {
		d.t.Error(err)
	}
}

func (d *daemon) stop() {
	_ = d.cmd.Process.Signal(syscall.SIGCONT)
	_ = d.cmd.Process.Signal(syscall.SIGTERM)
	_ = d.cmd.Wait()
}

func (d *daemon) target() docker.Target { return docker.New(docker.Endpoint{Host: d.host()}) }

func (d *daemon) image() string {
	d.t.Helper()
	e, err := docker.Connect(d.t.Context(), docker.Endpoint{Host: d.host()})
	if err != nil {
		d.t.Fatal(err)
	}
	defer e.Close()
	return dockertest.Shell(d.t, e)
}

func offline(image, script string) target.Job {
	j := job(image, script)
	j.Container.Network = "none"
	return j
}

// An engine that is restarted, or stops answering, is a failure that says so, in time.
func TestEngineThatGoesAway(t *testing.T) {
	if testing.Short() {
		return
	}
	d := ownDaemon(t, "")
	image := d.image()
	root := filepath.Join(d.folder, "data")
	for name, c := range map[string]struct {
		harm, heal func()
		kind       error
	}{
		"restarted": {func() { d.signal(syscall.SIGTERM); _ = d.cmd.Wait(); d.start(root) }, func() {}, docker.ErrRestarted},
		"hangs":     {func() { d.signal(syscall.SIGSTOP) }, func() { d.signal(syscall.SIGCONT) }, docker.ErrUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			run := newRun(t)
			s, err := d.target().Impatient(3*time.Second).Open(t.Context(), run)
			if err != nil {
				t.Fatal(err)
			}
			out := waitFor("ready")
			harmed := make(chan struct{})
			go func() {
				defer close(harmed)
				<-out.seen
				c.harm()
			}()
			began := time.Now()
			a, err := s.Start(t.Context(), offline(image, "echo ready; sleep 1000"), out)
			if err == nil {
				t.Errorf("exit %+v", a.Exit())
			}
			if !errors.Is(err, c.kind) {
				t.Errorf("got %v, want %v", err, c.kind)
			}
			if took := time.Since(began); took > 90*time.Second {
				t.Errorf("it took %v", took)
			}
			<-harmed
			c.heal()
			_ = s.Close() // what it could not remove, the next run does
			next := run
			next.ID, next.State = "next", run.State+"-next"
			if err := os.MkdirAll(next.State, 0o755); err != nil {
				t.Fatal(err)
			}
			again := openRun(t, d.target(), next)
			if a := start(t, again, offline(image, "echo fine")); a.Stdout() != "fine" {
				t.Errorf("afterwards: %+v %q", a.Exit(), a.Stderr())
			}
		})
	}
}

// A step that fills the engine's disk fails, and so does what then finds no room, with a way out.
func TestDiskThatIsFull(t *testing.T) {
	if testing.Short() {
		return
	}
	base := t.TempDir()
	disk, at := filepath.Join(base, "disk"), filepath.Join(base, "mounted")
	for _, argv := range [][]string{{"truncate", "-s", "120M", disk}, {"mkfs.ext4", "-q", disk}, {"mkdir", at}, {"mount", "-o", "loop", disk, at}} {
		if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
			dockertest.Missing(t, "a disk in a file: "+string(out))
		}
	}
	t.Cleanup(func() { _ = exec.Command("umount", at).Run() })
	d := ownDaemon(t, at)
	image := d.image()
	s := openRun(t, d.target(), newRun(t))
	filler := start(t, s, offline(image, "head -c 200000000 /dev/zero > /full"))
	if filler.Exit().Code == 0 || !strings.Contains(filler.Stderr(), "No space left") {
		t.Errorf("%+v %q", filler.Exit(), filler.Stderr())
	}
	// Its container still holds the room.
	_, err := s.Start(t.Context(), offline(image, "true"), nil)
	if err != nil && !errors.Is(err, docker.ErrDiskFull) {
		t.Errorf("got %v", err)
	}
}
