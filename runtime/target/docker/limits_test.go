package docker_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/pipelang/pipe/runtime/target"
	"github.com/pipelang/pipe/runtime/target/docker"
	"github.com/pipelang/pipe/runtime/target/docker/dockertest"
)

// newRun is a run of its own over a repository of files.
func newRun(t testing.TB, env ...string) target.Run {
	t.Helper()
	base := t.TempDir()
	run := target.Run{
		ID: "run", Plan: "sha256:plan", Root: filepath.Join(base, "repo"), State: filepath.Join(base, "state/run"),
		Cache: filepath.Join(base, "cache"), Keep: filepath.Join(base, "keep"), Environ: append(os.Environ(), env...),
	}
	for _, dir := range []string{run.Root, run.State, run.Cache, run.Keep} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return run
}

func openRun(t *testing.T, where docker.Target, run target.Run) target.Session {
	t.Helper()
	s, err := where.Open(t.Context(), run)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func job(image, script string) target.Job {
	return target.Job{Step: "step", Attempt: 1, Image: image, Inputs: []string{}, Grace: time.Second, Scripts: []target.Script{{Text: script}}}
}

func start(t *testing.T, s target.Session, j target.Job) target.Attempt {
	t.Helper()
	a, err := s.Start(t.Context(), j, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// What a step does to itself, the run survives, and says what it was.
func TestMalice(t *testing.T) {
	e := dockertest.Engine(t)
	image := dockertest.Tools(t, e)
	s := openRun(t, docker.New(docker.Endpoint{}), newRun(t))
	for name, c := range map[string]struct {
		script string
		limits target.Container
		want   string // in the reason
	}{
		"memory hog":    {"exec python3 -c 'x = []\nwhile True: x.append(\"x\" * 10000000)'", target.Container{Memory: 64 << 20}, "killed for want of memory: its limit is 64MiB: raise memory"},
		"fork bomb":     {"b() { b | b & }; b; sleep 2; python3 -c 'import os\nfor i in range(1000): os.fork()'", target.Container{PIDs: 64, Memory: 512 << 20}, "its limit of 64 processes: raise pids"},
		"few processes": {"(sleep 3 & sleep 3 & sleep 3 & sleep 3 & sleep 3 & wait)", target.Container{PIDs: 4}, "its limit of 4 processes: raise pids"},
	} {
		t.Run(name, func(t *testing.T) {
			j := job(image, c.script)
			j.Container = c.limits
			a := start(t, s, j)
			if got := a.Exit().Reason; a.Exit().Code == 0 || !strings.Contains(got, c.want) {
				t.Errorf("exit %+v, stderr %.300q, want %q", a.Exit(), a.Stderr(), c.want)
			}
		})
	}
}

func TestContainersAreShutIn(t *testing.T) {
	e := dockertest.Engine(t)
	image := dockertest.Tools(t, e)
	s := openRun(t, docker.New(docker.Endpoint{}), newRun(t))
	j := job(image, "grep -e CapEff -e CapBnd -e NoNewPrivs -e 'Seccomp:' /proc/self/status | tr -d '\\t'; test ! -e /var/run/docker.sock; id -u; cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null || true")
	j.Container = target.Container{PIDs: 99}
	want := "CapEff:0000000000000000\nCapBnd:0000000000000000\nNoNewPrivs:1\nSeccomp:2\n"
	if got := start(t, s, j).Stdout(); !strings.HasPrefix(got, want) || !strings.HasSuffix(got, "\n99") {
		t.Errorf("got %q", got)
	}
	j = job(image, "grep CapEff /proc/self/status | tr -d '\\t'; id -u; ls /sys/class/net")
	j.Container = target.Container{Capabilities: []string{"NET_BIND_SERVICE"}, User: "0", Network: "none"}
	if got := start(t, s, j).Stdout(); got != "CapEff:0000000000000400\n0\nlo" {
		t.Errorf("with a capability and without a network: %q", got)
	}
	for want, c := range map[string]target.Container{
		`network "host": a container gets a network of its own`:        {Network: "host"},
		`network "container:x": a container gets a network of its own`: {Network: "container:x"},
		`capabilities: "ALL" is no capability`:                         {Capabilities: []string{"ALL"}},
		"user: the image has no such user":                             {User: "nosuchuser"},
	} {
		j := job(image, "true")
		j.Container = c
		if _, err := s.Start(t.Context(), j, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v gives %v, want %s", c, err, want)
		}
	}
}

// The engine's socket is shown to no container, by no way.
func TestTheSocketIsNeverShown(t *testing.T) {
	image := dockertest.Tools(t, dockertest.Engine(t))
	for name, at := range map[string]string{"its folder": "/var/run", "a link to its folder": "", "all": "/"} {
		run := newRun(t)
		if run.Root = at; at == "" {
			run.Root = filepath.Join(t.TempDir(), "link")
			if err := os.Symlink("/run", run.Root); err != nil {
				t.Fatal(err)
			}
		}
		s, err := docker.New(docker.Endpoint{}).Open(t.Context(), run)
		if err != nil {
			continue // a repository there is refused altogether
		}
		j := job(image, "ls")
		j.Inputs, j.AllTree, j.InPlace = nil, true, true
		if _, err := s.Start(t.Context(), j, nil); err == nil || !strings.Contains(err.Error(), "holds the engine's socket") {
			t.Errorf("%s: %v", name, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestImagesThatCannotBeHad(t *testing.T) {
	e := dockertest.Engine(t)
	for name, c := range map[string]struct {
		image string
		pull  docker.Pull
		kind  error
		says  string
	}{
		"never pulled":   {"pipe-test/no-such-image:1", docker.PullNever, docker.ErrNoImage, "build or load it first"},
		"no registry":    {"127.0.0.1:1/x:1", docker.PullMissing, docker.ErrRegistry, "see that the engine reaches the registry"},
		"no name":        {"UPPER case", docker.PullMissing, docker.ErrNoImage, "write it as"},
		"always, though": {"127.0.0.1:1/x:1", docker.PullAlways, docker.ErrRegistry, "127.0.0.1:1"},
	} {
		t.Run(name, func(t *testing.T) {
			s := openRun(t, docker.Target{Pull: c.pull}, newRun(t))
			_, err := s.Start(t.Context(), job(c.image, "true"), nil)
			if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %v with %q", err, c.kind, c.says)
			}
		})
	}
	static := dockertest.Static(t, e, "package main\nfunc main() { println(\"static\") }")
	s := openRun(t, docker.New(docker.Endpoint{}), newRun(t))
	if _, err := s.Start(t.Context(), job(static, "true"), nil); err == nil || err.Error() != `interpreter "sh" is not in PATH` {
		t.Errorf("without a shell: %v", err)
	}
	j := job(static, "")
	j.Scripts, j.Exec = nil, []string{"/program"}
	if a := start(t, s, j); a.Exit().Code != 0 || a.Stderr() != "static" {
		t.Errorf("a program alone: %+v %q", a.Exit(), a.Stderr())
	}
}

// A container that somebody removes is a failure with a cause of its own.
func TestContainerThatGoesAway(t *testing.T) {
	e := dockertest.Engine(t)
	s := openRun(t, docker.New(docker.Endpoint{}), newRun(t))
	out := waitFor("ready")
	go func() {
		<-out.seen
		for _, c := range mine(t, e, "gone") {
			_ = e.Client().ContainerRemove(context.Background(), c.ID, container.RemoveOptions{Force: true})
		}
	}()
	j := job(dockertest.Tools(t, e), "echo ready; sleep 100")
	j.Step = "gone"
	a, err := s.Start(t.Context(), j, out)
	if err == nil {
		defer a.Close()
		t.Fatalf("exit %+v", a.Exit())
	}
	if !errors.Is(err, docker.ErrContainerGone) {
		t.Errorf("got %v", err)
	}
}
