package event

import (
	"bytes"
	"time"
)

// Glimpse is told what a line of a step shows that has not ended: programs draw their progress
// over itself, with carriage returns. It is no event, is told at most ten times a second for
// each stream, and is masked.
type Glimpse func(step, text string)

// glimpseRest is the time between two of them.
const glimpseRest = 100 * time.Millisecond

// OnGlimpse makes glimpses be told to g, nil for nobody; it is called before any output.
func (b *Bus) OnGlimpse(g Glimpse) { b.glimpse = g }

// look tells what an open line shows. Only what a carriage return has ended is told, and
// nothing where a secret may go on behind it.
func (l *Lines) look(o *openLine) {
	if l.bus.glimpse == nil || len(o.text) == 0 {
		return
	}
	end := bytes.LastIndexByte(o.text, '\r')
	if end <= 0 {
		return
	}
	now := l.bus.now()
	if now.Sub(o.looked) < glimpseRest {
		return
	}
	o.looked = now
	if !l.settled(o.text[:end]) || !l.settled(o.text[:end+1]) { // a secret's lines may end in either way
		return
	}
	from := bytes.LastIndexAny(bytes.TrimRight(o.text[:end], "\r"), "\r\n") + 1
	l.bus.glimpse(l.step, l.bus.mask.Mask(replaceInvalid(l.bus.mask.Mask(string(o.text[from:end])))))
}

// settled reports whether no secret may go on in the line behind a text.
func (l *Lines) settled(text []byte) bool {
	line := append(bytes.Clone(text), '\n')
	return l.opens(line) == len(line)
}
