package target

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/pipelang/pipe/runtime/event"
)

// Adopter is a Session whose attempts outlive the pipe that started them. What a run does is
// found again by it after pipe was killed: an attempt is started at most once, and its end is
// read at most once, however often pipe dies in between.
//
// Of every attempt a trace stands before its first process does, and goes away with
// Attempt.Close. Whoever closes an attempt has written down how it ended. Closing the session
// ends what goes on; whoever does not want that leaves the session open and ends.
//
// The rules for who resumes a run:
//   - Open again with the same Run.State, which nobody may have removed. One pipe at a time works
//     on a run: Open waits for a while until the other is gone, and then fails.
//   - Call Traces at the start of every run, also of one that is new. It says that output will be
//     acknowledged: from then on what was handed over is kept until Acknowledge or Adopt's
//     Job.Written covers it, and an attempt waits when too much of it is kept (on this machine
//     32 MiB for all attempts together). Acknowledge output that is not written down, too.
//   - Adopt attempts that are Running or Ended before anything else is started: one that works in
//     the real tree has its turn.
//   - Start of a step removes the Lost traces of that step: its caller has settled what became of it.
//   - Session.Close says that the run has ended; it ends what still runs and removes what is kept,
//     but for traces that were Lost at Open. While there are such, and for as long as the run may
//     be resumed, Run.State must stay. Other runs leave the state folder of a run alone while its
//     supervisor lives or it holds a trace.
//   - When nobody comes back, what attempts left is kept for an hour after the last of them ended.
//     Then they are Lost.
type Adopter interface {
	// Traces are the attempts of this run that were started and not closed.
	Traces(ctx context.Context) ([]Trace, error)
	// Adopt goes on with the attempt that job names by Step and Attempt, and otherwise is as
	// Start is: it returns at the attempt's end, at once where that was while nobody looked.
	// Job.Written says which output is not to be handed over again. The error wraps ErrLost when
	// the attempt began and nothing knows how it ended, and ErrNoTrace when it never began.
	Adopt(ctx context.Context, job Job, out Output) (Attempt, error)
	// Acknowledge says that a stream's output is written down up to an offset, in bytes from the
	// attempt's start as its processes wrote them: Adopt will not be asked for it again. It does
	// not wait, and may be called from any goroutine.
	Acknowledge(step string, attempt int, stream event.Stream, offset int64)
}

// Holder is an Adopter whose attempts keep Job.Hold open when pipe is gone.
type Holder interface {
	// Held gives what an attempt that goes on keeps open, as files of this process, which the caller
	// must close. There are none of an attempt that has ended.
	Held(ctx context.Context, step string, attempt int) ([]*os.File, error)
}

// Sparer is an Attempt whose workspace may serve others before it is closed.
type Sparer interface {
	// Spare says that this process reads nothing of the workspace any more. It is called once at most,
	// before Close. Whoever adopts the attempt finds what it left all the same.
	Spare()
}

// Warmer is a Session that can get ready for its first attempt before that starts.
type Warmer interface {
	// Warm says that an attempt will start soon. It does not wait; what keeps the session from getting
	// ready is the error of the attempt.
	Warm()
}

// Trace is an attempt that was started.
type Trace struct {
	Step    string
	Attempt int
	Started time.Time
	State   TraceState
	// Ended is when an attempt did whose end is known; zero where that is not.
	Ended time.Time
}

// TraceState is what is known of an attempt that was started.
type TraceState string

const (
	Running TraceState = "running"
	Ended   TraceState = "ended" // and how is known
	Lost    TraceState = "lost"  // whether its processes did all that they were to do is not known
)

// ErrLost is wrapped where an attempt began and nothing knows how it ended.
var ErrLost = errors.New("it was started, and how it ended is not known")

// ErrNoTrace is wrapped where an attempt was never started, or was closed.
var ErrNoTrace = errors.New("it was never started")
