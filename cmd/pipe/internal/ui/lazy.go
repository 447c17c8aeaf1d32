package ui

import (
	"bufio"
	"bytes"
	"io"
	"sync"
	"time"
)

// delay is how long a line may wait for others before it is written: too short for a person
// to see, and long enough that a thousand short steps are not a thousand writes.
const delay = 15 * time.Millisecond

// Lazy is a writer that writes soon, several writes at once. It is safe for concurrent use.
type Lazy struct {
	mu    sync.Mutex
	w     *bufio.Writer
	armed bool // a flush is on its way
	err   error
	held  *bytes.Buffer // takes what is written while someone is asked; nil else
}

// maxHeld is how much is kept back while someone is asked; more is written all the same.
const maxHeld = 8 << 20

// Ask writes a question and keeps back what comes after it until the answer is there.
func (l *Lazy) Ask(question string) error {
	if _, err := io.WriteString(l, question); err != nil {
		return err
	}
	err := l.Flush()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held = &bytes.Buffer{}
	return err
}

// Answered writes what was kept back. typed says that a person ended the line of the question.
func (l *Lazy) Answered(typed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !typed && l.err == nil {
		l.err = l.w.WriteByte('\n')
	}
	l.release()
}

// Typed is of no matter to lines.
func (l *Lazy) Typed() {}

func (l *Lazy) release() {
	if l.held != nil && l.err == nil {
		_, l.err = l.w.Write(l.held.Bytes())
	}
	l.held = nil
}

// NewLazy makes a Lazy. Flush must be called when nothing more is to come.
func NewLazy(w io.Writer) *Lazy { return &Lazy{w: bufio.NewWriterSize(w, 64<<10)} }

// Write keeps p for the next flush. The error is that of an earlier one.
func (l *Lazy) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return 0, l.err
	}
	if !l.armed {
		l.armed = true
		time.AfterFunc(delay, func() { _ = l.Flush() }) // the next Write gives the error
	}
	if l.held != nil {
		n, _ := l.held.Write(p)
		if l.held.Len() > maxHeld {
			l.release()
		}
		return n, l.err
	}
	return l.w.Write(p)
}

// Flush writes what is waiting.
func (l *Lazy) Flush() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.armed = false
	if l.err == nil && l.held == nil {
		l.err = l.w.Flush()
	}
	return l.err
}
