package docker_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/target"
	"github.com/pipelang/pipe/runtime/target/docker"
	"github.com/pipelang/pipe/runtime/target/docker/dockertest"
)

// adopted is the run that is killed and gone on with, in a folder that both processes know.
func adopted(base string) target.Run {
	return target.Run{ID: "adopted", Root: filepath.Join(base, "repo"), State: filepath.Join(base, "state/run"), Cache: filepath.Join(base, "cache"), Keep: filepath.Join(base, "keep")}
}

func adoptedJob(image, base string) target.Job {
	j := job(image, "")
	j.Step, j.Inputs, j.AllTree = "adopted", nil, true
	j.Scripts = []target.Script{
		{Title: "first", Text: "echo one; echo ready; while ! test -e /run/pipe/go; do sleep 0.1; done"},
		{Title: "second", Text: "echo two; cat seed; echo made > made.txt; echo name=value >> $PIPE_OUTPUT; exit 7"},
	}
	return j
}

// TestAbandoned is the run that TestAdopt kills.
func TestAbandoned(t *testing.T) {
	base := os.Getenv("PIPE_TEST_ADOPT")
	if base == "" {
		return // it is not a test by itself
	}
	run := adopted(base)
	run.Environ = os.Environ()
	s, err := docker.New(docker.Endpoint{}).Open(t.Context(), run)
	if err != nil {
		t.Fatal(err)
	}
	out := waitFor("ready\n")
	go func() {
		<-out.seen
		if err := syscall.Kill(os.Getpid(), syscall.SIGKILL); err != nil {
			t.Error(err)
		}
	}()
	_, err = s.Start(t.Context(), adoptedJob(os.Getenv("PIPE_TEST_IMAGE"), base), out)
	t.Fatal(err)
}

// A container goes on when pipe is killed; the next process of the run gets the rest of its
// output, its exit and its files, however the engine got at them.
func TestAdopt(t *testing.T) {
	e := dockertest.Engine(t)
	image := dockertest.Tools(t, e)
	for _, way := range [][]string{{"PIPE_DOCKER_FILES=bind"}, {"PIPE_DOCKER_FILES=bind", "PIPE_WORKSPACE=copy"}, {"PIPE_DOCKER_FILES=ship"}} {
		t.Run(strings.Join(way, " "), func(t *testing.T) {
			base := t.TempDir()
			run := adopted(base)
			for _, dir := range []string{run.Root, run.State, run.Cache, run.Keep} {
				if err := os.MkdirAll(dir, 0o755); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.WriteFile(filepath.Join(run.Root, "seed"), []byte("seed\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(os.Args[0], "-test.run=^TestAbandoned$")
			cmd.Env = append(append(os.Environ(), way...), "PIPE_TEST_ADOPT="+base, "PIPE_TEST_IMAGE="+image)
			if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(err.Error(), "killed") {
				t.Fatalf("%v\n%s", err, out)
			}
			run.Environ = append(os.Environ(), way...)
			s := openRun(t, docker.New(docker.Endpoint{}), run).(interface {
				target.Session
				target.Adopter
			})
			traces, err := s.Traces(t.Context())
			if err != nil || len(traces) != 1 || traces[0].Step != "adopted" || traces[0].State != target.Running {
				t.Fatalf("traces: %+v, %v", traces, err)
			}
			running := mine(t, e, "adopted")
			if len(running) != 1 {
				t.Fatalf("there are %d containers", len(running))
			}
			if out, err := exec.Command("docker", "exec", running[0].ID, "touch", "/run/pipe/go").CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			j := adoptedJob(image, base)
			j.Written = map[event.Stream]int64{event.Stdout: int64(len("one\nready\n"))}
			out := &sections{}
			a, err := s.Adopt(t.Context(), j, out)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(target.Exit{Code: 7, Script: "second"}, a.Exit()); d != "" {
				t.Error(d)
			}
			if a.Stdout() != "one\nready\ntwo\nseed" || out.String() != "second:two\nsecond:seed\n" {
				t.Errorf("wrote %q in all, and %q since", a.Stdout(), out.String())
			}
			if text, err := a.Text("made.txt"); err != nil || text != "made\n" {
				t.Errorf("made %q, %v", text, err)
			}
			if got, err := a.Outputs(); err != nil || got["name"] != "value" {
				t.Errorf("outputs %v, %v", got, err)
			}
			if err := a.Close(); err != nil {
				t.Error(err)
			}
			j.Attempt = 2
			if _, err := s.Adopt(t.Context(), j, nil); !errors.Is(err, target.ErrNoTrace) {
				t.Errorf("an attempt that never was: %v", err)
			}
		})
	}
}

// sections keeps lines with their sections.
type sections struct{ strings.Builder }

func (s *sections) Write(_ event.Stream, section string, p []byte) {
	for line := range strings.Lines(string(p)) {
		s.WriteString(section + ":" + line)
	}
}
