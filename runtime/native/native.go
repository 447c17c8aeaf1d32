// Package native is what a `native op` of the standard library is handed, and how it says that
// it failed: arguments by type, a channel for output and notices, a place for files. It knows
// nothing of how ops are scheduled, and nothing of what any of them does.
package native

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/target"
)

// Op implements a native op. It is called once for each attempt, maybe several at a time.
//
// When ctx ends it stops what it does and returns, within the second for what is this
// process's own. The value has the fields that the op's result type asks for; what a type
// declares secret is revealed to the masker by the caller. Errors are best a *Failure; any
// other may be cured by a further attempt.
type Op func(ctx context.Context, c *Call) (value.Value, error)

// Register holds implementations by the op's ID in a plan: "std/image.build".
type Register map[string]Op

// Call is one attempt of a native op. Its functions are safe for concurrent use.
type Call struct {
	Step    string // unique in the run, instance included
	Attempt int    // from 1
	// Args are the parameters, defaults included; one without a value is value.None. Paths are
	// relative to the root.
	Args map[string]value.Value
	Root string // absolute path of the repository
	// Scratch is a path in a folder of the run, which goes away with it; TempDir makes folders below it.
	Scratch string
	Environ []string // pipe's own environment, NAME=value
	// Target is the place that the step, or a pipeline around it, names; nil where none does. It
	// has not been opened for the op.
	Target target.Target
	// Artifacts gives the content of files and folders among Args; Intake takes in those of the
	// result, which the caller commits. Both are nil where the run has no store.
	Artifacts target.Artifacts
	Intake    target.Intake
	// Output takes the op's log.
	Output target.Output
	// Notice tells people something that they should know even where the log is not read.
	Notice func(text string)
	// Reveal names a secret that turned up, which is masked from then on.
	Reveal func(secret string)
}

// Logf writes one line of the log, in a section of it; no section is "".
func (c *Call) Logf(section, format string, args ...any) {
	c.Write(section, []byte(fmt.Sprintf(format, args...)+"\n"))
}

// Write adds to the log in any pieces. p is only lent.
func (c *Call) Write(section string, p []byte) { c.Output.Write(event.Stdout, section, p) }

// Env gives a variable of pipe's own environment; the last of a name wins.
func (c *Call) Env(name string) string {
	for i := len(c.Environ) - 1; i >= 0; i-- {
		if v, ok := strings.CutPrefix(c.Environ[i], name+"="); ok {
			return v
		}
	}
	return ""
}

// TempDir makes an empty folder, which the op should remove and the run's end does.
func (c *Call) TempDir() (string, error) {
	if err := os.MkdirAll(c.Scratch, 0o700); err != nil {
		return "", err
	}
	return os.MkdirTemp(c.Scratch, "op-")
}

// Failure is why an op failed.
type Failure struct {
	// Reason is one line for people: what was expected, what was found, the way out.
	Reason string
	// Exit is the exit code of a process that failed within; 0 where there was none.
	Exit int
	// Final says that a further attempt would end the same way.
	Final bool
	Err   error // what it was, for errors.Is; may be nil
}

func (f *Failure) Error() string { return f.Reason }
func (f *Failure) Unwrap() error { return f.Err }

// Finalf is a failure that no further attempt can cure. %w is as in fmt.Errorf.
func Finalf(format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	return &Failure{Reason: err.Error(), Final: true, Err: err}
}
