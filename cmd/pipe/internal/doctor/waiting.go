package doctor

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pipelang/pipe/runtime/target/host"
)

// onThisMachine are the attempts that supervisors of killed runs have.
func onThisMachine(states string, underWay func(run string) bool) []Leftover {
	entries, err := os.ReadDir(states)
	if err != nil {
		return nil
	}
	var out []Leftover
	for _, e := range entries {
		state := filepath.Join(states, e.Name())
		if underWay(e.Name()) {
			continue
		}
		traces, err := host.GoesOn(state)
		if err != nil {
			continue // what cannot be read is not known to be anything
		}
		for _, t := range traces {
			out = append(out, Leftover{Kind: "processes", Name: state, Run: e.Name(), Step: t.Step, Since: moment(t.Started), attempt: true,
				remove: func(ctx context.Context) error { return host.GiveUp(ctx, state) }})
		}
	}
	return out
}

// goingOn says of each killed run which steps may be gone on with, and how.
func goingOn(waiting []Leftover, now time.Time) []Line {
	var runs []string
	steps := map[string][]string{}
	for _, l := range waiting {
		if !l.attempt {
			continue
		}
		if steps[l.Run] == nil {
			runs = append(runs, l.Run)
		}
		steps[l.Run] = append(steps[l.Run], l.told(now))
	}
	var out []Line
	for _, run := range runs {
		out = append(out, warns(fmt.Sprintf("pipe resume %s goes on with it; pipe doctor --fix --give-up %s ends and removes it", run, run),
			"run %s was killed: %s", run, strings.Join(steps[run], "; "))...)
	}
	return out
}

// told says how it is with a step of a killed run.
func (l Leftover) told(now time.Time) string {
	text, where := "step "+l.Step, "in a container"
	if l.Kind == "processes" {
		where = "on this machine"
	}
	switch {
	case l.Ended != nil:
		text += fmt.Sprintf(" has ended %s, %s ago", where, now.Sub(*l.Ended).Round(time.Second))
	case l.Since != nil:
		text += fmt.Sprintf(" has been at work %s for %s", where, now.Sub(*l.Since).Round(time.Second))
	}
	if l.Until != nil {
		text += fmt.Sprintf(", and is given up in %s", l.Until.Sub(now).Round(time.Second))
	}
	return text
}

// Stays says what is not removed, and why.
func (l Leftover) Stays(now time.Time) string {
	if !l.attempt {
		return l.String() + ": a step needs it that may be gone on with"
	}
	return fmt.Sprintf("%s of run %s: %s", l.named(), l.Run, l.told(now))
}
