//go:build unix

package cli

import (
	"os"
	"os/signal"
	"syscall"
)

// resumes tells when this process goes on after it was stopped, as by Ctrl-Z, until ignore.
func resumes() (resumed <-chan os.Signal, ignore func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGCONT)
	return signals, func() { signal.Stop(signals) }
}
