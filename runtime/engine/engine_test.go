package engine_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/target/fake"
)

func TestDataIsTheOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := pipeline(
			step("last", reads("b", "c"), arg("n", "int", cel("b + c")), calls("echo")),
			step("b", reads("a"), arg("n", "int", cel("a + 1")), calls("echo")),
			step("c", reads("a"), arg("n", "int", cel("a + 2")), calls("echo")),
			step("a"),
		)
		g.Return, g.Result = celp("last * 10"), "int"
		b := newBench(t, g)
		b.fake.Default = fake.Act{Takes: time.Second}
		res := b.run(t.Context())
		want := []string{"= succeeded", "last succeeded", "b succeeded", "c succeeded", "a succeeded"}
		if diff := cmp.Diff(want, table(res)); diff != "" {
			t.Error(diff)
		}
		if res.Value != value.Int(50) {
			t.Errorf("value %v", res.Value)
		}
		if res.Duration != 3*time.Second {
			t.Errorf("took %v, with b and c at once it takes 3s", res.Duration)
		}
		if d := row(t, res, "last").Duration; d != time.Second {
			t.Errorf("last took %v", d)
		}
		trail := []string{"run.started",
			"step.ready a", "step.started a", "step.finished a succeeded",
			"step.ready b", "step.ready c"}
		if diff := cmp.Diff(trail, b.trail()[:6]); diff != "" {
			t.Error(diff)
		}
	})
}
