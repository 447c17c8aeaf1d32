package cli

import (
	"bufio"
	"io"
	"sync"
)

// answers are the lines that a person types. One that was typed while nothing was asked answers
// nothing: nobody grants what they have not read.
type answers struct {
	mu    sync.Mutex
	to    chan string // of the question that is asked; nil between questions
	ended bool
	stray func()
}

// answersFrom reads lines until the input ends. stray is called for each that answers nothing.
func answersFrom(in io.Reader, stray func()) *answers {
	a := &answers{stray: stray}
	go func() {
		for lines := bufio.NewScanner(in); lines.Scan(); {
			a.give(lines.Text())
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.ended = true; a.to != nil {
			close(a.to)
		}
	}()
	return a
}

func (a *answers) give(line string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	select {
	case a.to <- line: // it has room for one
	default:
		a.stray()
	}
}

// next is where the answer to a question comes, which is asked from now on until over is called;
// it is closed where the input has ended.
func (a *answers) next() (to <-chan string, over func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	c := make(chan string, 1)
	if a.ended {
		close(c)
		return c, func() {}
	}
	a.to = c
	return c, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.to = nil
	}
}
