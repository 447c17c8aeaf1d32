package supervisor

import (
	"time"

	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/target"
)

// Work is what a supervisor does of an attempt: its programs, one after the other.
type Work struct {
	Step     string
	Attempt  int
	Programs []Program
	Env      []string // exactly what programs get, NAME=value
	Dir      string   // where they start, as they see it
	// Base is the start of the names of what the attempt has on disk.
	Base         string
	SuccessCodes []int // nil is {0}
	Grace        time.Duration
	// Limit is how long it may take; 0 is no limit.
	Limit time.Duration
	// Place is where its programs start; 0 is the machine as it is.
	Place uint64
	// Holds is how many of the files that come along, the last ones, are let go when its programs
	// have ended; the others stay open until it is closed.
	Holds int
	// After is an attempt that has ended and whose workspace, an empty folder that nobody touched, is
	// this one's now; 0 is none. That one is then Bare.
	After uint64
	Bare  bool
	// Rest is for whoever adopts the attempt, and means nothing here.
	Rest []byte
}

// Program is one program of an attempt.
type Program struct {
	Argv    []string
	Section string // of its output
	Name    string // by which an exit names it
	// Interpreter says that the program runs a script of the step.
	Interpreter bool
	// OnFailure programs run only after another failed, and never change the exit.
	OnFailure bool
}

// End is how an attempt ended. Its captures must be closed.
type End struct {
	Exit           target.Exit
	Stdout, Stderr *Capture
}

// kind is what a message asks for or tells.
type kind byte

const (
	// What pipe asks for.
	askHello  kind = iota + 1
	askHold        // a folder, whose lock comes along
	askEnter       // a place
	askLeave       // a place, and the attempt in it
	askClose       // attempts without a place
	askRun         // an attempt
	askAdopt       // an attempt that runs, or ended, while no pipe was there
	askCancel      // an attempt
	askKill        // attempts, and those that start later
	askLane        // whose socket comes along, for one attempt after the other
	askForget      // output, which nobody will ask for again
	askKeep        // output until it is acknowledged
	askTraces      // attempts
	askEnd         // the run has ended
	askHeld        // files that an attempt holds until its programs have ended
)

// What a supervisor tells.
const (
	tellAnswer kind = iota + 128 // to what asked for one, by its Call
	tellOutput
	tellEnded
)

// protocol is counted up whenever messages change: a pipe that was upgraded may find the supervisor
// of a run that the one before started. What a greeting holds must stay readable to all of them.
const protocol = 3

// message goes either way; which fields mean something depends on the kind.
type message struct {
	Kind  kind
	Call  uint64 // of a request that wants an answer
	ID    uint64 // of the attempt, and of its place
	Files int    // how many descriptors come along
	Err   string
	// Missing says that Err is of a program that is not there.
	Missing bool

	Hello   *greeting
	Path    string // of a folder to hold
	View    *View
	Work    *Work
	Closed  []uint64 // attempts of which nothing is wanted any more, before what is asked for
	Step    string   // of an attempt to adopt, or acknowledged
	Attempt int
	Written map[event.Stream]int64
	Stream  event.Stream
	Section string
	Size    int    // of what follows the message itself,
	data    []byte // which is this
	N       int64  // the offset acknowledged
	End     *ending
	Traces  []target.Trace
	State   target.TraceState
}

// greeting is what both sides say first.
type greeting struct {
	Protocol int
	State    string // the run's folder
	// Folder is the session's that was held first, and Turn counts the pipes that were here.
	Folder string
	Turn   int
	Last   uint64 // the largest number that an attempt has
}

// ending is an End on its way. The files of its captures come along, that of stdout first.
type ending struct {
	Exit           target.Exit
	Stdout, Stderr captured
}
