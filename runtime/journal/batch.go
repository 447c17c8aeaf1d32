package journal

import (
	"errors"

	"github.com/pipelang/pipe/runtime/event"
)

// numbered is an event with its place among all events of the run, from 1.
type numbered struct {
	seq int64
	event.Event
}

// batch is what is written together.
type batch struct {
	events   []numbered
	rows     int // of events that go into the database, which is all but output
	dropped  map[stepAttempt]*droppedOutput
	attached []attachment
	settle   []func(error)
	acks     map[stepAttempt]func(event.Stream, int64)
}

// stepAttempt names an attempt.
type stepAttempt struct {
	step    string
	attempt int
}

// droppedOutput is output over the cap, which is counted and not written.
type droppedOutput struct {
	lines int64
	ends  map[event.Stream]int64
}

// attachment is something that a run is told of besides its events.
type attachment struct {
	name string
	data []byte
}

func (b *batch) drop(e event.Event) {
	at := stepAttempt{e.Step, e.Attempt}
	if b.dropped == nil {
		b.dropped = map[stepAttempt]*droppedOutput{}
	}
	d := b.dropped[at]
	if d == nil {
		d = &droppedOutput{ends: map[event.Stream]int64{}}
		b.dropped[at] = d
	}
	d.lines++
	if e.Offset > 0 {
		d.ends[e.Stream] = e.Offset
	}
}

// errUnwritten is why nothing settles any more: the run never began, or the journal is closed.
var errUnwritten = errors.New("the journal is closed")

// Settled calls f, from a goroutine of the journal, once everything that was published until now
// is committed; with an error when it cannot be. f must not block for long.
func (j *Journal) Settled(f func(error)) {
	j.mu.Lock()
	if j.closing {
		j.mu.Unlock()
		f(errUnwritten)
		return
	}
	j.batch.settle = append(j.batch.settle, f)
	j.mu.Unlock()
	poke(j.wake)
}

// Hurry makes what was published be written at once.
func (j *Journal) Hurry() {
	poke(j.hurried)
	poke(j.wake)
}

// Attach writes something down beside the events, in the place of what had the same name. It
// is not masked: what is secret must be sealed already.
func (j *Journal) Attach(name string, data []byte) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.batch.attached = append(j.batch.attached, attachment{name, data})
	poke(j.wake)
}

// Acknowledge calls f, from a goroutine of the journal, with how much of an attempt's streams
// is safe, as it gets more. It is asked for before the attempt starts.
func (j *Journal) Acknowledge(step string, attempt int, f func(event.Stream, int64)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.batch.acks == nil {
		j.batch.acks = map[stepAttempt]func(event.Stream, int64){}
	}
	j.batch.acks[stepAttempt{step, attempt}] = f
}

// Full holds an error once there is no room left to write in.
func (j *Journal) Full() <-chan error { return j.full }

func (j *Journal) lack(err error) {
	if err == nil || !noRoom(err) {
		return
	}
	select {
	case j.full <- full(err):
	default:
	}
}
