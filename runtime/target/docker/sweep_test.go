package docker_test

import (
	"cmp"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"

	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/target"
	"github.com/pipelang/pipe/runtime/target/docker"
	"github.com/pipelang/pipe/runtime/target/docker/dockertest"
	"github.com/pipelang/pipe/runtime/target/host"
)

// watcher waits for a text in what is written.
type watcher struct {
	mu   sync.Mutex
	text strings.Builder
	want string
	seen chan struct{}
}

func waitFor(text string) *watcher { return &watcher{want: text, seen: make(chan struct{})} }

func (w *watcher) Write(_ event.Stream, _ string, p []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text.Write(p)
	if w.want != "" && strings.Contains(w.text.String(), w.want) {
		w.want = ""
		close(w.seen)
	}
}

func mine(t *testing.T, e *docker.Engine, step string) []container.Summary {
	t.Helper()
	all, err := e.Client().ContainerList(context.Background(), container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("label", "pipe.step="+step))})
	if err != nil {
		t.Error(err)
	}
	return all
}

// TestVictim is a run that TestKilledRunsAreSweptUp kills.
func TestVictim(t *testing.T) {
	state := os.Getenv("PIPE_TEST_VICTIM")
	if state == "" {
		return // it is not a test by itself
	}
	run := newRun(t)
	run.ID, run.State = cmp.Or(os.Getenv("PIPE_TEST_VICTIM_RUN"), "victim"), state
	s, err := docker.New(docker.Endpoint{}).Open(t.Context(), run)
	if err != nil {
		t.Fatal(err)
	}
	j := job(os.Getenv("PIPE_TEST_IMAGE"), "echo ready; sleep 1000")
	j.Step = "victim"
	j.Inputs, j.AllTree = nil, true
	out := waitFor("ready")
	go func() {
		<-out.seen
		if err := syscall.Kill(os.Getpid(), syscall.SIGKILL); err != nil {
			t.Error(err)
		}
	}()
	_, err = s.Start(t.Context(), j, out)
	t.Fatal(err)
}

// killVictim makes a run that is killed while its container works.
func killVictim(t *testing.T, image, state, run string) {
	t.Helper()
	if err := os.MkdirAll(state, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestVictim$")
	cmd.Env = append(os.Environ(), "PIPE_TEST_VICTIM="+state, "PIPE_TEST_IMAGE="+image, "PIPE_TEST_VICTIM_RUN="+run)
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Fatalf("%v\n%s", err, out)
	}
}

// What a killed run may be gone on with stays as long as its state does: a step that works, and one
// that ended just now.
func TestWhatIsFoundAgainIsNotSwept(t *testing.T) {
	e := dockertest.Engine(t)
	run := newRun(t)
	state := run.State + "-interrupted"
	killVictim(t, dockertest.Tools(t, e), state, filepath.Base(state))
	sweeps := func(want int) {
		t.Helper()
		swept, err := e.Sweep(t.Context(), run)
		containers := 0
		for _, l := range swept {
			if l.Kind == "container" {
				containers++
			}
		}
		if err != nil || containers != want {
			t.Errorf("swept %+v, %v, want %d containers", swept, err, want)
		}
	}
	sweeps(0)
	// Who looks for folders that nobody holds is told that its folder stays.
	folders := host.Leftovers(filepath.Dir(state), func(string) bool { return false })
	_, kept, err := e.Leftovers(t.Context(), run)
	if err != nil || len(folders) == 0 || !slices.ContainsFunc(folders, func(f string) bool { return slices.Contains(kept, f) && docker.SessionFolder(f) }) {
		t.Errorf("kept %q of %q, %v", kept, folders, err)
	}
	for _, c := range mine(t, e, "victim") {
		if c.Labels["pipe.run"] == filepath.Base(state) {
			if err := e.Client().ContainerKill(t.Context(), c.ID, "KILL"); err != nil {
				t.Error(err)
			}
		}
	}
	sweeps(0)
	if err := os.RemoveAll(state); err != nil {
		t.Error(err)
	}
	sweeps(1)
}

// The next run of a store removes what a killed one left: not what lives, and nothing of others.
func TestKilledRunsAreSweptUp(t *testing.T) {
	e := dockertest.Engine(t)
	image := dockertest.Tools(t, e)
	run := newRun(t)
	victim := run.State + "-victim"
	stranger, err := e.Client().ContainerCreate(t.Context(), &container.Config{Image: image, Cmd: []string{"true"}, Labels: map[string]string{"pipe.step": "victim"}}, nil, nil, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	defer e.Client().ContainerRemove(context.Background(), stranger.ID, container.RemoveOptions{Force: true})
	killVictim(t, image, victim, "")
	left, _, err := e.Leftovers(t.Context(), run)
	if err != nil || len(left) == 0 || left[0].Run != "victim" || left[0].Step != "victim" {
		t.Fatalf("left over: %+v, %v", left, err)
	}
	s := openRun(t, docker.New(docker.Endpoint{}), run)
	if all := mine(t, e, "victim"); len(all) != 1 || all[0].ID != stranger.ID {
		t.Errorf("there are %+v", all)
	}
	// What stays says that the step began: whoever goes on with the run must not do it again unasked.
	if left, err := filepath.Glob(filepath.Join(victim, "*")); err != nil || len(left) != 1 || !strings.HasPrefix(filepath.Base(left[0]), "container-") {
		t.Errorf("its folder still holds %q, %v", left, err)
	}
	// What lives stays, whoever looks.
	a := start(t, s, job(image, "true"))
	other := run
	other.ID, other.State = "other", run.State+"-other"
	if err := os.MkdirAll(other.State, 0o755); err != nil {
		t.Fatal(err)
	}
	if swept, err := e.Sweep(t.Context(), other); err != nil || len(swept) != 0 {
		t.Errorf("swept %+v, %v", swept, err)
	}
	if _, err := a.Outputs(); err != nil {
		t.Error(err)
	}
	var _ target.Attempt = a
}
