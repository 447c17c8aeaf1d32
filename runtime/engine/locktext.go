package engine

import (
	"context"
	"fmt"
	"strings"

	"github.com/pipelang/pipe/runtime/target"
)

// lockFiles are the files of locks and of slots of pools, in a folder that all runs of a store share.
type lockFiles struct {
	dir string // "" is none: locks are of this run alone
	run *run
}

// lockText is what stands in a lock file: who holds it, and a mark for each place where attempts under
// it go on when pipe is killed and hold nothing open. Whoever lets go of a lock empties its file, so
// that what stands in one that is free was left by a holder that died.
type lockText string

// holderIn names who holds a lock: a step, or with "" the pipeline of a run.
func holderIn(run, path string) string {
	if path == "" {
		return "run " + run
	}
	return "step " + path + " of run " + run
}

func (t lockText) holder() string {
	who, _, _ := strings.Cut(string(t), "\n")
	if who == "" {
		return "another run"
	}
	return who
}

// holderID is the run of a holder, and the path of its step, "" where the pipeline holds it.
func (t lockText) holderID() (run, path string) {
	who := t.holder()
	path, run, ok := strings.Cut(strings.TrimPrefix(who, "step "), " of run ")
	if !ok {
		return strings.TrimPrefix(who, "run "), ""
	}
	return run, path
}

// holder says who holds a lock, and of one whose pipe is gone what to do about that.
func (l *lockFiles) holder(t lockText) string {
	who := t.holder()
	id, _ := t.holderID()
	if !strings.HasSuffix(who, "run "+id) || l.run == nil || l.run.Cache == nil || id == l.run.Run.ID || l.run.Cache.UnderWay(id) {
		return who
	}
	return who + " (its pipe is gone; pipe resume " + id + " goes on with it)"
}

const lockMark = "at "

// marks are the places, by name, and what tells each from others of its name.
func (t lockText) marks() map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(string(t)) {
		if text, ok := strings.CutPrefix(line, lockMark); ok {
			name, where, _ := strings.Cut(strings.TrimSpace(text), " ")
			out[name] = where
		}
	}
	return out
}

// outlastError says that nobody knows whether what a holder left still works.
type outlastError struct {
	who string
	err error
}

func (e *outlastError) Error() string {
	return fmt.Sprintf("whether %s still works cannot be found out: %v", e.who, e.err)
}

func (e *outlastError) Unwrap() error { return e.err }

// outlast waits until nothing works any more that a holder of a lock left behind. waits is called
// once before that, and its error is given back.
func (l *lockFiles) outlast(ctx context.Context, t lockText, waits func() error) error {
	who := t.holder()
	id, path := t.holderID()
	var told error
	once := func() error {
		told = waits()
		return told
	}
	for name, where := range t.marks() {
		in, ok := l.run.Targets[name].(target.Lingerer)
		if !ok {
			in, ok = l.run.Targets[dockerTarget].(target.Lingerer)
		}
		if !ok {
			continue
		}
		err := in.Outlast(ctx, l.run.Run, target.Left{Where: where, Run: id, Step: path}, once)
		switch {
		case told != nil:
			return told
		case err != nil:
			return &outlastError{who, err}
		}
	}
	return nil
}

// markLocks writes into the lock files that an attempt works under where it does so, if it goes on
// there without them when pipe is killed.
func (w *opWork) markLocks() error {
	in, ok := w.session.(target.Lingering)
	if !ok {
		return nil
	}
	line := lockMark + w.placeName + " " + in.Lingers()
	for _, f := range w.lockFiles() {
		if err := f.mark(line); err != nil {
			return fmt.Errorf("write down what works under a lock: %w", err)
		}
	}
	return nil
}
