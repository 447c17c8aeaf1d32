package check

import (
	"fmt"

	"github.com/pipelang/pipe/lang/diag"
)

// MaxSteps is how many steps a pipeline may come to with those of the pipelines that it calls:
// a plan holds each of them, and a few short pipelines that call the next twice are millions.
const MaxSteps = 100_000

// measure counts a pipeline's steps and reports the call that makes them too many.
func (b *body) measure() {
	for _, part := range [][]*Step{b.out.Steps, b.out.OnFailure, b.out.Finally} {
		for _, s := range part {
			b.out.Size++
			if s.Pipeline == nil {
				continue
			}
			b.out.Size += s.Pipeline.Size
			if b.out.Size > MaxSteps {
				b.report(finding{
					rule: diag.TooManySteps, at: s.Decl.Callee.Range,
					message: fmt.Sprintf("pipeline %q comes to more than %d steps with this call of %s, which comes to %d", b.out.Name, MaxSteps, s.Decl.Callee, s.Pipeline.Size),
					help:    "call it once, with `for` over what differs",
				})
				b.out.Size = 0 // what calls this one is not to blame
				return
			}
		}
	}
}
