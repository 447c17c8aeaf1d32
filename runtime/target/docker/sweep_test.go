package docker_test

import (
	"cmp"
	"context"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

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
	found, err := e.Leftovers(t.Context(), run)
	if err != nil || len(folders) == 0 || !slices.ContainsFunc(folders, func(f string) bool { return found.Kept[f] == filepath.Base(state) && docker.SessionFolder(f) }) {
		t.Errorf("kept %q of %q, %v", found.Kept, folders, err)
	}
	if len(found.Awaited) == 0 || !found.Awaited[0].Attempt || found.Awaited[0].Until.Before(time.Now().Add(23*time.Hour)) {
		t.Errorf("awaited: %+v", found.Awaited)
	}
	id := found.Awaited[0].ID
	if err := e.Client().ContainerKill(t.Context(), id, "KILL"); err != nil {
		t.Error(err)
	}
	sweeps(0)
	// It is as if its result had been kept, and pipe had been killed before it removed the container.
	if err := os.Remove(filepath.Join(state, "container-"+id)); err != nil {
		t.Error(err)
	}
	sweeps(1)
}

// A step without a time of its own is given up a day after its pipe was there last, or with its run's state.
func TestStepsWithoutPipeAreGivenUp(t *testing.T) {
	e := dockertest.Engine(t)
	image := dockertest.Tools(t, e)
	for what, giveUp := range map[string]func(t *testing.T, state, folder string){
		"after a day": func(t *testing.T, _, folder string) {
			long := time.Now().Add(-24 * time.Hour)
			if err := os.Chtimes(filepath.Join(folder, "lock"), long, long); err != nil {
				t.Error(err)
			}
		},
		"with its state": func(t *testing.T, state, _ string) {
			if err := os.RemoveAll(state); err != nil {
				t.Error(err)
			}
		},
	} {
		t.Run(what, func(t *testing.T) {
			run := newRun(t)
			state := run.State + "-interrupted"
			killVictim(t, image, state, filepath.Base(state))
			found, err := e.Leftovers(t.Context(), run)
			if err != nil || len(found.Stale) != 0 || len(found.Kept) != 1 {
				t.Fatalf("%+v, %v", found, err)
			}
			for folder := range found.Kept {
				giveUp(t, state, folder)
			}
			swept, err := e.Sweep(t.Context(), run)
			if err != nil || len(swept) == 0 || swept[0].Kind != "container" {
				t.Errorf("swept %+v, %v", swept, err)
			}
			if found, err = e.Leftovers(t.Context(), run); err != nil || len(found.Stale)+len(found.Awaited) > 0 {
				t.Errorf("there still is %+v, %v", found, err)
			}
		})
	}
}

// A run that uses one engine leaves alone what a killed run has on another.
func TestFoldersOfOtherEnginesAreNotSwept(t *testing.T) {
	e := dockertest.Engine(t)
	other := dockertest.Proxy(t, e, func(engine http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch path.Base(r.URL.Path) {
			case "json", "networks":
				_, _ = w.Write([]byte("[]"))
			case "volumes":
				_, _ = w.Write([]byte("{}"))
			default:
				engine.ServeHTTP(w, r)
			}
		})
	})
	run := newRun(t)
	state := run.State + "-interrupted"
	killVictim(t, dockertest.Tools(t, e), state, filepath.Base(state))
	folder := func() string {
		found, err := filepath.Glob(filepath.Join(state, "pipe-docker-*"))
		if err != nil || len(found) != 1 {
			t.Fatalf("folders %q, %v", found, err)
		}
		return found[0]
	}
	before := folder()
	openRun(t, docker.New(docker.Endpoint{Host: other}), run)
	if after := folder(); after != before {
		t.Errorf("got %s, want %s", after, before)
	}
	if err := os.RemoveAll(state); err != nil {
		t.Error(err)
	}
	if _, err := e.Sweep(t.Context(), run); err != nil {
		t.Error(err)
	}
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
	found, err := e.Leftovers(t.Context(), run)
	if left := found.Stale; err != nil || len(left) == 0 || left[0].Run != "victim" || left[0].Step != "victim" {
		t.Fatalf("left over: %+v, %v", found, err)
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
