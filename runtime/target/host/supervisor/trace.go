package supervisor

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/pipelang/pipe/runtime/target"
)

// tracesName is the file in a run's state folder that says which attempts were started and not
// closed, whatever was killed since. It is only ever added to, one line at a time; a line that
// lacks its end was never acted upon, and zeros are room for more.
const tracesName = "attempts"

// trace is a line of the file. One with Closed says that an attempt of that number is closed.
type trace struct {
	Supervisor string    `json:"by"`
	ID         uint64    `json:"id"`
	Closed     bool      `json:"closed,omitempty"`
	Step       string    `json:"step,omitempty"`
	Attempt    int       `json:"attempt,omitempty"`
	Started    time.Time `json:"started,omitzero"`
	Base       string    `json:"base,omitempty"`
}

type traceID struct {
	supervisor string
	id         uint64
}

// traces is the file, open to be added to by its one writer. nil keeps none.
type traces struct {
	path string
	by   string // names this supervisor among all that the run had

	mu    sync.Mutex
	lines ledger
	open  map[traceID]trace // lost ones included
	ours  int
	due   []byte // lines that go with the next one: whoever closes an attempt needs none of them
}

// openTraces opens the file of a run, which is made where it is missing.
func openTraces(state string) (*traces, error) {
	if state == "" {
		return nil, nil
	}
	path := filepath.Join(state, tracesName)
	open, good, err := readTraces(path)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("traces: %w", err)
	}
	if err := f.Truncate(good); err != nil {
		f.Close()
		return nil, fmt.Errorf("traces: %w", err)
	}
	return &traces{path: path, by: fmt.Sprintf("%x.%x", os.Getpid(), time.Now().UnixNano()), lines: ledger{file: f, end: good}, open: open}, nil
}

// readTraces gives the attempts that were started and not closed, and how much of the file is whole.
func readTraces(path string) (open map[traceID]trace, good int64, err error) {
	open = map[traceID]trace{}
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return open, 0, nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("traces: %w", err)
	}
	for line := range bytes.Lines(raw) {
		var t trace
		if !bytes.HasSuffix(line, []byte("\n")) || json.Unmarshal(line, &t) != nil {
			break
		}
		good += int64(len(line))
		if id := (traceID{t.Supervisor, t.ID}); t.Closed {
			delete(open, id)
		} else {
			open[id] = t
		}
	}
	return open, good, nil
}

// write adds a line, in one piece.
func (t *traces) write(line trace) error {
	line.Supervisor = t.by
	text, err := line.appendTo(t.due)
	if err != nil {
		return err
	}
	t.due = text[:0]
	if err := t.lines.add(text); err != nil {
		return fmt.Errorf("traces: %w", err)
	}
	return nil
}

// appendTo adds what a line says to a text: JSON, as a reader of it expects.
func (t trace) appendTo(to []byte) ([]byte, error) {
	step, err := json.Marshal(t.Step)
	if err != nil {
		return to, err
	}
	base, err := json.Marshal(t.Base)
	if err != nil {
		return to, err
	}
	to = fmt.Appendf(to, `{"by":%q,"id":%d,"step":%s,"attempt":%d,"started":"`, t.Supervisor, t.ID, step, t.Attempt)
	to = t.Started.AppendFormat(to, time.RFC3339Nano)
	return append(append(append(to, `","base":`...), base...), "}\n"...), nil
}

// started leaves a trace of an attempt of which nothing has run yet. Who starts a step again
// has settled what became of it before.
func (t *traces) started(j *job) error {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	line := trace{ID: j.id, Step: j.work.Step, Attempt: j.work.Attempt, Started: j.begun, Base: j.work.Base}
	if err := t.write(line); err != nil {
		return err
	}
	for id, lost := range t.open {
		if id.supervisor == t.by || lost.Step != line.Step {
			continue
		}
		if err := t.forget(id); err != nil {
			return err
		}
	}
	t.open[traceID{t.by, j.id}] = line
	t.ours++
	return nil
}

// forget closes what another supervisor had started.
func (t *traces) forget(id traceID) error {
	raw, err := json.Marshal(trace{Supervisor: id.supervisor, ID: id.id, Closed: true})
	if err != nil {
		return err
	}
	delete(t.open, id)
	return t.lines.add(append(raw, '\n'))
}

// maxTraces is where a file without anything that matters begins anew.
const maxTraces = 1 << 20

// closed removes a trace.
func (t *traces) closed(id uint64) error {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, ok := t.open[traceID{t.by, id}]; !ok {
		return nil
	}
	delete(t.open, traceID{t.by, id})
	t.ours--
	if len(t.open) == 0 && t.lines.end > maxTraces {
		t.due = t.due[:0]
		return t.lines.clear()
	}
	t.due = fmt.Appendf(t.due, `{"by":%q,"id":%d,"closed":true}`+"\n", t.by, id)
	return nil
}

// lost are the attempts of supervisors before this one: nothing knows how they ended.
func (t *traces) lost() []target.Trace {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return lostOf(t.open, t.by)
}

func lostOf(open map[traceID]trace, by string) []target.Trace {
	var out []target.Trace
	for id, l := range open {
		if id.supervisor != by {
			out = append(out, target.Trace{Step: l.Step, Attempt: l.Attempt, Started: l.Started, State: target.Lost})
		}
	}
	return out
}

// stateOf is target.Lost for an attempt of a supervisor before this one, and else "".
func (t *traces) stateOf(step string, attempt int) target.TraceState {
	for _, l := range t.lost() {
		if l.Step == step && l.Attempt == attempt {
			return target.Lost
		}
	}
	return ""
}

// settle writes what is due: until another pipe comes, others read the file.
func (t *traces) settle() {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.flush()
}

// flush adds the lines that are due; without them an attempt that was closed is called lost.
func (t *traces) flush() {
	_ = t.lines.add(t.due)
	t.due = t.due[:0]
}

// close closes the file, and removes it where it says nothing that anybody must know.
func (t *traces) close(runEnded bool) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.open) == 0 || runEnded && len(t.open) == t.ours {
		os.Remove(t.path)
	} else {
		t.flush()
	}
	t.lines.close()
}

// ReadLost gives the attempts of a run that has no supervisor any more and that were not closed.
func ReadLost(state string) ([]target.Trace, error) {
	open, _, err := readTraces(filepath.Join(state, tracesName))
	return lostOf(open, ""), err
}
