package engine_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/runtime/engine"
	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/target"
	"github.com/pipelang/pipe/runtime/target/fake"
)

func pool(name string) func(*plan.Step) { return func(s *plan.Step) { s.Pool = name } }

func TestPoolInOneRun(t *testing.T) {
	inTime(t, func(t *testing.T) {
		g := pipeline(step("each", loop("x", "int", lit([]int{1, 2, 3, 4, 5})), pool("gpu")), step("other"), step("alone", pool("db")))
		b := newBenchWith(t, g, map[string]int{"gpu": 2, "db": 1})
		b.opts.Jobs = 10
		b.fake.Default = fake.Act{Takes: time.Second}
		res := b.run(t.Context())
		if res.Outcome != engine.Succeeded || res.Duration != 3*time.Second {
			t.Errorf("%s in %v: five in two slots take 3s", res.Outcome, res.Duration)
		}
		waits := 0
		for _, e := range b.events {
			if e.Type == event.StepWaiting && e.Cause == engine.CausePool {
				waits++
				if want := `waits for one of the 2 slots of pool "gpu", held by this run`; e.Reason != want {
					t.Errorf("%q, want %q", e.Reason, want)
				}
			}
		}
		if waits != 3 {
			t.Errorf("%d wait, want 3", waits)
		}
	})
}

// Whoever waits for a pool leaves the Jobs to others, and a pause before a further attempt
// leaves its slot to others.
func TestPoolHoldsNoJobAndNoPause(t *testing.T) {
	inTime(t, func(t *testing.T) {
		b := newBenchWith(t, pipeline(step("a", pool("p"), retries(1, "10s")), step("tick"),
			step("b", pool("p"), after("tick")), step("c", pool("p"), after("tick")), step("free", after("tick"))), map[string]int{"p": 1})
		b.opts.Jobs = 2
		b.fake.Default = fake.Act{Takes: time.Second}
		b.fake.On("a", fake.Act{Takes: time.Second, Exit: 1}, fake.Act{Takes: time.Second}).On("tick", fake.Act{Takes: time.Second / 2})
		res := b.run(t.Context())
		if res.Outcome != engine.Succeeded || res.Duration != 12*time.Second {
			t.Errorf("%s in %v, want 12s: b and c run while a pauses\n%v", res.Outcome, res.Duration, table(res))
		}
		if d := row(t, res, "free"); d.Outcome != engine.Succeeded {
			t.Error(table(res))
		}
	})
}

func TestPoolAcrossRuns(t *testing.T) {
	dir := t.TempDir()
	begin := func(ctx context.Context) (waits chan string, started, release chan struct{}, ended chan *engine.Result) {
		b := newBenchWith(t, pipeline(step("s", pool("gpu"))), map[string]int{"gpu": 2})
		b.opts.Locks = dir
		waits, started, release, ended = make(chan string, 1), make(chan struct{}), make(chan struct{}), make(chan *engine.Result, 1)
		b.opts.Bus = event.NewBus("r", b.masker, func(e event.Event) {
			if e.Type == event.StepWaiting {
				waits <- e.Reason
			}
		})
		b.fake.On("s", fake.Act{Hook: func(context.Context, target.Job, target.Output) error {
			close(started)
			<-release
			return nil
		}})
		go func() { ended <- b.run(ctx) }()
		return waits, started, release, ended
	}
	ctx := t.Context()
	_, started1, release1, ended1 := begin(ctx)
	<-started1
	_, started2, release2, ended2 := begin(ctx)
	<-started2
	waits3, started3, release3, ended3 := begin(ctx)
	if got := <-waits3; !strings.Contains(got, `one of the 2 slots of pool "gpu", held by step s of run `) {
		t.Error(got)
	}
	given, stop := context.WithCancel(ctx)
	waits4, _, _, ended4 := begin(given)
	<-waits4
	stop()
	wantTable(t, <-ended4, "= cancelled", "s cancelled cancelled")
	close(release2)
	wantTable(t, <-ended2, "= succeeded", "s succeeded")
	<-started3
	close(release1)
	close(release3)
	wantTable(t, <-ended1, "= succeeded", "s succeeded")
	wantTable(t, <-ended3, "= succeeded", "s succeeded")
}

// A slot of which nobody can say whether its dead holder still works keeps nobody from the others.
func TestPoolWithASlotThatCannotBeAskedFor(t *testing.T) {
	for _, size := range []int{1, 2} {
		dir := t.TempDir()
		run := func() *engine.Result {
			b := newBenchWith(t, pipeline(step("s", pool("gpu"))), map[string]int{"gpu": size})
			b.opts.Locks = dir
			b.opts.Targets["docker"] = asked{b.fake, func(target.Left, func() error) error { return errors.New("no engine") }}
			return b.run(t.Context())
		}
		wantTable(t, run(), "= succeeded", "s succeeded")
		files, err := os.ReadDir(dir)
		if err != nil || len(files) != 1 {
			t.Fatalf("%v, %v", files, err)
		}
		path := filepath.Join(dir, files[0].Name())
		if err := os.WriteFile(path, []byte("step a of run r0\nat docker tcp://engine\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		res := run()
		if size > 1 {
			wantTable(t, res, "= succeeded", "s succeeded")
			continue
		}
		want := `pool "gpu": whether step a of run r0 still works cannot be found out: no engine: see to that, or remove ` + path
		if got := row(t, res, "s").Reason; got != want {
			t.Errorf("%s\nexpected %s", got, want)
		}
	}
}
