package target

import (
	"context"
	"errors"
	"time"

	"github.com/pipelang/pipe/runtime/event"
)

// Adopter is a Session whose attempts outlive the pipe that started them. What a run does is
// found again by it after pipe was killed: an attempt is started at most once, and its end is
// read at most once, however often pipe dies in between.
//
// Of every attempt a trace stands before its first process does, and goes away with
// Attempt.Close. Whoever closes an attempt has written down how it ended.
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

// Trace is an attempt that was started.
type Trace struct {
	Step    string
	Attempt int
	Started time.Time
	State   TraceState
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
