package host_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/target"
	"github.com/pipelang/pipe/runtime/target/host"
)

// victimOf names the file that tells TestVictim what to be.
const victimOf = "PIPE_HOST_TEST_VICTIM"

// task is what a pipe does that is killed.
type task struct {
	Root, State, Cache, Keep, Digests string
	Environ                           []string
	Jobs                              []target.Job
	Limit                             time.Duration // of each attempt; 0 is none
	// Acks says that output is acknowledged as it comes, with a copy in the file of that name.
	Log string
	// Spare says that the jobs run one after the other, and that each spares its workspace then.
	Spare bool
}

// TestVictim is a pipe that tests kill: it runs attempts and never closes them.
func TestVictim(t *testing.T) {
	path := os.Getenv(victimOf)
	if path == "" {
		return // only the tests of adoption have a use for it
	}
	var w task
	must(t, json.Unmarshal([]byte(read(t, path)), &w))
	run := target.Run{ID: "run1", Root: w.Root, State: w.State, Cache: w.Cache, Keep: w.Keep, Environ: w.Environ}
	s, err := host.New().Open(t.Context(), run)
	must(t, err)
	_, err = s.(target.Adopter).Traces(t.Context())
	must(t, err)
	var all sync.WaitGroup
	start := all.Go
	if w.Spare {
		start = func(f func()) { f() }
	}
	for _, job := range w.Jobs {
		start(func() {
			out := &acknowledger{session: s.(target.Adopter), job: job, path: w.Log + job.Step}
			ctx := t.Context()
			if w.Limit > 0 {
				var stop context.CancelFunc
				ctx, stop = context.WithTimeout(ctx, w.Limit)
				defer stop()
			}
			a, err := s.Start(ctx, job, out)
			if err != nil {
				panic(err)
			}
			if w.Spare {
				a.(target.Sparer).Spare()
			}
			must(t, os.WriteFile(w.Log+job.Step+".over", nil, 0o600))
		})
	}
	all.Wait()
	select {} // until it is killed
}

// acknowledger writes output down, as a journal does.
type acknowledger struct {
	session target.Adopter
	job     target.Job
	path    string
	offset  map[event.Stream]int64
}

func (a *acknowledger) Write(stream event.Stream, section string, p []byte) {
	if a.offset == nil {
		a.offset = map[event.Stream]int64{}
	}
	f, err := os.OpenFile(a.path+"."+string(stream), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		panic(err)
	}
	defer f.Close()
	if _, err := f.Write(p); err != nil {
		panic(err)
	}
	a.offset[stream] += int64(len(p))
	a.session.Acknowledge(a.job.Step, a.job.Attempt, stream, a.offset[stream])
}

// victim is a pipe in a process of its own.
type victim struct {
	*bench
	cmd  *exec.Cmd
	dir  string
	task task
}

// newVictim is a pipe that runs jobs in a repository of files.
func newVictim(t *testing.T, files tree, env []string, jobs ...target.Job) *victim {
	t.Helper()
	b := newBench(t, files, env...)
	dir := realPath(t, t.TempDir())
	v := &victim{bench: b, dir: dir, task: task{
		Root: b.Run.Root, State: b.Run.State, Cache: b.Run.Cache, Keep: b.Run.Keep,
		Environ: b.Run.Environ, Jobs: jobs, Log: filepath.Join(dir, "log-"),
	}}
	return v
}

// begin starts the pipe, which a test must kill.
func (v *victim) begin() {
	v.Helper()
	raw, err := json.Marshal(v.task)
	must(v, err)
	path := filepath.Join(v.dir, "task")
	must(v, os.WriteFile(path, raw, 0o600))
	v.cmd = exec.Command(os.Args[0], "-test.run", "^TestVictim$")
	v.cmd.Env = append(os.Environ(), victimOf+"="+path)
	v.cmd.Stderr = os.Stderr
	must(v, v.cmd.Start())
	v.Cleanup(func() {
		v.cmd.Process.Kill()
		v.cmd.Wait()
	})
}

func (v *victim) kill() {
	v.Helper()
	must(v, v.cmd.Process.Kill())
	v.cmd.Wait()
}

// written is what the killed pipe wrote down.
func (v *victim) written(step string) map[event.Stream]int64 {
	out := map[event.Stream]int64{}
	for _, stream := range []event.Stream{event.Stdout, event.Stderr} {
		if info, err := os.Stat(v.log(step, stream)); err == nil {
			out[stream] = info.Size()
		}
	}
	return out
}

func (v *victim) log(step string, stream event.Stream) string {
	return v.task.Log + step + "." + string(stream)
}

func (v *victim) lock() string { return filepath.Join(v.Run.State, "supervisor.lock") }

// supervisor is the process id of the run's supervisor.
func (v *victim) supervisor() int {
	v.Helper()
	all := openIn(v.lock())
	if len(all) != 1 {
		v.Fatalf("the lock is open in %v, expected one process", all)
	}
	return all[0]
}

// openIn gives the processes that have a file open.
func openIn(path string) []int {
	var out []int
	for _, p := range processes() {
		fds, _ := filepath.Glob("/proc/" + p + "/fd/*")
		for _, fd := range fds {
			if to, err := os.Readlink(fd); err == nil && to == path {
				pid, _ := strconv.Atoi(p)
				out = append(out, pid)
			}
		}
	}
	return out
}

func processes() []string {
	all, _ := filepath.Glob("/proc/[0-9]*")
	for i := range all {
		all[i] = filepath.Base(all[i])
	}
	return all
}

// result is all that an attempt says.
type result struct {
	Exit           target.Exit
	Stdout, Stderr string
	Truncated      bool
	Outputs        map[string]string
	Text           string
	Files          []value.File
	Kept           []string
	Steady         bool
	Log            string
}

func resultOf(t testing.TB, b *bench, a target.Attempt, log string) result {
	t.Helper()
	r := result{Exit: a.Exit(), Stdout: a.Stdout(), Stderr: a.Stderr(), Truncated: a.Truncated(), Log: log, Steady: a.(target.Steady).Steady()}
	var err error
	r.Outputs, err = a.Outputs()
	must(t, err)
	r.Text, err = a.Text("made")
	must(t, err)
	to := b.Store.Take(false)
	defer to.Close()
	r.Files, err = a.Files(t.Context(), "made*", to)
	must(t, err)
	r.Kept, err = a.Kept(t.Context(), nil)
	must(t, err)
	for i := range r.Kept {
		r.Kept[i] = strings.TrimPrefix(r.Kept[i], b.Run.Keep)
	}
	return r
}

// gate is a folder in which a script waits until the test lets it through.
type gate struct{ dir string }

func newGate(t *testing.T) gate {
	dir := realPath(t, t.TempDir())
	must(t, os.Chmod(dir, 0o777))
	return gate{dir}
}

// wait is a line of a script that says where it is and waits there.
func (g gate) wait(name string) string {
	return fmt.Sprintf("touch %[1]s/%[2]s.there; while test -d %[1]s && ! test -e %[1]s/%[2]s.open; do sleep 0.01; done\n", g.dir, name)
}

func (g gate) reached(t *testing.T, name string) {
	t.Helper()
	waitUntil(t, name+" is reached", func() bool { return exists(filepath.Join(g.dir, name+".there")) })
}

func (g gate) open(t *testing.T, name string) {
	t.Helper()
	must(t, os.WriteFile(filepath.Join(g.dir, name+".open"), nil, 0o666))
}

// eventful is a job that has something of everything, and stops at a gate before, amid and after.
func eventful(g gate, job target.Job) target.Job {
	job.Keep = []string{"made*"}
	job.SuccessCodes = []int{0, 4}
	job.Scripts = []target.Script{
		{Title: "one", Text: g.wait("before") + "echo first; echo wrong >&2; echo name=value > $PIPE_OUTPUT; echo x > made\n" + g.wait("amid") + "echo second"},
		{Title: "two", Text: "echo third; seq 20000; echo more > made2; exit 4"},
		{Title: "three", Text: "echo fails; exit 7"},
		{Title: "four", Text: "echo because; " + g.wait("after"), OnFailure: true},
	}
	return job
}

// TestAdopt kills pipe at several points, and compares what the next one finds with what an
// undisturbed one does.
func TestAdopt(t *testing.T) {
	gates := []string{"before", "amid", "after"}
	eachKind(t, func(t *testing.T, kind string) {
		for name, job := range map[string]target.Job{"whole": whole(), "empty": empty(), "inputs": {Inputs: []string{"main.go"}}, "in place": {InPlace: true}} {
			job.Step, job.Attempt, job.Grace = "step", 3, whole().Grace
			want := undisturbed(t, job, kind)
			for i, at := range gates {
				t.Run(name+"/"+at, func(t *testing.T) {
					g := newGate(t)
					v := newVictim(t, sample(), []string{kind}, eventful(g, job))
					v.begin()
					for _, earlier := range gates[:i] {
						g.open(t, earlier)
					}
					g.reached(t, at)
					v.kill()
					for _, later := range gates[i:] {
						g.open(t, later)
					}
					v.compare(want)
				})
			}
		}
	})
}

// TestSpared kills pipe while one attempt works in the empty folder that another, which is not closed,
// let it have: what the one makes there is none of the other's.
func TestSpared(t *testing.T) {
	g := newGate(t)
	first, second := empty(), empty()
	first.Step, first.Scripts = "first", script("pwd")
	second.Step, second.Scripts = "second", script("pwd; echo x > made; "+g.wait("amid"))
	v := newVictim(t, sample(), nil, first, second)
	v.task.Spare = true
	v.begin()
	g.reached(t, "amid")
	v.kill()
	v.Open()
	s := v.Session.(target.Adopter)
	one, err := s.Adopt(t.Context(), first, nil)
	must(t, err)
	g.open(t, "amid")
	two, err := s.Adopt(t.Context(), second, nil)
	must(t, err)
	if one.Stdout() == "" || one.Stdout() != two.Stdout() {
		t.Errorf("they worked in %q and %q", one.Stdout(), two.Stdout())
	}
	if text, err := one.Text("made"); err == nil {
		t.Errorf("the first made %q", text)
	}
	must(t, one.Close())
	if text, err := two.Text("made"); err != nil || text != "x\n" {
		t.Errorf("got %q, %v", text, err)
	}
	must(t, two.Close())
}

// TestLost kills the supervisor, too: what it did is lost, and is not started again.
func TestLost(t *testing.T) {
	g := newGate(t)
	job := eventful(g, target.Job{Step: "step", Attempt: 3, AllTree: true})
	job.Scripts[0].Text = "(trap '' INT TERM; exec setsid sh -c 'echo $$ > " + g.dir + "/daemon; while :; do sleep 0.1; done') &\necho $$ > " + g.dir + "/leader; while ! test -s " + g.dir + "/daemon; do sleep 0.01; done\n" + job.Scripts[0].Text
	v := newVictim(t, sample(), nil, job)
	v.begin()
	g.reached(t, "before")
	must(t, syscall.Kill(v.supervisor(), syscall.SIGKILL))
	v.kill()
	v.Open()
	for _, who := range []string{"daemon", "leader"} {
		pid := strings.TrimSpace(read(t, filepath.Join(g.dir, who)))
		waitUntil(t, who+" is gone", func() bool { return !exists("/proc/" + pid + "/root/.") })
	}
	s := v.Session.(target.Adopter)
	traces, err := s.Traces(t.Context())
	must(t, err)
	if len(traces) != 1 || traces[0].Step != "step" || traces[0].Attempt != 3 || traces[0].State != target.Lost {
		t.Fatalf("traces are %+v", traces)
	}
	if _, err := s.Adopt(t.Context(), v.task.Jobs[0], nil); !errors.Is(err, target.ErrLost) {
		t.Errorf("got %v", err)
	}
	// Other steps say nothing of it, and who starts the step itself again knows.
	other := empty()
	other.Step = "other"
	if got := v.Sh(other, "echo on"); got != "on" {
		t.Errorf("got %q", got)
	}
	if _, err := s.Adopt(t.Context(), v.task.Jobs[0], nil); !errors.Is(err, target.ErrLost) {
		t.Errorf("got %v", err)
	}
	again := empty()
	again.Attempt = 4
	if got := v.Sh(again, "echo again"); got != "again" {
		t.Errorf("got %q", got)
	}
	if _, err := s.Adopt(t.Context(), v.task.Jobs[0], nil); !errors.Is(err, target.ErrNoTrace) {
		t.Errorf("got %v", err)
	}
}

// TestTheSupervisorIsKilled kills it alone: the step fails, and nothing of it is left.
func TestTheSupervisorIsKilled(t *testing.T) {
	b := newBench(t, sample())
	s, err := openTarget(b)
	must(t, err)
	g := newGate(t)
	job := empty()
	job.Scripts = script("(exec setsid sh -c 'echo $$ > " + g.dir + "/daemon; while :; do sleep 0.1; done') &\nwhile ! test -s " + g.dir + "/daemon; do sleep 0.01; done\n" + g.wait("amid"))
	go func() {
		waitUntil(t, "amid is reached", func() bool { return exists(filepath.Join(g.dir, "amid.there")) })
		syscall.Kill(openIn(filepath.Join(b.Run.State, "supervisor.lock"))[0], syscall.SIGKILL)
	}()
	if _, err := s.Start(t.Context(), job, nil); err == nil || !strings.Contains(err.Error(), "the supervisor of the run has ended") {
		t.Errorf("got %v", err)
	}
	pid := strings.TrimSpace(read(t, filepath.Join(g.dir, "daemon")))
	waitUntil(t, "the daemon is gone", func() bool { return !exists("/proc/" + pid + "/root/.") })
	traces, err := supervisorless(t, b)
	if len(traces) != 1 || traces[0].State != target.Lost || err != nil {
		t.Errorf("got %+v, %v", traces, err)
	}
	if err := s.Close(); err == nil {
		t.Error("it goes unnoticed that the supervisor was killed")
	}
}

// supervisorless gives the traces that another session of the same run finds.
func supervisorless(t *testing.T, b *bench) ([]target.Trace, error) {
	s, err := openTarget(b)
	must(t, err)
	defer s.Close()
	return s.(target.Adopter).Traces(t.Context())
}

// TestAForgottenRunEnds removes the state folder of a run that goes on without its pipe.
func TestAForgottenRunEnds(t *testing.T) {
	g := newGate(t)
	v := newVictim(t, sample(), nil, eventful(g, target.Job{Step: "step", Attempt: 3, AllTree: true}))
	v.begin()
	g.reached(t, "before")
	v.kill()
	pid := v.supervisor()
	must(t, os.RemoveAll(filepath.Join(v.Run.State, "supervisor.sock")))
	waitUntil(t, "the supervisor is gone", func() bool { return syscall.Kill(pid, 0) != nil })
	if got := entries(t, v.Run.State); cmp.Diff([]string{"attempts"}, got) != "" {
		t.Errorf("what is left is %q", got)
	}
}

// TestTimeGoesOnWithoutPipe kills pipe while an attempt runs that takes longer than it may.
func TestTimeGoesOnWithoutPipe(t *testing.T) {
	g := newGate(t)
	job := target.Job{Step: "step", Attempt: 3, AllTree: true, Grace: time.Second}
	job.Scripts = script("trap 'echo told' INT\necho $$ > pid; " + g.wait("amid") + "while :; do sleep 0.01 || true; done")
	v := newVictim(t, sample(), nil, job)
	v.task.Limit = time.Second
	v.begin()
	g.reached(t, "amid")
	g.open(t, "amid")
	v.kill()
	v.Open()
	s := v.Session.(target.Adopter)
	waitUntil(t, "its time is over", func() bool {
		traces, err := s.Traces(t.Context())
		must(t, err)
		return len(traces) == 1 && traces[0].State == target.Ended
	})
	a, err := s.Adopt(t.Context(), job, nil)
	must(t, err)
	defer a.Close()
	if e := a.Exit(); e.Signal != "SIGKILL" || !e.Cancelled || !e.TimedOut || a.Stdout() != "told" {
		t.Errorf("got %+v and %q", e, a.Stdout())
	}
	pid, err := a.Text("pid")
	must(t, err)
	mustBeGone(t, pid)
}

// TestOtherRunsLeaveItAlone opens another run beside one that goes on without its pipe, one that
// lost an attempt, and one of which nothing matters any more.
func TestOtherRunsLeaveItAlone(t *testing.T) {
	g := newGate(t)
	v := newVictim(t, sample(), nil, eventful(g, target.Job{Step: "step", Attempt: 3, AllTree: true}))
	v.begin()
	g.reached(t, "before")
	v.kill()
	beside := func(name string) *bench {
		next := newBench(t, nil)
		next.Run.State = filepath.Join(filepath.Dir(v.Run.State), name)
		must(t, os.MkdirAll(next.Run.State, 0o755))
		return next.Open()
	}
	beside("run2")
	must(t, syscall.Kill(v.supervisor(), syscall.SIGKILL))
	waitUntil(t, "the supervisor is gone", func() bool { return len(openIn(v.lock())) == 0 })
	beside("run3")
	if got := entries(t, v.Run.State); cmp.Diff([]string{"attempts", "supervisor.lock", "supervisor.sock"}, got) != "" {
		t.Errorf("the run that lost an attempt has %q", got)
	}
	must(t, os.WriteFile(filepath.Join(v.Run.State, "attempts"), nil, 0o600))
	beside("run4")
	if exists(v.Run.State) {
		t.Errorf("the run of which nothing matters has %q", entries(t, v.Run.State))
	}
}

func entries(t testing.TB, dir string) []string {
	t.Helper()
	all, err := os.ReadDir(dir)
	must(t, err)
	var out []string
	for _, e := range all {
		out = append(out, e.Name())
	}
	return out
}

func undisturbed(t *testing.T, job target.Job, kind string) result {
	t.Helper()
	b := open(t, sample(), kind)
	g := newGate(t)
	for _, at := range []string{"before", "amid", "after"} {
		g.open(t, at)
	}
	var out recorder
	a, err := b.Session.Start(t.Context(), eventful(g, job), &out)
	must(t, err)
	defer a.Close()
	return resultOf(t, b, a, onlyStdout(out.String()))
}

// onlyStdout leaves out what has no order of its own beside stdout.
func onlyStdout(log string) string {
	_, log, _ = strings.Cut(strings.ReplaceAll(log, "stderr/one:wrong\n", ""), ":")
	for _, section := range []string{"one", "two", "three", "four"} {
		log = strings.ReplaceAll(log, "stdout/"+section+":", "")
	}
	return log
}

// compare adopts the victim's attempt, which must say what an undisturbed one does.
func (v *victim) compare(want result) {
	v.Helper()
	before, _ := os.ReadFile(v.log("step", event.Stdout)) // nothing came where there is none
	v.Open()
	job := v.task.Jobs[0]
	job.Written = v.written("step")
	traces, err := v.Session.(target.Adopter).Traces(v.Context())
	must(v, err)
	if len(traces) != 1 || traces[0].Step != "step" || traces[0].Attempt != 3 || traces[0].State == target.Lost {
		v.Errorf("traces are %+v", traces)
	}
	var out recorder
	a, err := v.Session.(target.Adopter).Adopt(v.Context(), job, &out)
	must(v, err)
	got := resultOf(v, v.bench, a, string(before)+onlyStdout(":"+out.String()))
	if d := cmp.Diff(want, got); d != "" {
		v.Error(d)
	}
	must(v, a.Close())
	v.gone(job)
}

// gone checks that an attempt that was closed left no trace.
func (v *victim) gone(job target.Job) {
	v.Helper()
	traces, err := v.Session.(target.Adopter).Traces(v.Context())
	must(v, err)
	if len(traces) > 0 {
		v.Errorf("traces are left: %+v", traces)
	}
	if _, err := v.Session.(target.Adopter).Adopt(v.Context(), job, nil); !errors.Is(err, target.ErrNoTrace) {
		v.Errorf("got %v", err)
	}
}
