package cli

import (
	"runtime"
	"sync"
)

// mostWaiting bounds how many of the runtime's processors only wait.
const mostWaiting = 32

// cores are the processors that this process was given at its start, by its control group perhaps
// fewer than the machine has.
var cores = sync.OnceValue(func() int { return runtime.GOMAXPROCS(0) })

// roomFor gives how many attempts run at a time, where jobs may leave it open, and gives each of
// them one of the runtime's processors beside those that work: an attempt waits in a call that blocks, and where
// such calls hold all processors, the runtime wakes up every 20 µs to take one back.
func (a *app) roomFor(jobs int) int {
	n := cores()
	if jobs <= 0 {
		jobs = n
	}
	if a.getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(n + min(jobs, mostWaiting))
	}
	return jobs
}
