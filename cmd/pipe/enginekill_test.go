package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"

	"github.com/pipelang/pipe/runtime/target/docker/dockertest"
)

// moment is a request to the engine at which pipe is killed.
type moment struct {
	name string
	is   func(path, label string) bool
	lost bool // the engine never hears of it; else it does what was asked, and nobody hears the answer
	runs bool // the step works from then on, and is gone on with
}

// ends is a request whose path ends with a text, for what has one of the labels.
func ends(path, label string) func(string, string) bool {
	return func(p, l string) bool { return strings.HasSuffix(p, path) && strings.Contains(l, label) }
}

// momentsOfAStep are those of a step in a container that has a service: the labels of what is
// made tell one request from the other, and the containers are started in that order.
var momentsOfAStep = []moment{
	{name: "the network of a service is made", is: ends("/networks/create", "slow")},
	{name: "a service is created", is: ends("/containers/create", "db")},
	{name: "a service is started", is: ends("/start", "db")},
	{name: "a step's folder is looked for", is: ends("/containers/create", "probe")},
	{name: "a step is never created", is: ends("/containers/create", "slow "), lost: true},
	{name: "a step is created", is: ends("/containers/create", "slow ")},
	{name: "a step is never started", is: ends("/start", "slow "), lost: true},
	{name: "a step is started", is: ends("/start", "slow "), runs: true},
}

// killer is a gate before an engine that calls kill at a moment, once.
type killer struct {
	at   moment
	kill func()

	mu    sync.Mutex
	done  bool
	names map[string]string // the labels of containers, by what they are called
}

func (k *killer) gate(engine http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		label := k.label(r)
		if !k.now(r.URL.Path, label) {
			engine.ServeHTTP(k.remember(w, r, label), r)
			return
		}
		if !k.at.lost {
			engine.ServeHTTP(httptest.NewRecorder(), r.WithContext(context.WithoutCancel(r.Context())))
		}
		k.kill()
	})
}

func (k *killer) now(path, label string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.done || !k.at.is(path, label) {
		return false
	}
	k.done = true
	return true
}

// label is the service or step that a request is for, with a space behind a step.
func (k *killer) label(r *http.Request) string {
	parts := strings.Split(r.URL.Path, "/")
	if id := parts[len(parts)-2]; !strings.HasSuffix(r.URL.Path, "/create") {
		k.mu.Lock()
		defer k.mu.Unlock()
		return k.names[id]
	}
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	var made struct{ Labels map[string]string }
	_ = json.Unmarshal(body, &made)
	if service := made.Labels["pipe.service"]; service != "" {
		return service
	}
	return made.Labels["pipe.step"] + " "
}

// remember keeps which container an engine made for which step.
func (k *killer) remember(w http.ResponseWriter, r *http.Request, label string) http.ResponseWriter {
	if !strings.HasSuffix(r.URL.Path, "/containers/create") {
		return w
	}
	return &answered{w, func(body []byte) {
		var made struct{ ID string }
		if json.Unmarshal(body, &made) == nil {
			k.mu.Lock()
			defer k.mu.Unlock()
			k.names[made.ID] = label
		}
	}}
}

// answered hears what is written.
type answered struct {
	http.ResponseWriter
	heard func([]byte)
}

func (a *answered) Write(p []byte) (int, error) {
	a.heard(p)
	return a.ResponseWriter.Write(p)
}

// A pipe that is killed while the engine creates or starts what it asked for leaves that behind,
// and the next run removes all of it; a step that works is gone on with.
func TestKilledWhileStarting(t *testing.T) {
	engineOrSkip(t)
	e := dockertest.Engine(t)
	module := `pipeline main() {
  slow = op {
    image "IMAGE"
    inputs []
    service db { image "IMAGE"; exec ["sleep", "600"] }
    run ` + "`sleep 1`" + `
  }
}
`
	module += "pipeline next() {\n  quick = op {\n    image \"IMAGE\"\n    inputs []\n    run `true`\n  }\n}\n"
	module = strings.ReplaceAll(module, "IMAGE", dockertest.Shell(t, e))
	for _, at := range momentsOfAStep {
		t.Run(at.name, func(t *testing.T) {
			dir := repository(t, map[string]string{"ci.pipe": module})
			begun := make(chan *exec.Cmd, 1)
			k := &killer{at: at, names: map[string]string{}, kill: func() { _ = (<-begun).Process.Kill() }}
			t.Setenv("DOCKER_HOST", dockertest.Proxy(t, e, k.gate))
			sessions := ownSessions(t)
			cmd, out := running(t, dir, "ci.pipe", "main")
			begun <- cmd
			said, _ := io.ReadAll(out)
			if err := cmd.Wait(); err == nil || err.Error() != "signal: killed" {
				t.Fatalf("pipe was not killed: %v\n%s", err, said)
			}
			if len(leftBehind(t, sessions)) == 0 {
				t.Error("nothing was left, so nothing is tested")
			}
			if at.runs {
				nextRunMends(t, dir, sessions, "resume")
			}
			nextRunMends(t, dir, sessions, "run", "ci.pipe", "next")
		})
	}
}

// Going on with a killed run and ending it takes its containers with it, also those that had no turn yet.
func TestKilledResumedAndEnded(t *testing.T) {
	engineOrSkip(t)
	e := dockertest.Engine(t)
	module := "op slow() {\n  image \"" + dockertest.Shell(t, e) + "\"\n  inputs []\n  grace 0s\n  run `echo begun; sleep 600`\n}\n" +
		"pipeline main() {\n  each = slow() { for i in [1, 2, 3] }\n}\n"
	dir := repository(t, map[string]string{"ci.pipe": module})
	sessions := ownSessions(t)
	cmd, out := running(t, dir, "ci.pipe", "main", "--jobs", "3")
	untilTimes(t, out, "│ begun", 3)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if len(leftBehind(t, sessions)) == 0 {
		t.Error("nothing was left, so nothing is tested")
	}
	cmd, out = started(t, dir, "resume", "--jobs", "1")
	until(t, out, "▸ started")
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	said, _ := io.ReadAll(out)
	if err := cmd.Wait(); err == nil || err.Error() != "exit status 130" {
		t.Errorf("pipe ended with %v", err)
	}
	if left := leftBehind(t, sessions); len(left) > 0 {
		t.Errorf("left behind: %q\n%s", left, said)
	}
}

// ownSessions is a folder for the sessions of this test's runs, whose store lies in the repository.
func ownSessions(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	return dir
}

// nextRunMends runs pipe once more and looks at what is there after it.
func nextRunMends(t *testing.T, dir, sessions string, args ...string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PIPE_TEST_MAIN=1", "PIPE_STORE="+filepath.Join(dir, ".store"))
	said, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("pipe %s: %v\n%s", args[0], err, said)
	}
	if left := leftBehind(t, sessions); len(left) > 0 {
		t.Errorf("left behind: %q\n%s", left, said)
	}
}

// leftBehind lists what sessions in a folder have there, and on the engine.
func leftBehind(t *testing.T, sessions string) []string {
	t.Helper()
	var out []string
	for _, list := range [][]string{{"container", "ls", "--all"}, {"network", "ls"}, {"volume", "ls"}} {
		found, err := exec.Command("docker", append(list, "--filter", "label=pipe.run", "--format", `{{.Label "pipe.folder"}} {{.Label "pipe.step"}}`)...).Output()
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(found)) {
			if folder, step, _ := strings.Cut(strings.TrimSpace(line), " "); filepath.Dir(folder) == sessions {
				out = append(out, list[0]+" of "+step)
			}
		}
	}
	folders, err := filepath.Glob(filepath.Join(sessions, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return append(out, folders...)
}

// A pipe that is killed while the engine pulls leaves no image and no container, and the next run
// pulls as if nothing had been, though the registry never ends its first answer.
func TestKilledWhilePulling(t *testing.T) {
	engineOrSkip(t)
	ref, held := slowRegistry(t)
	sessions := ownSessions(t)
	dir := repository(t, map[string]string{"ci.pipe": "pipeline main() {\n  a = op {\n    image \"" + ref + "\"\n    inputs []\n    run `true`\n  }\n}\n"})
	t.Cleanup(func() { _ = exec.Command("docker", "image", "rm", "--force", ref).Run() })
	cmd, out := running(t, dir)
	awaits(t, held, out, "it pulled")
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if exec.Command("docker", "image", "inspect", ref).Run() == nil {
		t.Error("the engine has the image")
	}
	nextRunMends(t, dir, sessions, "run")
}

// slowRegistry serves an image with a static shell. The first that asks for its layer gets half
// of it, and no more: held then ends.
func slowRegistry(t *testing.T) (ref string, held <-chan struct{}) {
	t.Helper()
	var once sync.Once
	asked, release := make(chan struct{}), make(chan struct{})
	served, layer := registry.New(registry.Logger(log.New(io.Discard, "", 0))), "?"
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		first := false
		if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, layer) {
			once.Do(func() { first = true })
		}
		if !first {
			served.ServeHTTP(w, r)
			return
		}
		whole := httptest.NewRecorder()
		served.ServeHTTP(whole, r)
		w.Header().Set("Content-Length", strconv.Itoa(whole.Body.Len()))
		_, _ = w.Write(whole.Body.Bytes()[:whole.Body.Len()/2])
		_ = http.NewResponseController(w).Flush()
		close(asked)
		<-release
	}))
	t.Cleanup(func() {
		close(release)
		s.Close()
	})
	ref = strings.TrimPrefix(s.URL, "http://") + "/slow:1"
	layer = pushShell(t, ref, t.Name())
	return ref, asked
}

// awaits waits for a moment of a pipe that writes to out, which must not end before.
func awaits(t *testing.T, moment <-chan struct{}, out io.Reader, what string) {
	t.Helper()
	ended := make(chan string, 1)
	go func() {
		all, _ := io.ReadAll(out)
		ended <- string(all)
	}()
	select {
	case <-moment:
	case all := <-ended:
		t.Fatalf("pipe ended before %s\n%s", what, all)
	}
}
