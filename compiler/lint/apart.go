package lint

import (
	"runtime"
	"sync/atomic"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/compiler/internal/beside"
	"github.com/pipelang/pipe/lang/diag"
	shell "github.com/pipelang/pipe/lang/script"
)

// worthSharing is how many steps pay for a second goroutine.
const worthSharing = 24

// sizeable says that a program has so much to look at that two processors are faster.
func sizeable(p *check.Program) bool {
	n := 0
	for _, m := range p.Modules {
		for _, l := range m.Pipelines {
			n += len(l.Steps)
		}
	}
	return n >= worthSharing
}

// apart lets each group of rules look by itself, several at a time. Each finds into a list of its
// own, and what they found is joined in their order. What panics does so in the caller's goroutine, with the stack that it had.
func apart(p *check.Program, o Options, diags *diag.List) {
	if o.Scripts == nil {
		o.Scripts = new(shell.Cache)
	}
	found := make([]*pass, len(groups))
	var next atomic.Int64
	beside.Each(min(runtime.GOMAXPROCS(0), len(groups)), func(int) {
		for i := int(next.Add(1)) - 1; i < len(groups); i = int(next.Add(1)) - 1 {
			own := new(diag.List)
			own.Append(diags)
			found[i] = newPass(p, o, groups[i], own).recall(i)
			found[i].walk()
		}
	})
	known := diags.Len()
	for _, g := range found {
		diags.AppendFrom(g.diags, known)
	}
}
