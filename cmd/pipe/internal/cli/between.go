package cli

import (
	"runtime"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"time"
)

// untidy is how much memory in bytes checks may leave before it is collected between two of them. It is less than
// what the process collects at by itself.
const untidy = 20 << 20

// between has memory collected while no check runs: what lives then is little, and a check that goes on meanwhile pays
// for each pointer that it writes. The zero value is ready.
type between struct {
	checks   sync.RWMutex
	at       atomic.Uint64 // how much memory is too much; 0 for untidy
	sweeping atomic.Bool   // a collection goes on beside the checks
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
	if !b.full() { // somebody else was quicker
		b.checks.Unlock()
		return
	}
	b.sweeping.Store(true)
	before := cycles()
	go func() {
		for cycles() == before { // the runtime tells nobody
			time.Sleep(50 * time.Microsecond)
		}
		b.checks.Unlock() // it is known what lives: that the rest is taken back disturbs nobody
	}()
	runtime.GC()
	b.at.Store(2 * figure("/gc/heap/live:bytes"))
	b.sweeping.Store(false)
}

func (b *between) full() bool {
	return !b.sweeping.Load() && figure("/memory/classes/heap/objects:bytes") > max(untidy, b.at.Load())
}

// cycles is how many times it has been found out what lives.
func cycles() uint64 { return figure("/gc/cycles/total:gc-cycles") }

// figure is one of what the runtime knows of itself.
func figure(name string) uint64 {
	s := []metrics.Sample{{Name: name}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}
