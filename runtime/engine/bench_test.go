package engine_test

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
	"testing"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/runtime/engine"
	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/target"
	"github.com/pipelang/pipe/runtime/target/fake"
)

// quiet is a run of a plan on a target that does nothing and keeps nothing.
func quiet(b testing.TB, p *plan.Plan) *engine.Result {
	f := fake.New()
	f.Quiet = true
	res, err := engine.Run(context.Background(), engine.Options{
		Plan: p, Bus: event.NewBus("r1", &masker{}), Targets: map[string]target.Target{"host": f}, Jobs: 4})
	if err != nil {
		b.Fatal(err)
	}
	if res.Outcome != engine.Succeeded {
		b.Fatal(table(res)[:2])
	}
	return res
}

// fanOutPlan is one step with n instances, each with a guard and an argument.
func fanOutPlan(t testing.TB, n int) *plan.Plan {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return newPlan(t, pipeline(step("all", calls("echo"), loop("x", "int", lit(list)), whenEach("x >= 0"),
		arg("n", "int", cel("x * 2")), typ("[int?]"))), nil)
}

func BenchmarkFanOut(b *testing.B) {
	for _, n := range []int{100, 1000, 10000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			p := fanOutPlan(b, n)
			b.ReportAllocs()
			for b.Loop() {
				quiet(b, p)
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/instance")
		})
	}
}

// widePlan is n steps that wait for nothing; deepPlan is a chain of n.
func widePlan(t testing.TB, n int) *plan.Plan {
	var steps []plan.Step
	for i := range n {
		steps = append(steps, step(fmt.Sprintf("s%d", i), when(cel("1 == 1"))))
	}
	return newPlan(t, pipeline(steps...), nil)
}

func deepPlan(t testing.TB, n int) *plan.Plan {
	steps := []plan.Step{step("s0")}
	for i := 1; i < n; i++ {
		before := fmt.Sprintf("s%d", i-1)
		steps = append(steps, step(fmt.Sprintf("s%d", i), calls("echo"), reads(before), arg("n", "int", cel(before+" + 1"))))
	}
	return newPlan(t, pipeline(steps...), nil)
}

func BenchmarkSteps(b *testing.B) {
	for name, make := range map[string]func(testing.TB, int) *plan.Plan{"wide": widePlan, "deep": deepPlan} {
		b.Run(name, func(b *testing.B) {
			p := make(b, 1000)
			b.ReportAllocs()
			for b.Loop() {
				quiet(b, p)
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*1000), "µs/step")
		})
	}
}

// Instances cost as much each however many there are, and 200 MB hold ten thousand. Time on a busy
// machine proves nothing about growth; what is allocated does.
func TestTenThousandInstances(t *testing.T) {
	const n = 10000
	few, p := fanOutPlan(t, n/100), fanOutPlan(t, n)
	quiet(t, few)
	fewAllocs := mallocs(func() { quiet(t, few) })
	peak, stop := watchGoroutines()
	var res *engine.Result
	manyAllocs := mallocs(func() { res = quiet(t, p) })
	stop()
	if len(res.Steps) != n+1 {
		t.Errorf("%d rows", len(res.Steps))
	}
	if manyAllocs > 150*fewAllocs {
		t.Errorf("%d instances cost %d allocations and %d cost %d", n/100, fewAllocs, n, manyAllocs)
	}
	if *peak > 200 {
		t.Errorf("%d goroutines", *peak)
	}
	var after runtime.MemStats
	if runtime.ReadMemStats(&after); after.Sys > 200<<20 {
		t.Errorf("the process took %d bytes", after.Sys)
	}
}

// mallocs counts what f allocates.
func mallocs(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.Mallocs - before.Mallocs
}

// watchGoroutines notes the most goroutines that are seen until stop is called.
func watchGoroutines() (peak *int, stop func()) {
	peak = new(int)
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-done:
				return
			default:
				*peak = max(*peak, runtime.NumGoroutine())
				runtime.Gosched()
			}
		}
	}()
	return peak, func() { close(done); <-ended }
}
