package load

import (
	"sync"

	"github.com/pipelang/pipe/lang/diag"
)

// last is the last text of a file of which nothing was reported, and what it came to.
type last[T any] struct {
	mu    sync.Mutex
	known bool
	text  string
	is    T
}

// of gives what a text comes to; one that is not the last is read. A nil one keeps nothing.
func (l *last[T]) of(text string, said *diag.List, read func() T) T {
	if l == nil {
		return read()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.known && l.text == text {
		return l.is
	}
	before := said.Len()
	is := read()
	if said.Len() == before {
		l.known, l.text, l.is = true, text, is
	}
	return is
}

// before is that text.
func (l *last[T]) before() string {
	if l == nil {
		return ""
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text
}

func (c *Cache) lastConfig() *last[Config] {
	if !c.keeps(true) {
		return nil
	}
	return &c.config
}

func (c *Cache) lastLock() *last[map[string]Pin] {
	if !c.keeps(true) {
		return nil
	}
	return &c.lock
}
