package cli

import "runtime"

// mostWaiting bounds how many of the runtime's processors only wait.
const mostWaiting = 32

// roomFor gives how many attempts run at a time, where jobs may leave it open, and gives each of
// them one of the runtime's processors beside those that work: an attempt waits in a call that blocks, and where
// such calls hold all processors, the runtime wakes up every 20 µs to take one back.
func (a *app) roomFor(jobs int) int {
	cores := runtime.GOMAXPROCS(0)
	if jobs <= 0 {
		jobs = cores
	}
	if a.getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(max(cores, runtime.NumCPU()+min(jobs, mostWaiting)))
	}
	return jobs
}
