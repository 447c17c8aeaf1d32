package ui

import (
	"fmt"
	"io"
	"testing"

	"github.com/pipelang/pipe/runtime/event"
)

// What a step costs that starts, writes a line and ends, on a terminal and elsewhere.
func BenchmarkStep(b *testing.B) {
	var steps []string
	for i := range 1000 {
		steps = append(steps, fmt.Sprint("step", i))
	}
	bench := func(sink event.Sink) func(*testing.B) {
		return func(b *testing.B) {
			bus := event.NewBus("r1", noMask{}, sink)
			for i := 0; b.Loop(); i++ {
				step := steps[i%len(steps)]
				start(bus, step)
				say(bus, step, "one line of output")
				end(bus, step, "succeeded", "")
			}
		}
	}
	lazy := NewLazy(io.Discard)
	b.Run("plain", bench(NewLog(lazy, Style{Color: true}, steps).Stamp("15:04:05").Sink))
	live := NewLive(Terminal{Out: io.Discard, Style: Style{Color: true}, Size: func() (int, int) { return 80, 24 }}, "r1", steps)
	live.Start()
	defer live.Stop()
	b.Run("live", bench(live.Sink))
}
