// Command pipe checks, plans and runs pipelines. It wires the packages below it together
// and decides nothing about the language, plans or runs itself.
package main

import (
	"os"
	"runtime"
	"runtime/debug"
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
	first := 1000 // percent of the 4 MB that count at least
	if brief {
		first = 1600
	}
	debug.SetGCPercent(first)
	runtime.AddCleanup(new([8]*byte), func(int) { debug.SetGCPercent(patience) }, 0)
}
