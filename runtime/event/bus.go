package event

import (
	"encoding/json"
	"sync"
	"time"
)

// Masker replaces secrets in a complete text.
type Masker interface {
	// Mask replaces every known secret in s.
	Mask(s string) string
}

// Holder is a Masker that knows the longest text that it replaces, in bytes. A long line is
// then cut into pieces where no secret lies across the cut; without it 4 KiB are assumed.
type Holder interface {
	Hold() int
}

// Opener is a Masker that knows secrets of several lines. Lines of output in which one may
// begin wait for the next line; without it every line is masked by itself.
type Opener interface {
	// Open is the place in lines, the last of which ends with a line break, where a secret may
	// begin that goes on in the next line; their length when there is none.
	Open(lines []byte) int
}

// Sink receives events in order, one at a time. It must not block for long.
type Sink func(Event)

// Bus masks events and hands them to sinks. It is safe for concurrent use; events of
// one goroutine keep their order, and every sink sees the same order.
type Bus struct {
	mu      sync.Mutex
	mask    Masker
	sinks   []Sink
	run     string
	now     func() time.Time
	glimpse Glimpse
}

// NewBus is the only way to make a bus. The masker may not be nil.
func NewBus(run string, mask Masker, sinks ...Sink) *Bus {
	return &Bus{mask: mask, sinks: sinks, run: run, now: time.Now}
}

// Publish stamps, masks and delivers an event.
func (b *Bus) Publish(e Event) {
	e.Run = b.run
	e.Text = b.mask.Mask(e.Text)
	e.Reason = b.mask.Mask(e.Reason)
	e.Section = b.mask.Mask(e.Section)
	if e.Value != nil {
		e.Value = maskJSON(b.mask, e.Value)
	}
	e.Seconds = e.Duration.Seconds()
	b.mu.Lock()
	defer b.mu.Unlock()
	if e.Time.IsZero() {
		e.Time = b.now()
	}
	for _, s := range b.sinks {
		s(e)
	}
}

// Hides reports whether a text holds a known secret in any form that the masker knows.
func (b *Bus) Hides(text string) bool { return b.mask.Mask(text) != text }

// maskJSON masks the encoded text; where that breaks the JSON, the whole value is replaced.
func maskJSON(m Masker, raw json.RawMessage) json.RawMessage {
	masked := json.RawMessage(m.Mask(string(raw)))
	if json.Valid(masked) {
		return masked
	}
	return json.RawMessage(`"***"`)
}
