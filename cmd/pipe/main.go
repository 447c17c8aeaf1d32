// Command pipe checks, plans and runs pipelines. It wires the packages below it together
// and decides nothing about the language, plans or runs itself.
package main

import (
	"os"
	"runtime/debug"

	"github.com/pipelang/pipe/cmd/pipe/internal/cli"
	"github.com/pipelang/pipe/runtime/target/host"
)

func main() {
	host.Helper()
	if os.Getenv("GOGC") == "" {
		percent := 400 // a process that lives for milliseconds should not spend them collecting
		if len(os.Args) > 1 && os.Args[1] == "check" {
			percent = 800 // nor should its processors wait for each other, who do nothing but allocate
		}
		debug.SetGCPercent(percent)
	}
	os.Exit(cli.Main(os.Args[1:], cli.System()))
}
