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
	from := bytes.LastIndexByte(bytes.TrimRight(o.text[:end], "\r"), '\r') + 1
	shown := append(bytes.Clone(o.text[from:end]), '\n')
	if l.opens(shown) == len(shown) {
		l.bus.glimpse(l.step, l.bus.mask.Mask(replaceInvalid(l.bus.mask.Mask(string(o.text[from:end])))))
	}
}
