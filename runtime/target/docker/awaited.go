package docker

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/containerd/errdefs"

	"github.com/pipelang/pipe/runtime/target/host"
)

const (
	// awaits is how long a step's container that has ended waits for somebody to go on with its run, as
	// long as a supervisor does.
	awaits = time.Hour
	// forgets is how long one works on that has no time of its own, after pipe was there last.
	forgets = 24 * time.Hour
)

// await says until when the container of a step whose pipe is gone may be gone on with: Until stays zero
// where its run was given up, or it never began, or its end is written down, or its time is over.
func (e *Engine) await(ctx context.Context, mine owner, l *Left) {
	if l.Run == "" || !begunIn(filepath.Join(mine.States, l.Run), l.ID) {
		return
	}
	now := time.Now()
	var until time.Time
	switch l.state {
	case "running", "paused", "restarting":
		until = host.LastSeen(l.folder, l.Since).Add(forgets)
		if l.limit != 0 {
			until = time.Unix(l.limit, 0)
		}
	case "exited":
		l.Ended = e.endOf(ctx, l.ID, now)
		until = l.Ended.Add(awaits)
	}
	if until.After(now) {
		l.Until = until
	}
}

// endOf is when a container ended. Of one that is gone that was long ago; where the engine does not say,
// nothing is lost by taking it for now.
func (e *Engine) endOf(ctx context.Context, id string, now time.Time) time.Time {
	c, err := e.api.ContainerInspect(ctx, id)
	if err != nil {
		if errdefs.IsNotFound(err) {
			return time.Time{}
		}
		return now
	}
	ended, _ := time.Parse(time.RFC3339Nano, c.State.FinishedAt) // the zero time is long ago, too
	return ended
}

// begunIn says that the state folder of a run holds the mark of a container that was started, and whose end
// nobody has written down.
func begunIn(state, id string) bool {
	_, err := os.Lstat(begunPath(state, id))
	return err == nil
}

// leaves says of a folder that it is another engine's to judge, where a container of its run was started whose
// end nobody has written down.
func (e *Engine) leaves(folder string) bool { return IsOfOthers(folder, e.endpoint.Host) }

// IsOfOthers says that a run of which a folder is has a container, started and not known to have ended, on another
// engine than those of some addresses.
func IsOfOthers(folder string, engines ...string) bool {
	return slices.ContainsFunc(marksIn(host.StateOf(folder)), func(m begunMark) bool { return !slices.Contains(engines, m.Engine) })
}

// later is the later of two moments.
func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
