// Package beside runs work on several goroutines for one caller. What panics there panics in the caller,
// who can recover from it, and tells where it was. It refuses to know what the work is.
package beside

import (
	"fmt"
	"runtime/debug"
	"sync"
)

// Fault is what work panicked with on another goroutine.
type Fault struct {
	Value any
	// Stack is that of where it panicked.
	Stack []byte
}

// String is the value with its stack, for whoever reads a report.
func (f *Fault) String() string { return fmt.Sprintf("%v\n%s", f.Value, f.Stack) }

// Each calls work once for each number below n, on goroutines of their own but for the first, which the
// caller's runs. It returns when all have ended. Of those that panicked the first panics again, as a *Fault
// when it did so on another goroutine.
func Each(n int, work func(i int)) {
	faults := make([]*Fault, n)
	var all sync.WaitGroup
	for i := 1; i < n; i++ {
		all.Go(func() {
			defer func() {
				if v := recover(); v != nil {
					faults[i] = &Fault{v, debug.Stack()}
				}
			}()
			work(i)
		})
	}
	func() {
		defer all.Wait()
		work(0)
	}()
	for _, f := range faults {
		if f != nil {
			panic(f)
		}
	}
}
