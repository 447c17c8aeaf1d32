package supervisor

import (
	"github.com/pipelang/pipe/runtime/event"
)

// deliver keeps what a process wrote and hands it on. It waits where too much is kept that
// nobody has acknowledged: then the process waits, too.
func (j *job) deliver(stream event.Stream, section string, p []byte) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if stream == event.Stdout {
		j.stdout.Write(p)
	} else {
		j.stderr.Write(p)
	}
	j.window.add(stream, section, p)
	j.pump()
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

// pump hands over what may be, and at last the end.
func (j *job) pump() {
	for j.to != nil && j.credit > 0 {
		r := j.window.next(int(min(j.credit, maxRecord)))
		if r.data == nil {
			break
		}
		j.credit -= int64(len(r.data))
		j.tell(&message{Kind: tellOutput, ID: j.id, Stream: r.stream, Section: r.section, data: r.data})
	}
	if !j.server.keeps() {
		j.window.releaseSent()
		j.room.Broadcast()
	}
	if j.to != nil && j.ended && !j.told && j.window.all() {
		j.told = true
		j.tellEnd()
	}
}

func (j *job) tellEnd() {
	m := &message{Kind: tellEnded, ID: j.id, End: &ending{Exit: j.exit}}
	if j.err != nil {
		m.Err = j.err.Error()
	}
	stdout, first := j.stdout.send()
	stderr, second := j.stderr.send()
	m.End.Stdout, m.End.Stderr = stdout, stderr
	if j.to.send(m, filesOf(first, second)...) != nil {
		j.to = nil
	}
}

// tell drops a pipe that is gone.
func (j *job) tell(m *message) {
	if j.to.send(m) != nil {
		j.to = nil
	}
}

// taken says that pipe has dealt with so many bytes.
func (j *job) taken(n int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.credit += n
	j.pump()
}

// acknowledge forgets output that is written down.
func (j *job) acknowledge(stream event.Stream, offset int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.window.release(stream, offset)
	j.room.Broadcast()
}

// attach hands output to another pipe, after what an earlier one wrote down.
func (j *job) attach(to *conn, written map[event.Stream]int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.to, j.credit, j.told = to, credit, false
	j.window.rewind(written)
	j.room.Broadcast()
	j.pump()
}

// detach stops handing over: pipe is gone.
func (j *job) detach(from *conn) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.to == from {
		j.to = nil
	}
}

// rests says that nothing happens to the job until somebody comes for it.
func (j *job) rests() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.ended || j.stuck
}

func (j *job) hasEnded() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.ended
}
