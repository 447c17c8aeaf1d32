package beside_test

import (
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pipelang/pipe/compiler/internal/beside"
)

func TestEach(t *testing.T) {
	var sum, calls atomic.Int64
	beside.Each(9, func(i int) {
		sum.Add(int64(i))
		calls.Add(1)
	})
	if sum.Load() != 36 || calls.Load() != 9 {
		t.Errorf("%d calls with numbers that make %d", calls.Load(), sum.Load())
	}
}

func breaks(i int) {
	if i == 3 {
		panic("no such thing")
	}
}

// What panics on another goroutine can be recovered from, and is found: its stack names the function.
func TestFault(t *testing.T) {
	var ended atomic.Int64
	defer func() {
		f, ok := recover().(*beside.Fault)
		if !ok || f.Value != "no such thing" || !strings.Contains(f.String(), "breaks") {
			t.Errorf("recovered %v", f)
		}
		if ended.Load() != 4 {
			t.Errorf("%d of the others have ended", ended.Load())
		}
	}()
	beside.Each(5, func(i int) {
		breaks(i)
		ended.Add(1)
	})
}

// What panics on the caller's own goroutine does so when the others have ended, as it is.
func TestOwnFault(t *testing.T) {
	var ended atomic.Int64
	defer func() {
		if v := recover(); v != "own" || ended.Load() != 4 {
			t.Errorf("recovered %v when %d of the others had ended", v, ended.Load())
		}
	}()
	beside.Each(5, func(i int) {
		if i == 0 {
			panic("own")
		}
		ended.Add(1)
	})
}
