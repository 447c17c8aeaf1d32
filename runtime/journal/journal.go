// Package journal writes down every event of a run, and reads it back: runs, steps and events
// in one SQLite database, what processes wrote in one file an attempt beside it. It is a sink
// of an event.Bus, so that nothing reaches it unmasked. It knows nothing of plans, engines and
// terminals, and never decides how a run goes: one that cannot be written goes on.
//
//	journal.db                     runs, steps, events
//	runs/RUN/logs/STEP.ATTEMPT.log what an attempt wrote
package journal

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/pipelang/pipe/runtime/event"
)

// Info is what is known of a run when it starts.
type Info struct {
	ID       string
	Pipeline string
	File     string // the entry module, relative to Root
	Profile  string
	Root     string // of the repository, absolute
	Commit   string // checked out at the start, "" without one
	Trigger  string // the CI event that started it, "" for a person
	Started  time.Time
	Steps    []string // paths in the order of the plan
}

// Limits of what a run writes; the zero value of each means the default.
type Limits struct {
	// LogBytes is how much of what a step wrote is kept, over all its attempts.
	LogBytes int64
	// Runs and Age say what is removed at the start of a run: what is beyond the last Runs and older than Age.
	Runs int
	Age  time.Duration
	// Forget is told of each run that is removed; nil is nobody.
	Forget func(run string)
}

const (
	defaultLogBytes = 64 << 20
	defaultRuns     = 100
	defaultAge      = 30 * 24 * time.Hour
)

func (l Limits) filled() Limits {
	if l.LogBytes <= 0 {
		l.LogBytes = defaultLogBytes
	}
	if l.Runs <= 0 {
		l.Runs = defaultRuns
	}
	if l.Age <= 0 {
		l.Age = defaultAge
	}
	return l
}

// maxQueued is how many bytes of output may wait to be written before whoever writes them waits.
const maxQueued = 1 << 20

// manyEvents is for how many a journal makes room before there are any, and muchWaits how many are written at once
// beside a run that goes on, as one of a thousand cached steps does, so that they need not all be written behind it.
const (
	manyEvents = 4 << 10
	muchWaits  = 256
)

const (
	// linger is how long a step's end waits for others, so that a thousand short steps are not a thousand commits, and
	// lingers how often where no step writes anything. Each commit makes the disk wait, and writes the ends of the
	// same pages again. Whoever waits for what is written calls Hurry; until then an attempt that has ended is the
	// supervisor's to remember.
	linger  = 20 * time.Millisecond
	lingers = 5
	// lazily is how long anything else waits.
	lazily = 200 * time.Millisecond
)

// Journal writes one run. Sink belongs to a bus; Close ends it. Everything that touches the
// disk happens on goroutines of its own.
type Journal struct {
	dir    string
	open   func() (*sql.DB, error)
	info   Info
	limits Limits

	past *Past // of a run that goes on; nil for one that starts

	mu      sync.Mutex
	space   sync.Cond // there is room for output again
	batch   batch
	spare   []numbered // room for the next batch
	queued  int        // bytes of output in the batch
	last    int64
	capped  map[string]*stepSize
	closing bool
	leaves  bool
	full    chan error    // holds why there is no room to write in, once that is so
	hurried chan struct{} // something should not wait at all
	urgent  chan struct{} // something should not wait long
	wake    chan struct{} // something is there
	closed  chan struct{}
	fault   error // the first that was met, once closed
}

// stepSize is how much one step wrote, and how many lines of it were dropped.
type stepSize struct {
	bytes   int64
	dropped int64
	attempt int
}

// Start opens the journal in a store's folder for a run and returns at once; whether the
// journal can be written turns up on the way.
func Start(dir string, info Info, limits Limits) *Journal {
	return OpenAhead(dir).Start(info, limits)
}

// Resume goes on with the journal of a run that no other process writes.
func Resume(dir string, past *Past, limits Limits) *Journal {
	return begin(dir, past.Run.Info, limits, past, func() (*sql.DB, error) { return open(dir) })
}

func begin(dir string, info Info, limits Limits, past *Past, open func() (*sql.DB, error)) *Journal {
	j := &Journal{dir: dir, open: open, info: info, limits: limits.filled(), past: past, capped: map[string]*stepSize{}, full: make(chan error, 1),
		hurried: make(chan struct{}, 1), urgent: make(chan struct{}, 1), wake: make(chan struct{}, 1), closed: make(chan struct{})}
	if past != nil {
		j.last = past.last
		for at, log := range past.logs {
			j.capped[at.step] = &stepSize{bytes: log.bytes, dropped: log.dropped, attempt: at.attempt}
		}
	}
	room := min(2*len(info.Steps), manyEvents)
	j.batch.events, j.spare = make([]numbered, 0, room), make([]numbered, 0, room)
	j.space.L = &j.mu
	go j.write()
	return j
}

// Sink takes one event. It waits only for output that comes faster than the disk takes it.
func (j *Journal) Sink(e event.Event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closing {
		return
	}
	if e.Type == event.StepOutput {
		if j.drops(e) {
			return
		}
		for j.queued > maxQueued && !j.closing {
			j.space.Wait()
		}
		j.queued += len(e.Text) + 1
	}
	j.add(e)
	poke(j.wake)
	switch {
	case j.queued > maxQueued/2, j.batch.rows == muchWaits:
		poke(j.hurried)
	case urgent(&e):
		poke(j.urgent)
	}
	if e.Type == event.StepFinished {
		j.tellDropped(e)
	}
}

func urgent(e *event.Event) bool {
	switch e.Type {
	case event.StepFinished:
		return e.Cached == nil // nothing was done that could be done twice
	case event.RunFinished, event.HooksStarted, event.RunResumed:
		return true
	}
	return false
}

func (j *Journal) add(e event.Event) {
	j.last++
	if e.Type != event.StepOutput {
		j.batch.rows++
	}
	j.batch.events = append(j.batch.events, numbered{j.last, e})
}

// drops counts output against the cap of its step; what is over it gets no number.
func (j *Journal) drops(e event.Event) bool {
	size := j.capped[e.Step]
	if size == nil {
		size = &stepSize{}
		j.capped[e.Step] = size
	}
	size.attempt = e.Attempt
	if size.dropped == 0 && size.bytes+int64(len(e.Text))+1 <= j.limits.LogBytes {
		size.bytes += int64(len(e.Text)) + 1
		return false
	}
	size.dropped++
	j.batch.drop(e)
	poke(j.wake)
	return true
}

// tellDropped writes down, behind a step's output, how much of it is not there.
func (j *Journal) tellDropped(end event.Event) {
	size := j.capped[end.Step]
	delete(j.capped, end.Step)
	if size == nil || size.dropped == 0 {
		return
	}
	j.add(event.Event{Time: end.Time, Run: end.Run, Type: event.Notice, Step: end.Step,
		Text: fmt.Sprintf("%s wrote more than the %d MiB that are kept: the last %d lines and pieces of lines are not in the journal",
			end.Step, j.limits.LogBytes>>20, size.dropped)})
}

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Close writes what is waiting. The error is the first thing that kept the journal from being
// whole; it is no reason for the run to have failed. It may be called again.
func (j *Journal) Close() error { return j.end(false) }

// Leave is Close for a process that is about to end. What is committed stays in SQLite's log, for whoever opens the
// database next, rather than being taken over into the database first: SQLite does so by itself once the log has 4 MB.
func (j *Journal) Leave() error { return j.end(true) }

func (j *Journal) end(leaves bool) error {
	j.mu.Lock()
	if !j.closing {
		j.closing, j.leaves = true, leaves
	}
	j.space.Broadcast()
	j.mu.Unlock()
	poke(j.hurried)
	poke(j.wake)
	<-j.closed
	return j.fault
}

// take gives what is waiting, and whether more may come.
func (j *Journal) take() (b batch, open bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	b, j.batch, j.queued = j.batch, batch{events: j.spare}, 0
	j.spare = nil
	j.space.Broadcast()
	return b, !j.closing
}

// reuse gives the room of a batch that was written to the next.
func (j *Journal) reuse(events []numbered) {
	if cap(events) > manyEvents {
		return
	}
	clear(events)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.spare = events[:0]
}

// write is the one writer: first what processes wrote, then the events around it, so that
// whatever comes before the last event of the database is there.
func (j *Journal) write() {
	defer close(j.closed)
	logs := newLogs(filepath.Join(j.dir, "runs", j.info.ID, "logs"), j.past)
	db := newRecorder(j.open, j.info, j.past)
	removeOld(j.dir, db, j.limits, j.info)
	db.trustItself()
	var settle []func(error)
	for open := true; open; {
		j.await()
		var b batch
		b, open = j.take()
		fault := logs.write(b)
		db.record(b, !open)
		if db.waits() {
			poke(j.wake) // what waits there waits no longer than anything else
		}
		j.lack(errors.Join(fault, db.fault))
		settle = settled(append(settle, b.settle...), db, fault)
		if len(db.held.events) == 0 {
			j.reuse(b.events)
		}
	}
	for _, f := range settle {
		f(errUnwritten)
	}
	_, gone := os.Stat(filepath.Join(j.dir, file+"-wal")) // somebody removed it, who did not heed the locks
	j.fault = errors.Join(logs.close(), db.end(j.leaves && gone == nil))
}

// settled tells those that waited for what is written now, and gives those that still wait.
func settled(waiting []func(error), db *recorder, fault error) []func(error) {
	if !db.run.begun && db.fault == nil && fault == nil {
		return waiting
	}
	err := full(errors.Join(fault, db.fault))
	for _, f := range waiting {
		f(err)
	}
	return nil
}

// await returns when there is something to write that has waited long enough.
func (j *Journal) await() {
	<-j.wake
	timer := time.NewTimer(lazily)
	defer timer.Stop()
	select {
	case <-timer.C:
		return
	case <-j.hurried:
		return
	case <-j.urgent:
	}
	for range lingers {
		timer.Reset(linger)
		select {
		case <-timer.C:
		case <-j.hurried:
			return
		}
		if !j.quiet() {
			return
		}
	}
}

// quiet says that no output waits to be written.
func (j *Journal) quiet() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.queued == 0
}
