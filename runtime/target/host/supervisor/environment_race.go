//go:build race

package supervisor

// environment is all that pipe's own helper processes get: never nil, which would be pipe's own.
// A program built with the race detector waits a second before it ends, for reports of threads
// that still run; here the threads are waited for, and each run ends a helper or two.
func environment(vars ...string) []string { return append(vars, "GORACE=atexit_sleep_ms=0") }
