package cli

import (
	"runtime"
	"runtime/metrics"
	"sync"
)

// untidy is how much memory in bytes checks may leave before it is collected between two of them. It is less than
// what the process collects at by itself.
const untidy = 20 << 20

// between has memory collected while no check runs: what lives then is little, and a check that goes on meanwhile pays
// for each pointer that it writes. The zero value is ready.
type between struct {
	checks sync.RWMutex
	at     uint64 // how much memory is too much; 0 for untidy
}

// run runs a check, and collects when it has ended, with all others that were under way, if it is time.
func (b *between) run(check func()) {
	b.checks.RLock()
	check()
	full := b.full()
	b.checks.RUnlock()
	if !full {
		return
	}
	b.checks.Lock()
	defer b.checks.Unlock()
	if b.full() { // nobody else was quicker
		runtime.GC()
		b.at = max(untidy, 2*inUse())
	}
}

func (b *between) full() bool { return inUse() > max(untidy, b.at) }

// inUse is the memory of objects that have not been collected, in bytes.
func inUse() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}
