package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/pipelang/pipe/compiler/lower"
	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/engine"
	"github.com/pipelang/pipe/runtime/journal"
	"github.com/pipelang/pipe/runtime/secret"
)

// enginePast is what a journal says of a run, as the engine takes it.
func enginePast(p *journal.Past, sealer *secret.Sealer) (*engine.Past, error) {
	out := &engine.Past{Written: p.Written, Hooks: map[string]engine.PastEnd{}, Restarted: restarted(p.Attached[attachedBoot], bootID())}
	for _, s := range p.Steps {
		step := engine.PastStep{Path: s.Path, Attempts: s.Attempts, First: s.First, Allowed: s.Allowed, Reason: s.Reason, Cause: s.Cause, Exit: s.ExitCode,
			Started: s.Started, Duration: s.Duration, Value: s.Result, Cached: s.Cached, Element: s.Element, Place: s.Place}
		switch {
		case !s.Ended.IsZero():
			step.Outcome = engine.Outcome(s.Status)
		case s.Status == journal.Interrupted: // of a for, only its instances have attempts
			step.Begun = s.Attempts > 0
		default:
			step.Waits = s.Status == string(engine.Waiting)
		}
		if s.Sealed != nil {
			plain, err := sealer.Open(s.Sealed)
			if err != nil {
				return nil, fmt.Errorf("the result of %s: %w", s.Path, err)
			}
			step.Value = json.RawMessage(plain)
		}
		out.Steps = append(out.Steps, step)
	}
	for path, e := range p.Hooks {
		out.Hooks[path] = engine.PastEnd{Outcome: engine.Outcome(e.Outcome), Cause: e.Cause, Reason: e.Reason, Exit: e.ExitCode, Failed: e.Failed}
	}
	return out, nil
}

// bootID names the time since this machine was started, "" where it has no name.
func bootID() string {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// restarted says that a machine went down, or is another one, since something was under way.
func restarted(then []byte, now string) bool {
	return len(then) > 0 && now != "" && string(then) != now
}

// through says by which expressions a setting that is another one now reaches a step: the plan is made once
// more without the setting, and what then stays an expression reads it.
func (a *app) through(was *plan.Plan, b *bound, c plan.Change) string {
	var out []string
	for _, s := range b.plan.Settings {
		before, known := was.Setting(s.Name)
		if !known || s.Secret || string(before.Value) == string(s.Value) {
			continue
		}
		for _, text := range b.readers(s.Name, c.Path) {
			out = append(out, s.Name+" through "+text)
		}
	}
	if out == nil {
		return ""
	}
	return " (" + a.masker.Mask(strings.Join(out, ", ")) + ")"
}

// readers are the expressions of a step that read a setting, each with its place.
func (b *bound) readers(setting, path string) []string {
	args := map[string]value.Value{}
	for name, v := range b.args {
		args[name] = v
	}
	without, _, err := b.draft.Bind(lower.Values{Profile: b.plan.Profile, Args: args, Setting: func(name string) (value.Value, bool) {
		if name == setting {
			return nil, false
		}
		return b.settings.Known(name)
	}})
	if err != nil {
		return nil // then it can only be said that it does
	}
	return without.Naming(path, "settings."+setting)
}
