package engine_test

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/runtime/engine"
	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/target"
	"github.com/pipelang/pipe/runtime/target/fake"
)

func TestLockInOneRun(t *testing.T) {
	inTime(t, func(t *testing.T) {
		b := newBench(t, pipeline(
			step("a", lock("l", "")), step("b", lock("l", "")), step("c", lock("l", "")), step("other", lock("m", "")),
			step("each", loop("x", "int", lit([]int{1, 2, 1})), func(s *plan.Step) { s.Locks = []plan.Lock{{Key: cel("string(x)")}} }),
		))
		b.opts.Jobs = 10
		b.fake.Default = fake.Act{Takes: time.Second}
		res := b.run(t.Context())
		if res.Outcome != engine.Succeeded || res.Duration != 3*time.Second {
			t.Errorf("%s in %v: three in a row take 3s", res.Outcome, res.Duration)
		}
		if d := row(t, res, "each").Duration; d != 2*time.Second {
			t.Errorf("each took %v: two of its instances share a key", d)
		}
		waits := 0
		for _, e := range b.events {
			if e.Type == event.StepWaiting && e.Cause == engine.CauseLock {
				waits++
				if !strings.Contains(e.Reason, "is held by step ") {
					t.Error(e.Reason)
				}
			}
		}
		if waits != 3 {
			t.Errorf("%d events for waiting", waits)
		}
	})
}

func TestLockReject(t *testing.T) {
	inTime(t, func(t *testing.T) {
		b := newBench(t, pipeline(step("a", lock("l", "")), step("tick"), step("b", after("tick"), lock("l", "reject"))))
		b.fake.On("a", fake.Act{Takes: time.Minute}).On("tick", fake.Act{Takes: time.Second})
		res := b.run(t.Context())
		wantTable(t, res, "= failed", "a succeeded", "tick succeeded", "b failed lock-rejected")
		if got := row(t, res, "b").Reason; got != `lock "l" is held by step a` {
			t.Error(got)
		}
	})
}

// A step inside a pipeline that holds a lock has it already, and two locks of one step are
// taken in one order.
func TestLocksDoNotDeadlock(t *testing.T) {
	inTime(t, func(t *testing.T) {
		sub := pipeline(step("a", lock("l", "")), step("b", lock("n", ""), lock("l", "")))
		g := pipeline(step("p", graph(sub), lock("l", "")), step("x", lock("m", ""), lock("k", "")), step("y", lock("k", ""), lock("m", "")))
		g.Locks = []plan.Lock{{Key: lit("n")}}
		b := newBench(t, g)
		b.fake.Default = fake.Act{Takes: time.Second}
		ctx, stop := context.WithTimeout(t.Context(), time.Hour)
		defer stop()
		if res := b.run(ctx); res.Outcome != engine.Succeeded {
			t.Error(table(res))
		}
	})
}

// holding starts a run that holds a lock until free is called.
func holding(t *testing.T, dir, policy string) (free func(), ended <-chan *engine.Result) {
	t.Helper()
	b := newBench(t, pipeline(step("s", lock("ship", policy))))
	b.opts.Locks = dir
	started, release := make(chan struct{}), make(chan struct{})
	b.fake.On("s", fake.Act{Hook: func(context.Context, target.Job, target.Output) error {
		close(started)
		<-release
		return nil
	}})
	out := make(chan *engine.Result, 1)
	go func() { out <- b.run(context.Background()) }()
	select {
	case <-started:
	case res := <-out:
		t.Fatalf("the lock was not had: %v", table(res))
	}
	return func() { close(release) }, out
}

// waiting starts a run that waits for a lock, and returns when it does.
func waiting(t *testing.T, ctx context.Context, dir, policy string) <-chan *engine.Result {
	t.Helper()
	b := newBench(t, pipeline(step("s", lock("ship", policy))))
	b.opts.Locks = dir
	waits := make(chan string, 1)
	b.opts.Bus = event.NewBus("r2", b.masker, func(e event.Event) {
		if e.Type == event.StepWaiting {
			waits <- e.Reason
		}
	})
	out := make(chan *engine.Result, 1)
	go func() { out <- b.run(ctx) }()
	select {
	case reason := <-waits:
		if reason != `waits for lock "ship", which is held by step s of run r1` {
			t.Error(reason)
		}
	case res := <-out:
		t.Fatalf("the lock was not waited for: %v", table(res))
	}
	return out
}

func TestLockAcrossRuns(t *testing.T) {
	dir := t.TempDir()
	free, first := holding(t, dir, "")
	ctx, stop := context.WithCancel(t.Context())
	second, third := waiting(t, t.Context(), dir, ""), waiting(t, ctx, dir, "")

	b := newBench(t, pipeline(step("s", lock("ship", "reject"))))
	b.opts.Locks = dir
	wantTable(t, b.run(t.Context()), "= failed", "s failed lock-rejected")

	stop()
	wantTable(t, <-third, "= cancelled", "s cancelled cancelled")
	select {
	case res := <-second:
		t.Fatalf("the lock was held twice: %v", table(res))
	default:
	}
	free()
	wantTable(t, <-first, "= succeeded", "s succeeded")
	wantTable(t, <-second, "= succeeded", "s succeeded")
}

func TestNewestWaiterWinsAcrossRuns(t *testing.T) {
	dir := t.TempDir()
	free, first := holding(t, dir, "latest")
	second := waiting(t, t.Context(), dir, "latest")
	third := waiting(t, t.Context(), dir, "latest")
	wantTable(t, <-second, "= cancelled", "s cancelled superseded")
	free()
	wantTable(t, <-first, "= succeeded", "s succeeded")
	wantTable(t, <-third, "= succeeded", "s succeeded")
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("%v is left, %v", left, err)
	}
}

// A lock ends with its process, however that ends.
func TestLockOfAKilledProcess(t *testing.T) {
	if dir := os.Getenv("HOLD_LOCK_IN"); dir != "" {
		holding(t, dir, "")
		os.Stdout.WriteString("held\n")
		// Not select{}: with every goroutine blocked for good the Go runtime ends the process, and
		// the lock is free before anybody waits for it.
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0], "-test.run=^TestLockOfAKilledProcess$")
	cmd.Env = append(os.Environ(), "HOLD_LOCK_IN="+dir, "TMPDIR="+dir) // what is killed leaves its folders
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close() // whatever happens here, the other process ends
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 5)
	if _, err := io.ReadFull(out, buf); err != nil || string(buf) != "held\n" {
		t.Fatalf("%q, %v", buf, err)
	}
	second := waiting(t, t.Context(), dir, "")
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	wantTable(t, <-second, "= succeeded", "s succeeded")
}

// asked is a place that is asked for what killed runs left at work there.
type asked struct {
	*fake.Target
	outlast func(left target.Left, waits func() error) error
}

func (a asked) Outlast(_ context.Context, _ target.Run, left target.Left, waits func() error) error {
	return a.outlast(left, waits)
}

// Whoever gets the lock of a holder that died asks the places where that one worked before it enters.
func TestLockOfWhatIsLeftElsewhere(t *testing.T) {
	dir := t.TempDir()
	free, ended := holding(t, dir, "")
	free()
	<-ended
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v", files, err)
	}
	path := filepath.Join(dir, files[0].Name())
	for _, c := range []struct {
		name, policy string
		outlast      func(left target.Left, waits func() error) error
		row, reason  string
	}{
		{"nothing is left", "", func(target.Left, func() error) error { return nil }, "s succeeded", ""},
		{"it is waited for", "", func(_ target.Left, waits func() error) error { return waits() }, "s succeeded", ""},
		{"reject", "reject", func(_ target.Left, waits func() error) error { return waits() },
			"s failed lock-rejected", `lock "ship" is held by step a/b of run r0`},
		{"nobody knows", "", func(target.Left, func() error) error { return errors.New("no engine") },
			"s failed lock", `lock "ship": whether step a/b of run r0 still works cannot be found out: no engine: see to that, or remove ` + path},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := os.WriteFile(path, []byte("step a/b of run r0\nat docker tcp://engine\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			var left target.Left
			b := newBench(t, pipeline(step("s", lock("ship", c.policy))))
			b.opts.Locks = dir
			b.opts.Targets["docker"] = asked{b.fake, func(l target.Left, waits func() error) error {
				left = l
				return c.outlast(l, waits)
			}}
			res := b.run(t.Context())
			if got := row(t, res, "s"); table(res)[1] != c.row || got.Reason != c.reason {
				t.Errorf("%v, %q", table(res), got.Reason)
			}
			if d := cmp.Diff(target.Left{Where: "tcp://engine", Run: "r0", Step: "a/b"}, left); d != "" {
				t.Error(d)
			}
		})
	}
}
