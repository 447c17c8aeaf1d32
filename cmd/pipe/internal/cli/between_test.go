package cli

import (
	"runtime"
	"runtime/debug"
	"sync"
	"testing"
)

// forced is how often memory has been collected because somebody asked for it.
func forced() uint32 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.NumForcedGC
}

func TestBetweenChecks(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	const each = 1 << 20
	var memory between
	var all sync.WaitGroup
	var results [4][64][]byte
	before := forced()
	for worker := range results {
		all.Go(func() {
			for i := range results[worker] {
				memory.run(func() { results[worker][i] = make([]byte, each)[:1:1] })
				results[worker][i] = []byte{1} // what a check leaves is small
			}
		})
	}
	all.Wait()
	if got := forced() - before; got == 0 {
		t.Errorf("nothing was collected after %d MB", len(results)*len(results[0])*each>>20)
	}
}

// Who keeps much is not asked for it after each check.
func TestBetweenChecksThatKeep(t *testing.T) {
	var memory between
	kept := make([]byte, 3*untidy)
	before := forced()
	for range 100 {
		memory.run(func() {})
	}
	if got := forced() - before; got != 1 {
		t.Errorf("collected %d times, expected once", got)
	}
	runtime.KeepAlive(kept)
}
