package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/event"
)

// recalled is the ending of a step that a process before this one has seen end.
func (g *graphRun) recalled(info *stepInfo) (ending, bool) {
	path := g.path + info.plan.Name
	s := g.run.stood(path)
	if s == nil {
		return ending{}, false
	}
	t := info.typ
	if len(info.plan.For) == 0 {
		t = info.result
	}
	end, ok := g.run.restored(s, t)
	end.below = g.run.pastRows(path)
	return end, ok
}

// recall ends the instances that have ended before.
func (f *fanout) recall() {
	r := f.section.g.run
	if r.Past == nil {
		return
	}
	for i := range f.items {
		path := f.instancePath(i)
		s := r.stood(path)
		if s == nil {
			continue
		}
		end, ok := r.restored(s, f.info.result)
		if !ok {
			continue
		}
		r.publishFinished(path, end, f.info.result)
		f.ends[i], f.rows[i], f.stood[i] = end, newRow(path, end), true
		f.rows[i].below = r.pastRows(path)
		f.left--
		f.failFast(end)
	}
}

// elementKeys are what stands for the loop variables of each instance. What is secret of them
// does so by a keyed digest; where that cannot be made, the instance is known by its number alone.
func (r *run) elementKeys(info *stepInfo, items [][]local) []string {
	out := make([]string, len(items))
	if r.Journal == nil && r.Past == nil {
		return out
	}
	secret := false
	for i := range info.plan.For {
		secret = secret || r.typeOf(info.plan.For[i].Type).DeepLabels()&types.Secret != 0
	}
	for i, vars := range items {
		out[i] = r.elementKey(vars, secret)
	}
	return out
}

// keyLength is how much of a digest tells elements of one list apart.
const keyLength = 32

func (r *run) elementKey(vars []local, secret bool) string {
	list := make(value.List, len(vars))
	for i := range vars {
		list[i] = vars[i].value
	}
	raw, err := value.Marshal(list)
	switch {
	case err != nil || secret && r.Fingerprint == nil:
		return ""
	case secret:
		key, err := r.Fingerprint(raw)
		if err != nil {
			return ""
		}
		return key
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])[:keyLength]
}

// recallMain gives how a graph's steps ended where its hooks had begun before.
func (g *graphRun) recallMain(ctx context.Context) (end ending, locked, ok bool) {
	if g.run.Past == nil {
		return ending{}, false, false
	}
	past, ok := g.run.Past.Hooks[strings.TrimSuffix(g.path, "/")]
	if !ok {
		return ending{}, false, false
	}
	for id := g.info.bounds[mainSection][0]; id < g.info.bounds[mainSection][1]; id++ {
		g.recallNode(id, past.Failed)
	}
	end = ending{outcome: past.Outcome, cause: past.Cause, reason: past.Reason, exit: past.Exit}
	switch end.outcome {
	case Succeeded:
		v, failed := g.returned(ctx)
		if failed != nil {
			return *failed, true, true
		}
		end.value = v
	case Failed:
		end.value, _ = g.returned(ctx)
	}
	return end, true, true
}

// recallNode makes a step of main one that has ended.
func (g *graphRun) recallNode(id int, failed string) {
	info := g.info.steps[id]
	path := g.path + info.plan.Name
	end, ok := g.recalled(info)
	if !ok {
		end = g.run.Past.undecided(path)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	n := &g.nodes[id]
	n.ended, n.ending, n.row = true, end, newRow(path, end)
	n.row.below = end.below
	if path == failed {
		g.first = &redStep{path, end}
	}
}

// undecided is how a step stood that had not ended when the hooks began.
func (p *Past) undecided(path string) ending {
	if s := p.find(path); s != nil && s.Waits {
		return ending{outcome: Waiting, cause: s.Cause, reason: s.Reason, element: s.Element, below: p.waiting(path), past: true}
	}
	return ending{outcome: Cancelled, cause: CauseCancelled, reason: "the run was cancelled", past: true}
}

// waiting are the rows of what is below a step that waits.
func (p *Past) waiting(path string) []*row {
	var out []*row
	for _, s := range p.below(path) {
		switch {
		case s.Waits:
			out = append(out, newRow(s.Path, ending{outcome: Waiting, cause: s.Cause, reason: s.Reason}))
		case s.Outcome != "":
			out = append(out, s.row())
		}
	}
	return out
}

// hasHooks reports whether anything runs after such an end.
func (g *graphRun) hasHooks(o Outcome) bool {
	b := g.info.bounds
	return b[finallySection][0] < b[finallySection][1] || o == Failed && b[failureSection][0] < b[failureSection][1]
}

// publishHooks tells that the steps have ended, for good before a hook starts: a process that goes
// on later must not take up the steps again.
func (g *graphRun) publishHooks(end ending) {
	e := event.Event{Type: event.HooksStarted, Step: strings.TrimSuffix(g.path, "/"), Outcome: string(end.outcome), Cause: end.cause,
		Reason: end.reason, ExitCode: end.exit}
	if g.first != nil {
		e.Failed = g.first.path
	}
	g.run.Bus.Publish(e)
	_ = g.run.written(g.run.hard) // then nothing is waited for any more
}
