package cli

import (
	"github.com/pipelang/pipe/cmd/pipe/internal/ui"
	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/runtime/event"
)

// display shows a run while it goes on.
type display struct {
	sink    event.Sink
	glimpse func(step, text string) // nil where lines that have not ended are not shown
	asker   asker
	// seen reports whether all output of a step that failed was shown just now.
	seen func(step string) bool
	// stop writes what is waiting. Until then only the display writes; it may be called again.
	stop func()
}

// clock is how plain lines tell the time of a run under way.
const clock = "15:04:05"

// shows chooses how to show a run, and makes what else this command writes keep out of its way.
func (a *app) shows(id, root string, p *plan.Plan, f runFlags) display {
	if f.format == "text" && a.live(f.progress) {
		return a.liveDisplay(id, p)
	}
	out := ui.NewLazy(a.Out)
	a.Out = out
	stop := func() { _ = out.Flush() } // nobody is left to tell
	if f.format == "json" {
		return display{sink: event.JSON(out), asker: out, stop: stop}
	}
	if a.onGitHub() {
		groups := ui.NewGroups(out, a.style(), prefixes(p), annotations(root)).Stamp(clock)
		// A group is folded: what failed is shown again below.
		return display{sink: groups.Sink, asker: out, seen: func(string) bool { return false }, stop: stop}
	}
	log := ui.NewLog(out, a.style(), prefixes(p)).Stamp(clock)
	return display{sink: log.Sink, asker: out, seen: log.Shown, stop: stop}
}

// live reports whether a run is drawn anew as it goes on.
func (a *app) live(progress string) bool {
	switch {
	case progress == "live":
		return true
	case progress == "plain" || !a.Terminal || a.getenv("TERM") == "dumb":
		return false
	}
	ci := a.getenv("CI")
	return ci == "" || ci == "false" || ci == "0"
}

func (a *app) liveDisplay(id string, p *plan.Plan) display {
	resumed, ignore := resumes()
	live := ui.NewLive(ui.Terminal{Out: a.Out, Style: a.style(), Size: a.Size, Resumed: resumed}, id, p.Paths())
	if a.ErrWidth > 0 {
		a.Err = live.Above(a.Err)
	}
	live.Start()
	stop := func() {
		live.Stop()
		ignore()
	}
	return display{sink: live.Sink, glimpse: live.Glimpse, asker: live, seen: live.Shown, stop: stop}
}
