// Command pipe checks, plans and runs pipelines. It wires the packages below it together
// and decides nothing about the language, plans or runs itself.
package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"slices"

	"github.com/pipelang/pipe/cmd/pipe/internal/cli"
	"github.com/pipelang/pipe/runtime/target/host"
)

func main() {
	host.Helper()
	if os.Getenv("GOGC") == "" {
		collectLate(len(os.Args) > 1 && slices.Contains(brief, os.Args[1]))
	}
	os.Exit(cli.Main(os.Args[1:], cli.System()))
}

// brief are the commands that read, answer and end.
var brief = []string{"check", "docs", "eval", "explain", "fmt", "graph", "lock", "plan", "rules", "settings", "version"}

// patience is how much a heap grows before it is collected, in percent.
const patience = 400

// collectLate spares a process that lives for milliseconds the collection of what it has allocated. A brief
// command collects nothing below 64 MB, and a run nothing below 40, each of which is a file of some thousand steps;
// what is larger is collected as ever.
func collectLate(brief bool) {
	atLeast := int64(40 << 20)
	if brief {
		atLeast = 64 << 20
	}
	debug.SetGCPercent(percentFor(0, atLeast))
	keepLate(atLeast)
}

// keepLate sees to it after each collection: a goal below what the heap has had would give memory back to be asked
// for again.
func keepLate(atLeast int64) {
	runtime.AddCleanup(new([8]*byte), func(atLeast int64) {
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(live)
		debug.SetGCPercent(percentFor(int64(live[0].Value.Uint64()), atLeast))
		keepLate(atLeast)
	}, atLeast)
}

// smallest is the live heap in bytes that counts at least, by which the collector sets its goal.
const smallest = 4 << 20

// percentFor is how much a heap may grow beyond what lives in it, in percent, so that it grows at least to a size.
func percentFor(live, atLeast int64) int {
	if live < smallest {
		return int(atLeast * 100 / smallest)
	}
	return max(patience, int(atLeast*100/live)-100)
}
