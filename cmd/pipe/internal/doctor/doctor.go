// Package doctor looks at what pipe works with: the store, git, workspaces, the Docker engine,
// registries and programs, and says of each what is there and what to do about what is not. It
// knows of pipelines only what they need, changes nothing but what killed runs left, and
// decides nothing about runs.
package doctor

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Level says how good or bad something is.
type Level string

const (
	OK   Level = "ok"
	Warn Level = "warn" // something may go wrong
	Fail Level = "fail" // a pipeline of this repository needs what is not there
)

// Line is what is known of one thing.
type Line struct {
	Check string `json:"check"`
	Level Level  `json:"level"`
	Text  string `json:"text"`
	Help  string `json:"help,omitempty"` // the way out
	// NeededBy are places in the pipelines: file:line:column.
	NeededBy []string `json:"needed_by,omitempty"`
}

// Check looks at one thing, in one or several lines. What it looks at may never answer: it is
// given up at its deadline, whatever it does then.
type Check struct {
	Name string
	// Needed are the places that need it; without any, nothing fails.
	Needed []string
	Look   func(ctx context.Context) []Line
}

// Examine runs checks at the same time and gives their lines in the order of the checks.
func Examine(ctx context.Context, checks []Check, patience time.Duration) []Line {
	found := make([][]Line, len(checks))
	var all sync.WaitGroup
	for i, c := range checks {
		all.Go(func() { found[i] = c.within(ctx, patience) })
	}
	all.Wait()
	var out []Line
	for _, lines := range found {
		out = append(out, lines...)
	}
	return out
}

// within is Look until the deadline.
func (c Check) within(ctx context.Context, patience time.Duration) []Line {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	done := make(chan []Line, 1)
	go func() {
		defer func() {
			if r := recover(); r != nil {
				done <- []Line{{c.Name, Warn, fmt.Sprintf("the check itself failed: %v", r), "report it", c.Needed}}
			}
		}()
		done <- c.Look(ctx)
	}()
	select {
	case lines := <-done:
		return c.levelled(lines)
	case <-ctx.Done():
	}
	// Who looks at the deadline, too, has more to say than that it passed.
	select {
	case lines := <-done:
		return c.levelled(lines)
	case <-time.After(patience / 10):
		return c.levelled([]Line{{Check: c.Name, Level: Fail, Text: fmt.Sprintf("no answer within %v", patience), Help: "see what holds it up, or give it longer with --timeout"}})
	}
}

// levelled makes failures of what nothing needs warnings, and adds the places that need it.
func (c Check) levelled(lines []Line) []Line {
	for i := range lines {
		l := &lines[i]
		if l.Check == "" {
			l.Check = c.Name
		}
		if l.Level == OK {
			continue
		}
		if l.NeededBy == nil {
			l.NeededBy = c.Needed
		}
		if l.Level == Fail && len(l.NeededBy) == 0 {
			l.Level = Warn
		}
	}
	return lines
}

// Worst is the level of the worst line.
func Worst(lines []Line) Level {
	worst := OK
	for _, l := range lines {
		if l.Level == Fail || l.Level == Warn && worst == OK {
			worst = l.Level
		}
	}
	return worst
}

func ok(format string, args ...any) []Line {
	return []Line{{Level: OK, Text: fmt.Sprintf(format, args...)}}
}

func fails(help, format string, args ...any) []Line {
	return []Line{{Level: Fail, Text: fmt.Sprintf(format, args...), Help: help}}
}

func warns(help, format string, args ...any) []Line {
	return []Line{{Level: Warn, Text: fmt.Sprintf(format, args...), Help: help}}
}

// anyway is a place for what pipe itself needs.
func anyway(need []string) []string {
	if len(need) == 0 {
		return []string{"pipe"}
	}
	return need
}
