package journal

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pipelang/pipe/runtime/event"
)

// recorder writes the events of one run that are no output into the database, and what
// follows from them for steps and run. After a fault it writes nothing more but, at the end,
// how the run ended.
type recorder struct {
	db    *sql.DB
	info  Info
	run   runRow
	steps map[string]*stepRow // those that have not ended, and those that were not written since
	past  map[string]*stepRow // as another process left them
	dirty []*stepRow
	held  batch // what came before the run started; one that never does leaves nothing
	fault error

	toEvents, toSteps, toHits insert
}

type runRow struct {
	plan, context, status, reason, cause string
	ended                                sql.NullInt64
	result                               any
	begun                                bool // its row is there
	dirty                                bool
}

type stepRow struct {
	path, instance, status, reason, cause string
	element, place                        string
	sealed                                []byte
	seq                                   int64
	allowed, dirty                        bool
	attempts, first                       int
	seconds                               float64
	since                                 time.Time // when it became ready
	started, ended, exit                  sql.NullInt64
	cached, result                        any // JSON as text, or nil
}

const intoSteps = "INSERT OR REPLACE INTO steps VALUES "

func newRecorder(open func() (*sql.DB, error), info Info, past *Past) *recorder {
	r := &recorder{info: info, steps: map[string]*stepRow{}, run: runRow{status: Running},
		toEvents: insert{into: "INSERT OR ROLLBACK INTO events VALUES ", row: "(?1,?,?)", run: info.ID},
		toSteps:  insert{into: intoSteps, row: "(?1" + strings.Repeat(",?", 18) + ")", run: info.ID},
		toHits:   insert{into: intoSteps, row: "(?1,?,'',?,?,0,0,NULL,?,0.0,?,'','',?,NULL,'','',1,NULL)", run: info.ID}}
	if past != nil {
		r.past = past.rows
		r.run.begun, r.run.plan, r.run.context = true, past.Run.Plan, past.Run.Context
	}
	r.db, r.fault = open()
	return r
}

// trustItself turns off that each row's run is looked for: it is there, since it is written first. The
// look costs as much as the row does, because SQLite reads the whole row of the run for it, paths of all steps included.
func (r *recorder) trustItself() {
	if r.fault == nil {
		_, r.fault = r.db.Exec("PRAGMA foreign_keys = 0")
	}
}

// record writes a batch in one transaction, the row of the run first, and all that waits with the last.
func (r *recorder) record(b batch, last bool) {
	for _, n := range b.events {
		r.note(n)
	}
	if r.fault != nil {
		return
	}
	all := batch{events: withoutOutput(b.events), attached: append(r.held.attached, b.attached...)}
	if len(r.held.events) > 0 {
		all.events = append(r.held.events, all.events...)
	}
	if r.held = (batch{}); !r.run.begun && !r.run.dirty {
		r.held = all
		return
	}
	if len(all.events) == 0 && len(all.attached) == 0 && !r.run.dirty && len(r.dirty) == 0 {
		return
	}
	due := r.due(last)
	r.fault = patiently(func() error { return r.commit(all, r.dirty[:due]) })
	if r.fault != nil {
		return
	}
	for _, s := range r.dirty[:due] {
		s.dirty = false
		if s.ended.Valid {
			delete(r.steps, s.path)
			if r.past != nil {
				r.past[s.path] = s
			}
		}
	}
	r.dirty, r.run.dirty, r.run.begun = slices.Delete(r.dirty, 0, due), false, true
}

// due moves the rows that are to be written now to the front, and says how many they are. One that says no more
// than that its step has just become ready waits: most say the next thing within milliseconds, and the events, which
// are written, say the same.
func (r *recorder) due(last bool) (n int) {
	if last {
		return len(r.dirty)
	}
	young := time.Now().Add(-lazily)
	var wait []*stepRow
	for _, s := range r.dirty {
		if s.status == ready && s.since.After(young) {
			wait = append(wait, s)
			continue
		}
		r.dirty[n] = s
		n++
	}
	copy(r.dirty[n:], wait)
	return n
}

// withoutOutput moves the events of a batch that are no output together, at its beginning.
func withoutOutput(batch []numbered) []numbered {
	n := 0
	for i := range batch {
		if batch[i].Type == event.StepOutput {
			continue
		}
		if n < i {
			batch[n] = batch[i]
		}
		n++
	}
	clear(batch[n:])
	return batch[:n]
}

// waits reports whether there are rows that were not due.
func (r *recorder) waits() bool { return r.fault == nil && r.run.begun && len(r.dirty) > 0 }

func (r *recorder) commit(b batch, steps []*stepRow) error {
	hits, others := parted(steps)
	if err := errors.Join(r.toEvents.prepare(r.db, len(b.events)), r.toHits.prepare(r.db, len(hits)), r.toSteps.prepare(r.db, len(others))); err != nil {
		return err
	}
	tx, err := r.db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if r.run.dirty {
		if err := r.writeRun(tx); err != nil {
			return err
		}
	}
	if err := r.writeEvents(tx, b.events); err != nil {
		return err
	}
	for _, x := range b.attached {
		if _, err := tx.Exec("INSERT OR REPLACE INTO attached VALUES (?,?,?)", r.info.ID, x.name, x.data); err != nil {
			return err
		}
	}
	if err := r.writeHits(tx, hits); err != nil {
		return err
	}
	if err := r.writeSteps(tx, others); err != nil {
		return err
	}
	return tx.Commit()
}

func (r *recorder) writeRun(tx *sql.Tx) error {
	w, i := r.run, r.info
	if !w.begun {
		steps, err := json.Marshal(i.Steps)
		if err != nil {
			return err
		}
		_, err = tx.Exec(`INSERT INTO runs VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`, i.ID, i.Pipeline, i.File, i.Profile, i.Root, i.Commit,
			i.Trigger, w.plan, w.context, string(steps), i.Started.UnixMicro(), w.ended, w.status, w.reason, w.cause, w.result)
		return err
	}
	_, err := tx.Exec(`UPDATE runs SET plan=?, context=?, ended=?, status=?, reason=?, cause=?, result=? WHERE id=?`,
		w.plan, w.context, w.ended, w.status, w.reason, w.cause, w.result, i.ID)
	return err
}

func (r *recorder) writeEvents(tx *sql.Tx, events []numbered) error {
	var data []byte
	return r.toEvents.write(tx, len(events), func(to []any, i int) (_ []any, err error) {
		data, err = event.AppendJSON(data[:0], &events[i].Event)
		return append(to, events[i].seq, string(data)), err
	})
}

// parted are the rows that say what hits without a value do, and the others.
func parted(steps []*stepRow) (hits, others []*stepRow) {
	for _, s := range steps {
		if s.isHit() {
			hits = append(hits, s)
		} else {
			others = append(others, s)
		}
	}
	return hits, others
}

// isHit reports that a row says no more than how a step ended that did not run, and where its result is from.
func (s *stepRow) isHit() bool {
	return s.ended.Valid && !s.started.Valid && !s.allowed && s.attempts == 0 && s.seconds == 0 && s.first == 1 && s.result == nil && s.sealed == nil &&
		s.instance == "" && s.reason == "" && s.cause == "" && s.element == "" && s.place == ""
}

// writeHits is writeSteps for hits, of which there may be thousands: most of what a row costs is its values.
func (r *recorder) writeHits(tx *sql.Tx, steps []*stepRow) error {
	return r.toHits.write(tx, len(steps), func(to []any, i int) ([]any, error) {
		s := steps[i]
		return append(to, s.path, s.seq, s.status, s.ended, s.exit, s.cached), nil
	})
}

func (r *recorder) writeSteps(tx *sql.Tx, steps []*stepRow) error {
	return r.toSteps.write(tx, len(steps), func(to []any, i int) ([]any, error) {
		s := steps[i]
		return append(to, s.path, s.instance, s.seq, s.status, s.allowed, s.attempts, s.started, s.ended, s.seconds,
			s.exit, s.reason, s.cause, s.cached, s.result, s.element, s.place, s.first, s.sealed), nil
	})
}

// note takes over what an event says of the run or a step.
func (r *recorder) note(n numbered) {
	switch n.Type {
	case event.RunStarted:
		r.run.plan, r.run.context, r.run.dirty = n.Plan, n.Context, true
	case event.RunResumed:
		r.resume(n)
	case event.RunFinished:
		r.run.status, r.run.reason, r.run.cause, r.run.dirty = n.Outcome, n.Reason, n.Cause, true
		r.run.ended, r.run.result = micros(n.Time), text(n.Value)
	case event.StepReady, event.StepStarted, event.StepAttempt, event.StepFanout, event.StepWaiting, event.StepFinished:
		r.noteStep(n)
	}
}

// resume makes the run one that is under way, and what is decided anew one that has not ended.
func (r *recorder) resume(n numbered) {
	r.run = runRow{plan: n.Plan, context: n.Context, status: Running, begun: true, dirty: true}
	for _, path := range n.Reset {
		if old := r.past[path]; old != nil {
			fresh := &stepRow{path: old.path, instance: old.instance, seq: old.seq, attempts: old.attempts, first: old.first, element: old.element, status: Again}
			r.steps[path] = fresh
			r.touch(fresh)
		}
	}
}

// Again is the status of a step whose end no longer counts and which has not come to its turn.
const Again = "again"

// ready is the status of a step whose turn has come and that has not started.
const ready = "ready"

func (r *recorder) touch(s *stepRow) {
	if !s.dirty {
		s.dirty = true
		r.dirty = append(r.dirty, s)
	}
}

func (r *recorder) noteStep(n numbered) {
	s := r.steps[n.Step]
	if s == nil {
		s = &stepRow{path: n.Step, instance: instanceOf(n.Step), seq: n.seq, first: 1}
		if old := r.past[n.Step]; old != nil {
			s = old
		}
		r.steps[n.Step] = s
	}
	r.touch(s)
	if n.Element != "" {
		s.element = n.Element
	}
	if s.status == Interrupted {
		s.status = Running
	}
	// An attempt that has begun has begun, whatever the step waits for before it goes on with it.
	begun := s.status == Running && s.attempts > 0
	switch n.Type {
	case event.StepReady:
		if !begun {
			s.status, s.since = ready, n.Time
		}
	case event.StepWaiting:
		if begun {
			break
		}
		s.status, s.reason, s.cause = "waiting", n.Reason, n.Cause
	case event.StepFanout:
		s.status, s.started = "running", micros(n.Time)
	case event.StepStarted, event.StepAttempt:
		s.status, s.reason, s.cause, s.attempts, s.first, s.place = "running", "", "", n.Attempt, max(n.First, 1), n.Place
		if !s.started.Valid {
			s.started = micros(n.Time)
		}
	case event.StepFinished:
		s.finish(n)
	}
}

func (s *stepRow) finish(n numbered) {
	s.status, s.allowed, s.reason, s.cause = n.Outcome, n.Allowed, n.Reason, n.Cause
	s.attempts, s.ended, s.seconds, s.result, s.sealed = max(s.attempts, n.Attempt), micros(n.Time), n.Seconds, text(n.Value), n.Sealed
	if n.ExitCode != nil {
		s.exit = sql.NullInt64{Int64: int64(*n.ExitCode), Valid: true}
	}
	if n.Cached != nil {
		var room [128]byte
		if raw, err := event.AppendOrigin(room[:0], n.Cached); err == nil {
			s.cached = string(raw)
		}
	}
}

// instanceOf is the number at the end of an instance's path.
func instanceOf(path string) string {
	open := strings.LastIndexByte(path, '[')
	if open < 0 || !strings.HasSuffix(path, "]") {
		return ""
	}
	return path[open+1 : len(path)-1]
}

func micros(t time.Time) sql.NullInt64 { return sql.NullInt64{Int64: t.UnixMicro(), Valid: true} }

func text(raw json.RawMessage) any {
	if raw == nil {
		return nil
	}
	return string(raw)
}

// end ends the database, or leaves it as it is. Where it could not be written on the way, how the run ended is
// tried once more: there may be room again.
func (r *recorder) end(leaves bool) error {
	if r.db == nil || leaves && r.fault == nil {
		return r.fault
	}
	if r.fault != nil && r.run.begun && r.run.ended.Valid {
		_, _ = r.db.Exec(`UPDATE runs SET ended=?, status=?, reason=?, cause=? WHERE id=?`, // the first fault is what is told
			r.run.ended, r.run.status, r.run.reason, r.run.cause, r.info.ID)
	}
	err := r.db.Close()
	if r.fault != nil {
		return fmt.Errorf("the journal cannot be written: %w", r.fault)
	}
	return err
}
