package engine_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/pipelang/pipe/runtime/engine"
	"github.com/pipelang/pipe/runtime/target"
	"github.com/pipelang/pipe/runtime/target/fake"
)

// A panic on any goroutine of a run is one of Run, where a caller can recover it, with the
// stack of where it was. Other attempts are ended first, and places closed.
func TestPanicsReachTheCaller(t *testing.T) {
	bad := fake.Act{Hook: func(context.Context, target.Job, target.Output) error { panic("a broken invariant") }}
	for name, b := range map[string]*bench{
		"a step":           newBench(t, pipeline(step("bad"))),
		"one that waited":  newBench(t, pipeline(step("a"), step("b"), step("bad"), step("c"))),
		"an instance":      newBench(t, pipeline(step("bad", loop("x", "int", lit([]int{1, 2})), typ("[int]")))),
		"a called graph":   newBench(t, pipeline(step("p", graph(pipeline(step("bad")))))),
		"instance of one":  newBench(t, pipeline(step("p", graph(pipeline(step("bad"))), loop("x", "int", lit([]int{1})), typ("[nothing]")))),
		"while others run": newBench(t, pipeline(step("long"), step("bad"))),
	} {
		t.Run(name, func(t *testing.T) {
			b.opts.Jobs = 2
			b.fake.On("long", fake.Act{Takes: time.Hour})
			for _, path := range []string{"bad", "bad[*]", "p/bad", "p[*]/bad"} {
				b.fake.On(path, bad)
			}
			defer func() {
				p, ok := recover().(*engine.Panic)
				if !ok || p.Value != "a broken invariant" || !strings.Contains(p.Error(), "a broken invariant") || !strings.Contains(p.Error(), "TestPanicsReachTheCaller") {
					t.Errorf("got %v", p)
				}
				if opened, closed := b.fake.Sessions(); opened != closed || b.fake.Running() != 0 {
					t.Errorf("%d of %d sessions closed, %d attempts under way", closed, opened, b.fake.Running())
				}
			}()
			res, err := engine.Run(t.Context(), b.opts)
			t.Errorf("Run returned %v, %v", res, err)
		})
	}
}
