package docker

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/pipelang/pipe/runtime/event"
)

// marks takes the marks of several scripts out of one stream, and says of the rest which
// script wrote it. A mark may come in pieces.
type marks struct {
	attempt *attempt
	stream  event.Stream
	start   []byte // how a mark begins
	held    []byte // what may be the beginning of one
	section string
}

func (a *attempt) newMarks(stream event.Stream) *marks {
	m := &marks{attempt: a, stream: stream}
	if a.nonce != "" {
		m.start = []byte("\x1e" + a.nonce + " ")
	}
	if n := len(a.job.Scripts); n == 1 {
		m.section = a.job.Scripts[0].Title
	}
	return m
}

func (m *marks) write(p []byte) {
	if m.start == nil {
		m.pass(p)
		return
	}
	if len(m.held) > 0 {
		p = append(m.held, p...)
		m.held = nil
	}
	for len(p) > 0 {
		i := bytes.IndexByte(p, 0x1e)
		if i < 0 {
			m.pass(p)
			return
		}
		m.pass(p[:i])
		if p = m.mark(p[i:]); len(m.held) > 0 {
			return
		}
	}
}

// maxMark is longer than any mark.
const maxMark = 64

// mark takes a mark from the start of p, holds what may become one, or passes one byte on.
func (m *marks) mark(p []byte) (rest []byte) {
	n := min(len(p), len(m.start))
	if bytes.Equal(p[:n], m.start[:n]) {
		end := -1
		if n == len(m.start) {
			end = bytes.IndexByte(p[n:], 0x1e)
		}
		if end >= 0 && n+end+1 < len(p) { // its line break has come, too
			m.take(string(p[n : n+end]))
			return p[n+end+2:]
		}
		if len(p) < maxMark {
			m.held = bytes.Clone(p)
			return nil
		}
	}
	m.pass(p[:1])
	return p[1:]
}

func (m *marks) pass(p []byte) {
	if len(p) > 0 {
		m.attempt.deliver(m.stream, m.section, p)
	}
}

// flush passes on what did not become a mark.
func (m *marks) flush() {
	m.pass(m.held)
	m.held = nil
}

func (m *marks) take(word string) {
	i, code, _ := strings.Cut(word[min(1, len(word)):], ".")
	n, err := strconv.Atoi(i)
	if err != nil || n < 0 || n >= len(m.attempt.job.Scripts) {
		return
	}
	switch word[0] {
	case 'b':
		m.section = m.attempt.job.Scripts[n].Title
		if m.stream == event.Stdout {
			m.attempt.begun = n
		}
	case 'e':
		if m.stream == event.Stdout {
			c, _ := strconv.Atoi(code)
			m.attempt.ended(n, c, false)
		}
	case 'm':
		if m.stream == event.Stdout {
			m.attempt.ended(n, 127, true)
		}
	}
}
