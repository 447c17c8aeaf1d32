package engine_test

import (
	"strings"
	"testing"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/types"
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
