package ui

import (
	"bufio"
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
	return l.w.Write(p)
}

// Flush writes what is waiting.
func (l *Lazy) Flush() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.armed = false
	if l.err == nil {
		l.err = l.w.Flush()
	}
	return l.err
}
