package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pipelang/pipe/runtime/event"
)

// A log file is lines. The first is a logHead as JSON. Then one for each output event:
//
//	o SEQ MICROS END TEXT   standard output; e is standard error, O and E pieces of lines that go on
//	# TITLE                 the section of what follows, as a JSON string
//	~ LINES OUT ERR         so many were dropped since, and up to where in each stream
//
// SEQ is the event's place in the run, MICROS the time since the head's, END the bytes of the
// stream up to the end of this line, or 0 where it counts only with the lines behind it; all in
// base 36. Only a line that has its line break counts: what a crash tore is cut when it is read.
// Version 1 has no END and no "~".
type logHead struct {
	Version int       `json:"pipe_log"`
	Run     string    `json:"run"`
	Step    string    `json:"step"`
	Attempt int       `json:"attempt"`
	Began   time.Time `json:"began"`
	First   int64     `json:"first"` // the first SEQ
}

const (
	logVersion = 2
	base       = 36
	// syncEvery is less than the second within which what was written is safe.
	syncEvery = 500 * time.Millisecond
	// maxOpen is how many files are open between two times.
	maxOpen = 256
)

// logs writes the log files of a run: one goroutine writes, another makes it safe.
type logs struct {
	dir   string
	made  bool
	known map[string]*logFile     // by step; the attempt under way
	past  map[stepAttempt]pastLog // of attempts that an earlier process began to write down
	acks  map[stepAttempt]func(event.Stream, int64)

	mu     sync.Mutex
	dirty  map[*logFile]bool
	fault  error
	done   chan struct{}
	synced chan struct{}
}

type logFile struct {
	path    string
	f       *os.File // nil while it is closed; only the writer sets it, under logs.mu
	attempt int
	began   time.Time
	section string
	text    bytes.Buffer
	ack     func(event.Stream, int64) // nil where nobody asked
	// ends are how much of each stream has been added, written how much of that is in the file.
	ends, written [2]int64
	touched       bool
}

// streams in the order of logFile.ends.
var streams = [2]event.Stream{event.Stdout, event.Stderr}

func streamIndex(s event.Stream) int {
	if s == event.Stderr {
		return 1
	}
	return 0
}

func newLogs(dir string, past *Past) *logs {
	l := &logs{dir: dir, known: map[string]*logFile{}, acks: map[stepAttempt]func(event.Stream, int64){}, dirty: map[*logFile]bool{},
		done: make(chan struct{}), synced: make(chan struct{})}
	if past != nil {
		l.past = past.logs
	}
	go l.keepSafe()
	return l
}

// write appends the output of a batch, each file with one write. The error is the first fault.
func (l *logs) write(b batch) error {
	maps.Copy(l.acks, b.acks)
	var touched []*logFile
	touch := func(n numbered) *logFile {
		f := l.known[n.Step]
		if f == nil || f.attempt != n.Attempt {
			f = l.begin(n)
		}
		if !f.touched {
			f.touched = true
			touched = append(touched, f)
		}
		return f
	}
	var ended []string
	for _, n := range b.events {
		switch n.Type {
		case event.StepOutput:
			touch(n).add(n)
		case event.StepFinished:
			ended = append(ended, n.Step)
			delete(l.acks, stepAttempt{n.Step, n.Attempt})
		}
	}
	for at, d := range b.dropped {
		// The cap is reached with output that is written, so that the file is there.
		if f := l.known[at.step]; f != nil && f.attempt == at.attempt {
			touch(numbered{Event: event.Event{Step: at.step, Attempt: at.attempt}}).addDropped(d)
		}
	}
	for _, step := range ended {
		delete(l.known, step)
	}
	for _, f := range touched {
		f.touched = false
		l.flush(f)
	}
	l.mu.Lock()
	many := len(l.dirty) > maxOpen
	l.mu.Unlock()
	if many {
		l.sync()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fault
}

func (l *logs) begin(n numbered) *logFile {
	at := stepAttempt{n.Step, n.Attempt}
	f := &logFile{path: filepath.Join(l.dir, logName(n.Step, n.Attempt)), attempt: n.Attempt, began: n.Time, ack: l.acks[at]}
	l.known[n.Step] = f
	if past, ok := l.past[at]; ok {
		f.began, f.section, f.ends = past.began, past.section, past.ends
		return f
	}
	raw, err := json.Marshal(logHead{logVersion, n.Run, n.Step, n.Attempt, n.Time, n.seq})
	l.failed(err)
	f.text.Write(append(raw, '\n'))
	return f
}

func (f *logFile) add(n numbered) {
	if n.Section != f.section {
		f.section = n.Section
		raw, _ := json.Marshal(n.Section) // a string always can
		fmt.Fprintf(&f.text, "# %s\n", raw)
	}
	kind := byte('o')
	if n.Stream == event.Stderr {
		kind = 'e'
	}
	if n.Partial {
		kind -= 'a' - 'A'
	}
	b := append(f.text.AvailableBuffer(), kind, ' ')
	b = strconv.AppendInt(b, n.seq, base)
	b = append(b, ' ')
	b = strconv.AppendInt(b, n.Time.Sub(f.began).Microseconds(), base)
	b = append(b, ' ')
	b = strconv.AppendInt(b, n.Offset, base)
	b = append(b, ' ')
	b = append(b, strings.ReplaceAll(n.Text, "\n", `\n`)...)
	f.text.Write(append(b, '\n'))
	f.reach(n.Stream, n.Offset)
}

func (f *logFile) reach(s event.Stream, end int64) {
	if i := streamIndex(s); end > f.ends[i] {
		f.ends[i] = end
	}
}

func (f *logFile) addDropped(d *droppedOutput) {
	for stream, end := range d.ends {
		f.reach(stream, end)
	}
	fmt.Fprintf(&f.text, "~ %s %s %s\n", strconv.FormatInt(d.lines, base), strconv.FormatInt(f.ends[0], base), strconv.FormatInt(f.ends[1], base))
}

// flush writes what a file holds back. After the first fault nothing more is written anywhere:
// a log has no holes.
func (l *logs) flush(f *logFile) {
	defer f.text.Reset()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fault != nil {
		return
	}
	if err := l.open(f); err != nil {
		l.fault = err
		return
	}
	_, l.fault = f.f.Write(f.text.Bytes())
	l.dirty[f] = true
	f.written = f.ends
}

func (l *logs) open(f *logFile) (err error) {
	if f.f != nil {
		return nil
	}
	if !l.made {
		if err := os.MkdirAll(l.dir, 0o700); err != nil {
			return err
		}
		l.made = true
	}
	f.f, err = os.OpenFile(f.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	return err
}

func (l *logs) failed(err error) {
	if err != nil {
		l.mu.Lock()
		l.fault = errors.Join(l.fault, err)
		l.mu.Unlock()
	}
}

// keepSafe makes what was written outlast the machine, and closes what is not needed.
func (l *logs) keepSafe() {
	defer close(l.synced)
	tick := time.NewTicker(syncEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			l.sync()
		case <-l.done:
			l.sync()
			return
		}
	}
}

func (l *logs) sync() {
	l.mu.Lock()
	dirty := l.dirty
	l.dirty = map[*logFile]bool{}
	safe := make([]safeLog, 0, len(dirty))
	for f := range dirty {
		// The writer opens it again when there is more; here it is nobody else's any longer.
		safe = append(safe, safeLog{f.f, f.ack, f.written})
		f.f = nil
	}
	l.mu.Unlock()
	for _, s := range safe {
		err := errors.Join(s.Sync(), s.Close())
		l.failed(err)
		if err == nil && s.ack != nil {
			s.acknowledge()
		}
	}
}

// safeLog is a file that is made safe.
type safeLog struct {
	*os.File
	ack  func(event.Stream, int64)
	ends [2]int64
}

func (s safeLog) acknowledge() {
	for i, end := range s.ends {
		if end > 0 {
			s.ack(streams[i], end)
		}
	}
}

// close makes everything safe.
func (l *logs) close() error {
	close(l.done)
	<-l.synced
	if l.fault != nil {
		return fmt.Errorf("the log cannot be written: %w", l.fault)
	}
	return nil
}

// longName is from when on a step's path is not the name of its file.
const longName = 150

// logName is the name of an attempt's file: the step's path with a dot for each slash.
func logName(step string, attempt int) string {
	var b strings.Builder
	for _, c := range []byte(step) {
		switch {
		case c == '/':
			b.WriteByte('.')
		case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-' || c == '[' || c == ']':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02x", c)
		}
	}
	name := b.String()
	if len(name) > longName {
		sum := sha256.Sum256([]byte(step))
		name = name[:longName] + "-" + hex.EncodeToString(sum[:8])
	}
	return fmt.Sprintf("%s.%d.log", name, attempt)
}
