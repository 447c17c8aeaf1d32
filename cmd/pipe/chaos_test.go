//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestChaos kills pipe at any moment, and the run's supervisor with it now and then, and goes on until
// the run has ended: nothing that must not happen twice does, what nobody knows stops the run, and in
// the end everything is as if nothing had been killed. PIPE_CHAOS=PIPELINES×KILLS sets the size.
func TestChaos(t *testing.T) {
	pipelines, kills := chaosSize(t)
	c := &chaos{pipe: builtPipe(t), seed: uint64(time.Now().UnixNano())}
	if s := os.Getenv("PIPE_CHAOS_SEED"); s != "" {
		c.seed, _ = strconv.ParseUint(s, 10, 64)
	}
	t.Logf("PIPE_CHAOS_SEED=%d", c.seed)
	list := chaosPipelines
	if pipelines < len(list) {
		random := rand.New(rand.NewPCG(c.seed, 0))
		random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		list = list[:pipelines]
	}
	for _, p := range list {
		t.Run(p.name, func(t *testing.T) { c.pipeline(t, p, kills) })
	}
	t.Logf("%d kills, %d of them of the supervisor too; %d runs stopped at an unknown step", c.killed, c.orphaned, c.stopped)
}

// chaosSize is a sample that takes seconds unless more is asked for.
func chaosSize(t *testing.T) (pipelines, kills int) {
	pipelines, kills = 5, 3
	if size := os.Getenv("PIPE_CHAOS"); size != "" {
		if n, err := fmt.Sscanf(strings.ReplaceAll(size, "×", "x"), "%dx%d", &pipelines, &kills); n != 2 || err != nil {
			t.Fatalf("PIPE_CHAOS is such as 20x50, not %q", size)
		}
	}
	return pipelines, kills
}

func builtPipe(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pipe")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// chaos is what all pipelines share.
type chaos struct {
	pipe                      string
	seed                      uint64
	mu                        sync.Mutex
	killed, orphaned, stopped int
}

// world is a repository with a store and a file in which side effects are noted.
type world struct {
	*chaos
	t      *testing.T
	p      chaosPipeline
	random *rand.Rand
	dir    string
	// assumed are steps of which a person said what became of them.
	assumed map[string]bool
	// orphan says that the supervisor was killed, too: only then may anything be unknown.
	orphan bool
	trail  []string
}

func (c *chaos) world(t *testing.T, p chaosPipeline, n int) *world {
	t.Helper()
	w := &world{chaos: c, t: t, p: p, dir: t.TempDir(), random: rand.New(rand.NewPCG(c.seed, uint64(n))), assumed: map[string]bool{}}
	for _, dir := range []string{"repo/.git", "home", "tmp"} {
		if err := os.MkdirAll(filepath.Join(w.dir, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.RemoveAll(filepath.Join(w.dir, "repo/.git")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.dir, "repo/pipe.toml"), []byte("pipe = \"0.1\"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.dir, "repo/p.pipe"), []byte(chaosHead+p.text), 0o644); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) effects() string { return filepath.Join(w.dir, "effects") }

func (w *world) command(args ...string) *exec.Cmd {
	cmd := exec.Command(w.pipe, args...)
	cmd.Dir = filepath.Join(w.dir, "repo")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Join(w.dir, "home"), "TMPDIR=" + filepath.Join(w.dir, "tmp"),
		"PIPE_STORE=" + filepath.Join(w.dir, "store"), "LOG=" + w.effects(), "TOKEN=correct-horse-battery"}
	return cmd
}

// pipeEnds runs a command to its end.
func (w *world) pipeEnds(args ...string) (code int, out string) {
	cmd := w.command(args...)
	var b bytes.Buffer
	cmd.Stdout, cmd.Stderr = &b, &b
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		w.t.Fatal(err)
	}
	w.trail = append(w.trail, fmt.Sprintf("pipe %s: exit %d\n%s", strings.Join(args, " "), cmd.ProcessState.ExitCode(), b.String()))
	return cmd.ProcessState.ExitCode(), b.String()
}

// shown is a run as `pipe show` has it.
type shown struct {
	ID     string          `json:"id"`
	Status string          `json:"status"`
	Result json.RawMessage `json:"result"`
	Steps  []struct {
		Step     string          `json:"step"`
		Status   string          `json:"status"`
		Attempts int             `json:"attempts"`
		Cause    string          `json:"cause"`
		Value    json.RawMessage `json:"value"`
	} `json:"steps"`
}

func (w *world) show() shown {
	w.t.Helper()
	out, err := w.command("show", "--format", "json").Output()
	var s shown
	if err != nil || json.Unmarshal(out, &s) != nil {
		w.fatalf("pipe show: %v\n%s", err, out)
	}
	return s
}

func (w *world) fatalf(format string, args ...any) {
	w.t.Helper()
	text, _ := os.ReadFile(w.effects())
	w.t.Fatalf("%s\nside effects:\n%s\nPIPE_CHAOS_SEED=%d\n%s", fmt.Sprintf(format, args...), text, w.seed, strings.Join(w.trail, "\n"))
}

// lines are the side effects so far, each a word.
func (w *world) lines() []string {
	text, err := os.ReadFile(w.effects())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		w.t.Fatal(err)
	}
	return strings.Fields(string(text))
}

// undisturbed is how a run ends that nobody kills.
type undisturbed struct {
	shown
	effects []string
	took    time.Duration
}

func (c *chaos) pipeline(t *testing.T, p chaosPipeline, kills int) {
	began := time.Now()
	w := c.world(t, p, 0)
	w.finish(nil)
	want := undisturbed{shown: w.show(), effects: w.lines(), took: time.Since(began)}
	slices.Sort(want.effects)
	var all sync.WaitGroup
	limit := make(chan struct{}, 2)
	for n := range kills {
		limit <- struct{}{}
		all.Go(func() {
			defer func() { <-limit }()
			t.Run(fmt.Sprint(n), func(t *testing.T) { c.round(t, p, n+1, want) })
		})
	}
	all.Wait()
}

// round starts a run, kills it once or more, goes on until it ends, and compares.
func (c *chaos) round(t *testing.T, p chaosPipeline, n int, want undisturbed) {
	w := c.world(t, p, n)
	w.killSoon(want.took, "run", "p.pipe")
	for range w.random.IntN(2) {
		if w.exists() && w.show().Status != want.Status {
			w.killSoon(want.took, "resume")
		}
	}
	w.finish(&want)
	w.compare(want)
}

// exists reports whether a run is written down; where none is, nothing may have happened.
func (w *world) exists() bool {
	out, err := w.command("runs", "--format", "json").Output()
	if err != nil {
		w.fatalf("pipe runs: %v\n%s", err, out)
	}
	if strings.TrimSpace(string(out)) == "[]" {
		if len(w.lines()) > 0 {
			w.fatalf("something happened in a run that nobody knows of")
		}
		return false
	}
	return true
}

// killSoon starts a command and kills it: after a while, or at once when the journal or the file of side
// effects has grown some times.
func (w *world) killSoon(took time.Duration, args ...string) {
	cmd := w.command(args...)
	var b bytes.Buffer
	cmd.Stdout, cmd.Stderr = &b, &b
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	moment := time.Duration(w.random.Int64N(int64(took)))
	switch w.random.IntN(3) {
	case 0:
		w.grown(filepath.Join(w.dir, "store", "journal.db-wal"), w.random.IntN(12), ended)
	case 1:
		w.grown(w.effects(), w.random.IntN(4), ended)
	default:
		select {
		case <-time.After(moment):
		case <-ended:
		}
	}
	orphan := w.random.IntN(5) == 0 && !w.p.supervised
	_ = cmd.Process.Kill()
	<-ended
	if orphan {
		w.orphan = true
		w.killSupervisor()
	}
	w.mu.Lock()
	w.killed++
	if orphan {
		w.orphaned++
	}
	w.mu.Unlock()
	w.trail = append(w.trail, fmt.Sprintf("pipe %s: killed (supervisor too: %v)\n%s", strings.Join(args, " "), orphan, b.String()))
	if w.random.IntN(2) == 0 {
		time.Sleep(took) // steps end while pipe is down
	}
}

// grown waits until a file has grown so many times.
func (w *world) grown(path string, times int, ended <-chan struct{}) {
	var last int64 = -1
	for seen := 0; seen <= times; {
		select {
		case <-ended:
			return
		default:
		}
		if info, err := os.Stat(path); err == nil && info.Size() != last {
			last = info.Size()
			seen++
			continue
		}
		time.Sleep(200 * time.Microsecond)
	}
}

// killSupervisor kills whatever supervises this world's run, and then all that it ran.
func (w *world) killSupervisor() {
	for _, name := range []string{"pipe-supervisor", "", ""} {
		for _, pid := range w.processes(name) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// processes are those of this world whose command line begins so, but for pipe itself: they have its
// folder in their environment or open.
func (w *world) processes(command string) []int {
	var out []int
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		if !w.isOurs(filepath.Join("/proc", e.Name())) {
			continue
		}
		name, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "cmdline"))
		if bytes.HasPrefix(name, []byte(command)) && !bytes.HasPrefix(name, []byte(w.pipe+"\x00")) {
			out = append(out, pid)
		}
	}
	return out
}

func (w *world) isOurs(proc string) bool {
	environ, err := os.ReadFile(filepath.Join(proc, "environ"))
	if err == nil && bytes.Contains(environ, []byte(w.dir)) {
		return true
	}
	open, _ := filepath.Glob(filepath.Join(proc, "fd", "*"))
	return slices.ContainsFunc(open, func(fd string) bool {
		to, err := os.Readlink(fd)
		return err == nil && strings.HasPrefix(to, w.dir)
	})
}

// finish goes on until the run has ended.
func (w *world) finish(want *undisturbed) {
	args := []string{"run", "p.pipe"}
	if want != nil && w.exists() {
		args = []string{"resume"}
		if s := w.show(); s.Status == want.Status {
			return // it ended before it was killed
		}
	}
	for range 30 {
		code, out := w.pipeEnds(args...)
		args = []string{"resume"}
		switch {
		case code == 4 && strings.Contains(out, "is not known"):
			w.mu.Lock()
			w.stopped++
			w.mu.Unlock()
			args = append(args, w.assume(out, want)...)
		case code == 4:
			w.approve()
		case code == 2 && strings.Contains(out, "there is nothing to go on with"):
			return
		case code == 2 && want != nil && strings.Contains(out, "is under way"):
			time.Sleep(10 * time.Millisecond)
		case code == 0 || code == 1 && w.p.fails:
			return
		default:
			w.fatalf("exit %d", code)
		}
	}
	w.fatalf("the run does not end")
}

// approve says yes to every step that asks.
func (w *world) approve() {
	s := w.show()
	for i, step := range s.Steps {
		if step.Status == "waiting" && step.Cause == "approval" && !w.instances(s, i) {
			if code, out := w.pipeEnds("approve", s.ID, step.Step); code != 0 {
				w.fatalf("exit %d: %s", code, out)
			}
		}
	}
}

// instances reports whether a step of a run is a `for`: its instances come next.
func (w *world) instances(s shown, i int) bool {
	return i+1 < len(s.Steps) && strings.HasPrefix(s.Steps[i+1].Step, s.Steps[i].Step+"[")
}

// assume says of every step that stops the run what a person would find: that it was done where its
// last line is there, and else that it was not.
func (w *world) assume(out string, want *undisturbed) []string {
	if !w.orphan {
		w.fatalf("a step is not known whose supervisor was there all the time: %s", out)
	}
	var args []string
	for i, s := range want.Steps {
		if !strings.Contains(out, s.Step+" (attempt ") {
			continue
		}
		if w.instances(want.shown, i) {
			w.fatalf("%s is a whole, of which only instances run", s.Step)
		}
		name := strings.NewReplacer("/", "_", "[", "_", "]", "").Replace(s.Step)
		if w.p.done != "" && s.Step == w.p.unsure {
			name = w.p.done
		}
		word := "redo"
		if slices.Contains(w.lines(), name) {
			word = "done"
			if s.Value != nil {
				word += ":" + string(s.Value)
			}
		}
		w.assumed[s.Step] = true
		args = append(args, "--assume", s.Step+"="+word)
	}
	if args == nil {
		w.fatalf("it stops and names no step: %s", out)
	}
	return args
}

// compare checks that all is as if nothing had been killed.
func (w *world) compare(want undisturbed) {
	got := w.show()
	if got.Status != want.Status || string(got.Result) != string(want.Result) {
		w.fatalf("%s with %s, undisturbed it is %s with %s", got.Status, got.Result, want.Status, want.Result)
	}
	status := map[string]string{}
	for _, s := range got.Steps {
		status[s.Step] = s.Status
	}
	for _, s := range want.Steps {
		if status[s.Step] != s.Status {
			w.fatalf("%s is %s, undisturbed it is %s", s.Step, status[s.Step], s.Status)
		}
	}
	lines := w.lines()
	slices.Sort(lines)
	once := slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return strings.HasPrefix(l, "again") })
	wanted := slices.DeleteFunc(slices.Clone(want.effects), func(l string) bool { return strings.HasPrefix(l, "again") })
	if !slices.Equal(once, wanted) {
		w.fatalf("side effects %v, undisturbed %v", once, wanted)
	}
	for _, l := range want.effects {
		if !slices.Contains(lines, l) {
			w.fatalf("%s never happened", l)
		}
	}
	w.compareLogs(got)
	if code, out := w.pipeEnds("audit", "verify"); code != 0 {
		w.fatalf("audit: %s", out)
	}
	for until := time.Now().Add(10 * time.Second); len(w.processes("")) > 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(until) {
			w.fatalf("processes %v are left", w.processes(""))
		}
	}
}

// compareLogs checks that the output of every step is whole: numbered lines, each once, in order.
func (w *world) compareLogs(got shown) {
	out, err := w.command("logs", "latest", "--format", "json").Output()
	if err != nil {
		w.fatalf("pipe logs: %v", err)
	}
	next := map[string]int{}
	for line := range bytes.Lines(out) {
		var e struct {
			Type, Step, Text string
			Attempt          int
		}
		if err := json.Unmarshal(line, &e); err != nil {
			w.fatalf("pipe logs: %v: %s", err, line)
		}
		n, ok := strings.CutPrefix(e.Text, "line ")
		if e.Type != "step.output" || !ok {
			continue
		}
		key := fmt.Sprint(e.Step, ".", e.Attempt)
		next[key]++
		if n != strconv.Itoa(next[key]) && !w.assumed[e.Step] {
			w.fatalf("the log of %s has %q where line %d should be", key, e.Text, next[key])
		}
	}
	for _, s := range got.Steps {
		key := fmt.Sprint(s.Step, ".", s.Attempts)
		if n := next[key]; n > 0 && n != chaosLines && s.Status == "succeeded" && !w.assumed[s.Step] {
			w.fatalf("the log of %s has %d of %d lines", key, n, chaosLines)
		}
	}
}
