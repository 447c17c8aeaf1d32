package supervisor

import (
	"errors"
	"os"
	"time"

	"github.com/pipelang/pipe/runtime/event"
)

// deliver keeps what a process wrote and hands it on. It waits where too much is kept that
// nobody has acknowledged: then the process waits, too.
func (j *job) deliver(stream event.Stream, section string, p []byte) {
	j.mu.Lock()
	if stream == event.Stdout {
		j.stdout.Write(p)
	} else {
		j.stderr.Write(p)
	}
	j.window.add(stream, section, p)
	j.mu.Unlock()
	j.pump()
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.window.size <= j.server.share() || j.closed {
		return
	}
	j.stuck = true
	j.server.changed()
	for j.window.size > j.server.share() && !j.closed {
		j.room.Wait()
	}
	j.stuck = false
}

// pump hands over what there is, and at last the end. It waits for who takes it, but keeps
// nobody else from the job meanwhile.
func (j *job) pump() {
	j.handing.Lock()
	defer j.handing.Unlock()
	for {
		m, to, files := j.next()
		if m == nil {
			return
		}
		err := to.send(m, files...)
		j.sent(to, err)
	}
}

// next is the next message for whom there is.
func (j *job) next() (*message, *conn, []*os.File) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.to == nil {
		return nil, nil, nil
	}
	if r := j.window.next(maxRecord); r.data != nil {
		return &message{Kind: tellOutput, ID: j.id, Stream: r.stream, Section: r.section, data: r.data}, j.to, nil
	}
	if !j.ended || j.told {
		return nil, nil, nil
	}
	m := &message{Kind: tellEnded, ID: j.id, End: &ending{Exit: j.exit}}
	if j.err != nil {
		m.Err = j.err.Error()
		_, m.Missing = errors.AsType[*notFoundError](j.err)
	}
	stdout, first := j.stdout.send()
	stderr, second := j.stderr.send()
	m.End.Stdout, m.End.Stderr = stdout, stderr
	j.told, j.telling = true, true
	return m, j.to, filesOf(first, second)
}

// sent says how it went; a pipe that is gone is handed nothing more.
func (j *job) sent(to *conn, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.telling && j.closed {
		j.release()
	}
	j.telling = false
	if err != nil && j.to == to {
		j.to, j.told = nil, false
	}
	if !j.server.keeps() {
		j.window.releaseSent()
		j.room.Broadcast()
	}
	if j.told || j.to == nil {
		j.over.Broadcast()
	}
}

// acknowledge forgets output that is written down.
func (j *job) acknowledge(stream event.Stream, offset int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.window.release(stream, offset)
	j.room.Broadcast()
}

// attach hands output to another pipe, after what an earlier one wrote down, to the end or
// until that one is gone, too.
func (j *job) attach(to *conn, written map[event.Stream]int64) {
	j.handing.Lock() // what was on its way to the one before is no more
	j.mu.Lock()
	j.to, j.told = to, false
	j.window.rewind(written)
	j.room.Broadcast()
	j.mu.Unlock()
	j.handing.Unlock()
	j.pump()
	j.mu.Lock()
	defer j.mu.Unlock()
	for j.to == to && !j.told && !j.closed {
		j.over.Wait()
	}
}

// detach stops handing over to pipes that are gone.
func (j *job) detach() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.to = nil
	j.over.Broadcast()
}

// rests says that nothing happens to the job until somebody comes for it.
func (j *job) rests() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.ended || j.stuck
}

// hasEndedAt says when the job ended, and whether it has.
func (j *job) hasEndedAt() (time.Time, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.at, j.ended
}

func (j *job) hasEnded() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.ended
}
