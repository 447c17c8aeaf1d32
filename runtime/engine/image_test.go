package engine_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/runtime/engine"
	"github.com/pipelang/pipe/runtime/target"
	"github.com/pipelang/pipe/runtime/target/fake"
)

// A name that the run comes to gets the digest that the plan has for it, and in a locked run has to.
func TestImagesArePinned(t *testing.T) {
	digest := "sha256:" + strings.Repeat("0f", 32)
	pins := map[string]string{"app:1": digest}
	tests := []struct {
		name   string
		locked bool
		want   string // the image that the place is asked for, or what went wrong
	}{
		{"app:1", true, "app:1@" + digest},
		{"app:2", false, "app:2"},
		{"app:2", true, "the image app:2 is in no pipe.lock, and this run is locked"},
		{"app:2@" + digest, true, "app:2@" + digest},
		{digest, true, digest},
	}
	for _, tt := range tests {
		b := withOp(t, plan.Op{Result: types.NoneType.Text(), Image: celp("n"), Params: []plan.Param{{Name: "n", Type: "string"}}}, arg("n", "string", lit(tt.name)))
		docker := fake.New()
		b.opts.Targets = map[string]target.Target{"host": b.fake, "docker": docker}
		b.opts.Plan.Pins, b.opts.Locked = pins, tt.locked
		res := b.run(t.Context())
		job, started := docker.Job("s")
		got := job.Image
		if !started {
			got = row(t, res, "s").Reason
			wantTable(t, res, "= failed", "s failed image-not-locked")
		}
		if !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s, locked %v: got %q, expected %q", tt.name, tt.locked, got, tt.want)
		}
	}
}

// What a container is held to arrives as numbers, whether the plan or only the run knows it.
func TestContainerIsHeldToTheOp(t *testing.T) {
	for _, tt := range []struct {
		cpu, memory, pids *plan.Expr
		want              target.Container
	}{
		{litp(2), litp("512MiB"), litp(100), target.Container{CPU: 2, Memory: 512 << 20, PIDs: 100}},
		{litp(0.5), nil, nil, target.Container{CPU: 0.5}},
		{celp("1 + 1"), celp("1B * n"), celp("n"), target.Container{CPU: 2, Memory: 7, PIDs: 7}},
	} {
		b := withOp(t, plan.Op{Result: "nothing", Params: []plan.Param{{Name: "n", Type: "int"}}, Image: litp("a:1"), CPU: tt.cpu, Memory: tt.memory, PIDs: tt.pids}, arg("n", "int", lit(7)))
		b.opts.Targets["docker"] = b.fake
		if s := row(t, b.run(t.Context()), "s"); s.Outcome != engine.Succeeded {
			t.Errorf("%s: %s", s.Cause, s.Reason)
			continue
		}
		if diff := cmp.Diff(tt.want, b.fake.Jobs()[0].Container); diff != "" {
			t.Error(diff)
		}
	}
}
