// Package event is what happens in a run, as typed, append-only facts. A Bus is the only
// way from the engine to a sink, and masks every text before any sink sees it.
// The package knows no engine, no sink and no secret.
package event

import (
	"encoding/json"
	"time"
)

// Type tells events apart. The words are part of the contract with scripts.
type Type string

const (
	RunStarted   Type = "run.started"
	RunFinished  Type = "run.finished"
	RunResumed   Type = "run.resumed"   // another process goes on with it; Reset names what is decided anew
	StepReady    Type = "step.ready"    // its edges have ended
	StepStarted  Type = "step.started"  // its first attempt starts
	StepAttempt  Type = "step.attempt"  // a further attempt starts; Reason is why the one before failed
	StepOutput   Type = "step.output"   // text that a process wrote
	StepFanout   Type = "step.fanout"   // a `for` knows its instances
	StepWaiting  Type = "step.waiting"  // it waits for a person or a lock; Cause says for which
	StepFinished Type = "step.finished" // with an outcome
	StepKept     Type = "step.kept"     // files were kept
	HooksStarted Type = "hooks.started" // the steps of a pipeline have ended, and its hooks begin; Step is empty for the whole run
	Notice       Type = "notice"        // something people should know
)

// Stream of an output event.
type Stream string

const (
	Stdout Stream = "stdout"
	Stderr Stream = "stderr"
)

// Event is one fact. Fields that do not apply are empty. Its JSON is stable.
type Event struct {
	Time time.Time `json:"time"`
	Run  string    `json:"run"`
	Type Type      `json:"type"`
	// Step is the path in the plan, with "[i]" after the name of an instance of a `for`; of output
	// it may be that of a service of a pipeline.
	Step    string `json:"step,omitempty"`
	Attempt int    `json:"attempt,omitempty"` // from 1
	// Stream, Text, Section and Partial belong to output. Text is one line without its line break
	// or, when Partial, a piece of a line that goes on in the next output of the same stream.
	Stream  Stream `json:"stream,omitempty"`
	Section string `json:"section,omitempty"` // the title of the script that runs
	Text    string `json:"text,omitempty"`
	Partial bool   `json:"partial,omitempty"`
	// Outcome: succeeded, failed, skipped, abandoned, cancelled, waiting. Allowed says that a failure keeps the run green.
	Outcome string `json:"outcome,omitempty"`
	Allowed bool   `json:"allowed,omitempty"`
	// Reason is one line for people; Cause one of the words of package engine for scripts.
	Reason   string          `json:"reason,omitempty"`
	Cause    string          `json:"cause,omitempty"`
	ExitCode *int            `json:"exit_code,omitempty"`
	Duration time.Duration   `json:"-"`
	Seconds  float64         `json:"seconds,omitempty"` // Duration in seconds, set by the Bus
	Value    json.RawMessage `json:"value,omitempty"`   // a result; secrets are masked
	// Cached says that a step did not run: its result is one that was kept.
	Cached *Origin `json:"cached,omitempty"`
	// Pipeline, Plan and Instances belong to run.started and step.fanout.
	Pipeline  string `json:"pipeline,omitempty"`
	Plan      string `json:"plan,omitempty"`    // digest
	Context   string `json:"context,omitempty"` // digest of what was captured at start
	Instances int    `json:"instances,omitempty"`
	// Failed is, of hooks.started, the step that failed first.
	Failed string `json:"failed,omitempty"`
	// Reset belongs to run.resumed: the steps, and with a slash behind them the called pipelines,
	// whose end no longer counts; "/" is the run itself.
	Reset []string `json:"reset,omitempty"`
	// What follows is for whoever goes on with the run, and shown to nobody.
	Record `json:"-"`
}

// Record is what an event says beyond what people may see.
type Record struct {
	// Offset belongs to output: how many bytes its stream has had, from the attempt's start, when
	// this text ends; 0 where the text counts only together with the output that follows.
	Offset int64
	// Service says of output that Step is the path of a service of a pipeline: it has no start and
	// no end of its own.
	Service bool
	// Sealed is a result in the plain, encrypted, where Value does not show it whole.
	Sealed []byte
	// Element stands for what an instance of a `for` is about, and Place is the target of an attempt.
	Element string
	Place   string
	// First is the attempt from which on attempts count for `retry`.
	First int
}

// Origin is where a result is from that was kept.
type Origin struct {
	Run  string    `json:"run"`
	Time time.Time `json:"time"` // when it was made
}
