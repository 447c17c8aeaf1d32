// Package supervisor starts the programs of a run's attempts and sees them to their end. It does so
// in a process of its own, which is pipe started once more: kill pipe, and the programs run on,
// their output is taken, and another pipe of the same run finds out how they ended. It knows
// nothing of workspaces beyond how to mount one, and nothing of what an attempt means.
//
// There is at most one supervisor a run, and one pipe that it answers to: the one that started
// it, over a pair of sockets, and after that one was killed whoever connects to its socket in
// the run's state folder. A lock beside it, which the kernel drops with the process, says that
// it lives.
package supervisor

import (
	"os"
	"os/signal"
	"sync"
	"syscall"
)

const (
	processName    = "pipe-supervisor" // argv[0] of a supervisor
	processControl = 3                 // its descriptor of the socket to pipe
	processLock    = 4                 // and of its lock

	namespaceName    = "pipe-workspaces" // argv[0] of a process in a user namespace
	namespaceControl = 3                 // its descriptor of the socket to the supervisor
)

// canRepeat says that this program, started once more, would become what its name says.
var canRepeat bool

// Main must be the first call of a program that starts supervisors. In one that was started to
// be one, it does not return.
func Main() {
	canRepeat = true
	switch os.Args[0] {
	case processName:
		supervise()
	case namespaceName:
		AdoptOrphans()
		go reapAtOnce()
		serveControl(namespaceControl)
	default:
		return
	}
	os.Exit(0)
}

// RefuseTerminal lets a program that asks at the terminal fail. It would stop for ever
// otherwise: its group is never the one in the foreground. Programs inherit what is ignored.
var RefuseTerminal = sync.OnceFunc(func() { signal.Ignore(syscall.SIGTTIN, syscall.SIGTTOU) })
