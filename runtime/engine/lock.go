package engine

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/event"
)

// The policies of a lock.
const (
	lockLatest = "latest"
	lockReject = "reject"
)

// heldError says that a lock with reject is held.
type heldError struct{ key, by string }

func (e *heldError) Error() string { return fmt.Sprintf("lock %q is held by %s", e.key, e.by) }

// supersededError says that a newer waiter came.
type supersededError struct{ key string }

func (e *supersededError) Error() string {
	return fmt.Sprintf("a newer run waits for lock %q", e.key)
}

// locks are held by one holder at a time: within this run by a queue, and across runs by the
// lock file that the head of the queue holds. Attempts under a lock keep its file open, too, so
// that it lasts as long as they do when pipe is killed; see run.takeOver.
type locks struct {
	lockFiles
	mu   sync.Mutex
	keys map[string]*lockQueue
}

// lockQueue is one key within this run.
type lockQueue struct {
	holder *lockWaiter
	queue  []*lockWaiter
}

// lockWaiter is one who waits for a key or holds it.
type lockWaiter struct {
	path   string
	policy string
	// turn is closed when it is the head.
	turn chan struct{}
	ctx  context.Context
	// give makes it give up.
	give context.CancelCauseFunc
	had  bool // it holds the lock, and cannot be made to give up any more
	file *lockFile
}

func newLocks(files lockFiles) *locks {
	return &locks{lockFiles: files, keys: map[string]*lockQueue{}}
}

// grant is a lock, or a slot of a pool, that is had. Its file is nil where it is of this run alone.
type grant struct {
	file    *lockFile
	release func()
}

// grantOf is what holds a lock file, and nothing else.
func grantOf(f *lockFile) *grant { return &grant{f, sync.OnceFunc(f.release)} }

// acquire waits for a key. waits is called once, before waiting, with who holds it. The
// error is a *heldError, a *supersededError, the context's, or a fault of the lock file.
func (l *locks) acquire(ctx context.Context, key, policy, path string, waits func(by string)) (*grant, error) {
	inner, give := context.WithCancelCause(ctx)
	w := &lockWaiter{path: path, policy: policy, turn: make(chan struct{}), ctx: inner, give: give}
	by, err := l.join(key, w)
	if err != nil {
		give(nil)
		return nil, err
	}
	if by != "" {
		waits(by)
	}
	select {
	case <-w.turn:
	case <-inner.Done():
		l.leave(key, w)
		return nil, context.Cause(inner)
	}
	if err := l.acrossRuns(key, w, by == "", waits); err != nil {
		l.leave(key, w)
		return nil, err
	}
	l.mu.Lock()
	w.had = true
	l.mu.Unlock()
	return &grant{w.file, sync.OnceFunc(func() { l.leave(key, w) })}, nil
}

// join enters the queue of a key. by is the step that has it now, "" when it is this one's turn.
func (l *locks) join(key string, w *lockWaiter) (by string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	q := l.keys[key]
	if q == nil {
		q = &lockQueue{}
		l.keys[key] = q
	}
	if q.holder == nil {
		q.holder = w
		close(w.turn)
		return "", nil
	}
	if w.policy == lockReject {
		return "", &heldError{key, q.holder.name()}
	}
	if w.policy == lockLatest {
		q.supersede(key)
	}
	q.queue = append(q.queue, w)
	return q.holder.name(), nil
}

func (w *lockWaiter) name() string {
	if w.path == "" {
		return "this pipeline"
	}
	return "step " + w.path
}

// supersede makes those give up who wait with latest, the head too while it waits for another run.
func (q *lockQueue) supersede(key string) {
	for _, w := range append(slices.Clone(q.queue), q.holder) {
		if w.policy == lockLatest && !w.had {
			w.give(&supersededError{key})
		}
	}
}

// leave gives the key to the next in the queue, or takes one who gave up out of it.
func (l *locks) leave(key string, w *lockWaiter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	w.give(nil)
	q := l.keys[key]
	if q.holder != w {
		q.queue = slices.DeleteFunc(q.queue, func(o *lockWaiter) bool { return o == w })
		return
	}
	if w.file != nil {
		w.file.release()
	}
	if len(q.queue) == 0 {
		delete(l.keys, key)
		return
	}
	q.holder, q.queue = q.queue[0], q.queue[1:]
	close(q.holder.turn)
}

// acrossRuns takes the lock file of a key. tell says that nobody has been told yet that this waits.
func (l *locks) acrossRuns(key string, w *lockWaiter, tell bool, waits func(by string)) error {
	if l.dir == "" {
		return nil
	}
	who := holderIn(l.run.Run.ID, w.path)
	f, by, err := l.try(w.ctx, key, who)
	if err != nil {
		return fmt.Errorf("lock %q: %w", key, err)
	}
	if f == nil && w.policy == lockReject {
		return &heldError{key, by}
	}
	if f == nil {
		queued := func() {
			if tell {
				waits(by)
			}
		}
		if f, err = l.wait(w.ctx, key, who, w.policy == lockLatest, queued); err != nil {
			return err
		}
	}
	w.file = f
	return nil
}

// lock takes the locks of a step or a graph, in the order of their keys so that two who want
// the same ones cannot wait for each other. One that a graph around this holds is had already.
func (g *graphRun) lock(ctx context.Context, list []plan.Lock, sc *scope, in *instance) (release func(), end ending, ok bool) {
	wanted, end, ok := g.lockKeys(ctx, list, sc)
	if !ok {
		return nil, end, false
	}
	held := &g.held
	if in != nil {
		held = &in.held
	}
	for _, want := range wanted {
		if g.holds(want.key, in) {
			continue
		}
		had, err := g.lockOne(ctx, want, in)
		if err != nil {
			held.release()
			return nil, lockFailed(ctx, err), false
		}
		*held = append(*held, heldLock{want.key, had})
	}
	return held.release, ending{}, true
}

// heldLock is a lock that a step or a graph has, and heldLocks are all of them.
type (
	heldLock struct {
		key string
		*grant
	}
	heldLocks []heldLock
)

func (h heldLocks) has(key string) bool {
	return slices.ContainsFunc(h, func(l heldLock) bool { return l.key == key })
}

// release gives them back, the last one first.
func (h *heldLocks) release() {
	for _, l := range slices.Backward(*h) {
		l.grant.release()
	}
	*h = nil
}

// files are the lock files.
func (h heldLocks) files() []*lockFile {
	var out []*lockFile
	for _, l := range h {
		if l.file != nil {
			out = append(out, l.file)
		}
	}
	return out
}

// wantedLock is a lock whose key is evaluated.
type wantedLock struct{ key, policy string }

func (g *graphRun) lockKeys(ctx context.Context, list []plan.Lock, sc *scope) ([]wantedLock, ending, bool) {
	var out []wantedLock
	for i := range list {
		v, err := g.run.eval(ctx, &list[i].Key, types.StringType, sc)
		if err != nil {
			return nil, g.evalFailed(ctx, CauseEvalError, "lock", err), false
		}
		key, _ := value.Env(v)
		if !slices.ContainsFunc(out, func(w wantedLock) bool { return w.key == key }) {
			out = append(out, wantedLock{key, list[i].Policy})
		}
	}
	slices.SortFunc(out, func(a, b wantedLock) int { return strings.Compare(a.key, b.key) })
	return out, ending{}, true
}

// lockOne takes one lock. An instance gives its slot back while it waits. What goes on from before
// has been let in: it waits, if somebody else came in between, and is not turned away.
func (g *graphRun) lockOne(ctx context.Context, want wantedLock, in *instance) (*grant, error) {
	path := g.lockPath(in)
	if f := g.run.takeOver(ctx, path, want.key); f != nil {
		return grantOf(f), nil
	}
	if g.run.goesOn(path) {
		want.policy = ""
	}
	waited := false
	waits := func(by string) {
		waited = true
		if in != nil {
			in.release()
		}
		g.run.Bus.Publish(event.Event{Type: event.StepWaiting, Step: path, Cause: CauseLock,
			Reason: fmt.Sprintf("waits for lock %q, which is held by %s", want.key, by)})
	}
	slot := in != nil && in.slot
	had, err := g.run.locks.acquire(ctx, want.key, want.policy, path, waits)
	if err != nil || !slot || !waited {
		return had, err
	}
	if err := g.run.slots.acquire(ctx); err != nil {
		had.release()
		return nil, err
	}
	in.slot = true
	return had, nil
}

func (g *graphRun) lockPath(in *instance) string {
	switch {
	case in != nil:
		return in.path
	case g.caller != nil:
		return g.caller.path
	}
	return ""
}

// holds reports whether something around this has the key already.
func (g *graphRun) holds(key string, in *instance) bool {
	for h := range g.heldAround(in) {
		if h.has(key) {
			return true
		}
	}
	return false
}

// heldAround are the locks of an instance, where it is not nil, and of all that is around it.
func (g *graphRun) heldAround(in *instance) iter.Seq[heldLocks] {
	return func(yield func(heldLocks) bool) {
		more := in == nil || yield(in.held)
		for out := g; more && out != nil; out = out.outer {
			more = yield(out.held) && (out.caller == nil || yield(out.caller.held))
		}
	}
}

// lockFiles are those of the locks that an attempt works under, and of its slot in a pool.
func (in *instance) lockFiles() []*lockFile {
	var out []*lockFile
	for h := range in.graph.heldAround(in) {
		out = append(out, h.files()...)
	}
	if in.poolSlot != nil && in.poolSlot.file != nil {
		out = append(out, in.poolSlot.file)
	}
	return out
}

// holding are those files as an attempt must keep them open.
func (in *instance) holding() []*os.File {
	var out []*os.File
	for _, l := range in.lockFiles() {
		out = append(out, l.file())
	}
	return out
}

// lockFailed is the ending of what did not get its lock.
func lockFailed(ctx context.Context, err error) ending {
	var held *heldError
	var newer *supersededError
	switch {
	case errors.As(err, &held):
		return failed(CauseLockRejected, err.Error())
	case errors.As(err, &newer):
		return ending{outcome: Cancelled, cause: CauseSuperseded, reason: err.Error()}
	case ctx.Err() != nil:
		return cancelledBy(ctx)
	}
	return failed(CauseLock, err.Error())
}
