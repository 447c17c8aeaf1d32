package engine

import (
	"time"

	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/event"
)

// Outcome says how a step or a run ended.
type Outcome string

const (
	Succeeded Outcome = "succeeded"
	Failed    Outcome = "failed"
	Skipped   Outcome = "skipped"
	Abandoned Outcome = "abandoned"
	Cancelled Outcome = "cancelled"
	// Waiting is a run that asks for an approval while nobody is there, the step that asks, and
	// every step that cannot be decided before it has ended.
	Waiting Outcome = "waiting"
)

// StepResult is one row of the table that ends a run.
type StepResult struct {
	Path    string // with [i] for an instance
	Outcome Outcome
	Allowed bool // failed, and the run stays green
	// Duration is from the start of the first attempt to the end; 0 for what never started.
	Duration time.Duration
	Attempts int
	// Reason is one sentence fragment for people, "" for success; Cause is one of the Cause constants.
	Reason string
	Cause  string
	// Cached says where a result is from that was not made by this run; of a `for` whose every
	// instance is cached, where that of the first is.
	Cached *event.Origin
}

// Result of a run.
type Result struct {
	Outcome  Outcome
	Steps    []StepResult // in the order of the plan, instances below their step
	Value    value.Value  // what the pipeline returns; nil unless succeeded
	Error    string       // run.error
	Failed   string       // run.failed: the path of the step that failed first
	Duration time.Duration
	Left     error // says what places could not remove at the end; nil for nothing
}

// The causes of StepResult and of events: a closed set of words for scripts.
const (
	CauseExit           = "exit"             // an exit code that is no success
	CauseSignal         = "signal"           // ended by a signal that pipe did not send
	CauseTimeout        = "timeout"          // an attempt, or a pipeline, was not done in time
	CauseNative         = "native"           // an op that pipe implements itself says why it failed
	CauseTarget         = "target"           // the place kept the attempt from running, or was lost
	CauseNoProgram      = "no-program"       // an interpreter, or a program of exec, is not there
	CauseNoTarget       = "no-target"        // a target that does not exist
	CauseUnlocked       = "image-not-locked" // a locked run came to an image without a digest
	CauseGuardError     = "guard-error"      // a guard, binding or requirement could not be evaluated
	CauseEvalError      = "eval-error"       // an argument, list, attribute or parameter's `where` failed
	CauseRequire        = "require"          // a requirement was not met
	CauseDenied         = "denied"           // a person said no
	CauseApproval       = "approval"         // waits for a person
	CauseLock           = "lock"             // a lock could not be had, or is waited for
	CausePool           = "pool"             // a slot of a pool could not be had, or is waited for
	CauseLockRejected   = "lock-rejected"    // a lock with reject was held
	CauseSuperseded     = "superseded"       // a newer run waits for the same lock with latest
	CauseNeedsSkipped   = "needs-skipped"    // a needed step has no result
	CauseGuardFalse     = "guard-false"      // `when` was false
	CauseUpstreamFailed = "upstream-failed"  // an edge failed, was abandoned or cancelled
	CauseUpstreamWaits  = "upstream-waiting" // an edge waits for a person
	CauseStepFailed     = "step-failed"      // a step of a called pipeline, or an instance, failed
	CauseFinally        = "finally-failed"   // a green pipeline whose finally failed
	CauseResultType     = "result-type"      // the result does not fit its type
	CauseResultError    = "result-error"     // `return` or $PIPE_OUTPUT could not be read
	CauseSecret         = "secret-in-result" // a result that is not secret holds a secret
	CauseCancelled      = "cancelled"        // the run was interrupted
	CauseFailFast       = "fail-fast"        // another step failed under --fail-fast
	CauseDiskFull       = "disk-full"        // there is no room to store what a step gives, or that it ended
	CauseUnknown        = "unknown"          // it was under way when pipe ended, and nobody knows how it ended
	CauseAssumed        = "assumed"          // it was unknown how it ended, and a person said that it was done
)

// ending is how a step, an instance or a graph ended.
type ending struct {
	outcome Outcome
	allowed bool
	value   value.Value // nil when there is none
	cause   string
	reason  string
	exit    *int
	// retriable says that a further attempt may help.
	retriable bool
	attempts  int
	duration  time.Duration
	cached    *event.Origin // nil for what ran
	// facts of the last attempt, for retry and allow_failure.
	facts *facts
	// element is what an instance is about, as event.Record has it.
	element string
	// done is called when the end is written down; nil is nothing.
	done func()
	// awaited says that an attempt of another step may wait until done was called.
	awaited bool
	// below are the rows of what is below it, where it stands from before.
	below []*row
	// past says that it ended in a process before this one, which wrote it down.
	past bool
}

func failed(cause, reason string) ending {
	return ending{outcome: Failed, cause: cause, reason: reason}
}

func (n ending) red() bool { return n.outcome == Failed && !n.allowed }

// row is a StepResult in the making, with what stands below it.
type row struct {
	StepResult
	below []*row
}

func newRow(path string, n ending) *row {
	return &row{StepResult: StepResult{Path: path, Outcome: n.outcome, Allowed: n.allowed, Duration: n.duration,
		Attempts: n.attempts, Reason: n.reason, Cause: n.cause, Cached: n.cached}}
}

// flatten appends rows in order, each above what is below it.
func flatten(out []StepResult, rows []*row) []StepResult {
	for _, r := range rows {
		if r != nil {
			out = flatten(append(out, r.StepResult), r.below)
		}
	}
	return out
}
