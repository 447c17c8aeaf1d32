// Command pipe checks, plans and runs pipelines. It wires the packages below it together
// and decides nothing about the language, plans or runs itself.
package main

import (
	"os"

	"github.com/pipelang/pipe/cmd/pipe/internal/cli"
	"github.com/pipelang/pipe/runtime/target/host"
)

func main() {
	host.Helper()
	os.Exit(cli.Main(os.Args[1:], cli.System()))
}
