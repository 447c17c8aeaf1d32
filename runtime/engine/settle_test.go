package engine_test

import (
	"testing"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/runtime/target"
	"github.com/pipelang/pipe/runtime/target/fake"
)

// That an attempt ended which works in place is to be written down at once: until it is closed, no other may begin.
func TestEndInPlaceIsWrittenDownAtOnce(t *testing.T) {
	for inPlace, want := range map[bool]int{false: 2, true: 3} { // two are for the start and the end of the run
		journal, place := &settling{}, fake.Surviving()
		b := withOp(t, plan.Op{Result: "nothing", InPlace: inPlace})
		b.opts.Journal, b.opts.Targets, b.fake = journal, map[string]target.Target{"host": place}, place.Target
		wantTable(t, b.run(t.Context()), "= succeeded", "s succeeded")
		if journal.hurried != want {
			t.Errorf("in place %t: asked for %d times, want %d", inPlace, journal.hurried, want)
		}
	}
}
