package cli

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/repo"
)

// readLater is how long a run goes on before the content of the files is read: one that succeeds
// sooner is hardly ever gone on with.
const readLater = time.Second

// fileWatch notes what the files are like for a later process; without it that one cannot say what
// has changed.
type fileWatch struct {
	x     *execution
	plan  *plan.Plan
	again chan struct{} // the files are others now
	quit  chan struct{}
	done  chan struct{}
	stop  sync.Once
	seen  repo.Snapshot
}

// watchFiles looks at the files at once, or when the run goes on, and again whenever a step has ended that works in place.
func (x *execution) watchFiles(ctx context.Context, p *plan.Plan) *fileWatch {
	w := &fileWatch{x: x, plan: p, again: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{})}
	if x.past == nil {
		w.again <- struct{}{}
	}
	go w.watch(ctx)
	return w
}

func (w *fileWatch) watch(ctx context.Context) {
	defer close(w.done)
	var read <-chan time.Time
	for {
		select {
		case <-w.quit:
			return
		case <-w.again:
			w.look(ctx)
			read = time.After(readLater)
		case <-read:
			w.read(ctx)
		}
	}
}

// sink is for the bus of the run.
func (w *fileWatch) sink(e event.Event) {
	if e.Type == event.RunResumed || e.Type == event.StepFinished && inPlace(w.plan, e.Step) {
		select {
		case w.again <- struct{}{}:
		default:
		}
	}
}

// end waits until all is noted; whole says that somebody will want to know of the content.
func (w *fileWatch) end(ctx context.Context, whole bool) {
	w.stop.Do(func() {
		close(w.quit)
		<-w.done
		ctx = context.WithoutCancel(ctx)
		select {
		case <-w.again: // the last step has just ended
			w.look(ctx)
		default:
		}
		if whole {
			w.read(ctx)
		}
	})
}

func (w *fileWatch) look(ctx context.Context) {
	s, err := w.x.facts.Snapshot(ctx, w.x.place.Dir())
	if err != nil {
		return
	}
	w.seen = s
	w.attach()
}

func (w *fileWatch) read(ctx context.Context) {
	if w.x.facts.Read(ctx, w.seen) {
		w.attach()
	}
}

func (w *fileWatch) attach() {
	if text, err := json.Marshal(w.seen); err == nil {
		w.x.written.Attach(attachedFiles, text)
	}
}
