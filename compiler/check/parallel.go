package check

import (
	"runtime"

	"github.com/pipelang/pipe/compiler/internal/beside"
	"github.com/pipelang/pipe/lang/diag"
)

// worthSharing is how many independent parts pay for a second goroutine.
const worthSharing = 32

// independent runs a part for each index, several at a time when there are many. Each part
// gets a list of findings of its own; they are joined in order.
func (c *checker) independent(n int, into *diag.List, part func(i int, diags *diag.List)) {
	workers := min(runtime.GOMAXPROCS(0), n/worthSharing+1)
	if workers == 1 || c.alone {
		for i := range n {
			part(i, into)
		}
		return
	}
	lists := make([]diag.List, workers)
	beside.Each(workers, func(w int) {
		for i := w * n / workers; i < (w+1)*n/workers; i++ {
			part(i, &lists[w])
		}
	})
	for i := range lists {
		into.Append(&lists[i])
	}
}

// reportingTo is the same file with another list of findings.
func (f *file) reportingTo(diags *diag.List) *file {
	if f.diags == diags {
		return f
	}
	g := *f
	g.diags = diags
	return &g
}
