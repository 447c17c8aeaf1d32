package supervisor

import (
	"runtime"
	"time"
)

// turn lets the runtime see that a goroutine which serves one short attempt after the other has
// not kept its processor all the time. Without that they are one long call, for which the runtime takes
// the processor away after 10 ms, and looks every 20 µs for others to take. A turn wakes another
// thread to look for work, so it is not taken more often than need be.
type turn struct{ last time.Time }

// often is how often a turn is taken at most.
const often = 5 * time.Millisecond

func (t *turn) take() {
	if now := time.Now(); now.Sub(t.last) > often {
		t.last = now
		runtime.Gosched()
	}
}
