package event

import (
	"bytes"
	"sort"
	"strings"
	"sync"
	"unicode/utf8"
)

// MaxPiece is the length in bytes from which a line is cut into Partial pieces.
const MaxPiece = 16 << 10

const (
	defaultHold = 4 << 10
	maxHold     = 1 << 20
)

// Lines cuts what the processes of one attempt write into output events: one for a line, and
// several for a line that is too long to keep. What it holds in memory is bounded by MaxPiece and
// the masker's Hold for each stream. It is safe for concurrent use; within a stream the order stays.
type Lines struct {
	bus     *Bus
	step    string
	attempt int

	mu   sync.Mutex
	hold int // of the masker, asked anew for each long line: secrets turn up while running
	open [2]openLine
}

// openLine is a line of one stream whose end has not been seen.
type openLine struct {
	stream  Stream
	section string
	text    []byte
	// begun says that pieces of the line have been published.
	begun bool
}

// Lines starts the output of one attempt. Flush ends it.
func (b *Bus) Lines(step string, attempt int) *Lines {
	l := &Lines{bus: b, step: step, attempt: attempt}
	l.open[0].stream, l.open[1].stream = Stdout, Stderr
	return l
}

func holdOf(m Masker) int {
	h, ok := m.(Holder)
	if !ok {
		return defaultHold
	}
	return min(max(h.Hold(), 0), maxHold)
}

// Write takes output as it comes, in any chunks, and keeps nothing of p. A new section ends
// the line that the one before left open.
func (l *Lines) Write(stream Stream, section string, p []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	o := l.line(stream)
	if o.section != section {
		l.flush(o)
		o.section = section
	}
	for len(p) > 0 {
		text, rest, ended := bytes.Cut(p, newline)
		p = rest
		if ended && len(o.text) == 0 && !o.begun && len(text) <= MaxPiece {
			l.publish(o, trimReturn(text), false)
			continue
		}
		l.extend(o, text)
		if ended {
			l.end(o)
		}
	}
}

var newline = []byte{'\n'}

func (l *Lines) line(stream Stream) *openLine {
	if stream == Stderr {
		return &l.open[1]
	}
	return &l.open[0]
}

// Flush publishes lines that never ended.
func (l *Lines) Flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.open {
		l.flush(&l.open[i])
	}
}

func (l *Lines) flush(o *openLine) {
	if len(o.text) > 0 || o.begun {
		l.end(o)
	}
}

func (l *Lines) end(o *openLine) {
	l.publish(o, trimReturn(o.text), false)
	o.text, o.begun = o.text[:0], false
	if cap(o.text) > 4*MaxPiece {
		o.text = nil
	}
}

// extend adds to an open line and publishes pieces of it as it gets too long.
func (l *Lines) extend(o *openLine, text []byte) {
	l.hold = holdOf(l.bus.mask)
	limit := max(MaxPiece+2*l.hold, len(o.text)+1)
	for len(text) > 0 {
		n := min(len(text), limit-len(o.text))
		o.text = append(o.text, text[:n]...)
		text = text[n:]
		if len(o.text) >= limit {
			l.piece(o)
		}
	}
}

// piece publishes the head of a line that is too long, and keeps a tail where a secret may begin.
func (l *Lines) piece(o *openLine) {
	cut, ok := l.cut(o.text)
	if ok {
		l.publish(o, o.text[:cut], true)
	} else {
		// Secrets overlap everywhere around the cut: nothing of it may be seen.
		cut = len(o.text)
		l.publish(o, []byte("***"), true)
	}
	o.text = append(o.text[:0], o.text[cut:]...)
	o.begun = true
}

// cut finds a place at least hold bytes before the end that no secret lies across.
func (l *Lines) cut(text []byte) (int, bool) {
	at := runeBoundary(text, len(text)-l.hold)
	for range maxCuts {
		if at <= l.hold && l.hold > 0 {
			break
		}
		if !l.across(text, at-l.hold, at, at+l.hold) {
			return at, true
		}
		at = runeBoundary(text, l.start(text, at))
	}
	return 0, false
}

// maxCuts is how many secrets that overlap each other are stepped over.
const maxCuts = 64

// start finds where the secret begins that lies across a place and ends first.
func (l *Lines) start(text []byte, at int) int {
	end := at + 1 + sort.Search(l.hold-1, func(k int) bool { return l.across(text, at-l.hold, at, at+1+k) })
	return at - 1 - sort.Search(l.hold-1, func(j int) bool { return l.across(text, at-1-j, at, end) })
}

// across reports whether a secret within from and to lies across a place: masking its two
// sides apart then differs from masking them together.
func (l *Lines) across(text []byte, from, at, to int) bool {
	if l.hold == 0 {
		return false
	}
	left, right := string(text[max(from, 0):at]), string(text[at:min(to, len(text))])
	m := l.bus.mask
	return m.Mask(left)+m.Mask(right) != m.Mask(left+right)
}

// runeBoundary moves a place back to where no character, whole or broken, is cut: invalid
// UTF-8 then reads the same in pieces as in one.
func runeBoundary(text []byte, at int) int {
	if at >= len(text) {
		return len(text)
	}
	for back := range utf8.UTFMax {
		if at-back <= 0 || utf8.RuneStart(text[at-back]) {
			return at - back
		}
	}
	return at
}

func trimReturn(line []byte) []byte { return bytes.TrimSuffix(line, []byte{'\r'}) }

func (l *Lines) publish(o *openLine, text []byte, partial bool) {
	s := string(text)
	if !utf8.ValidString(s) {
		// Masked before it is mended, or a secret beside a broken byte would not be found.
		s = replaceInvalid(l.bus.mask.Mask(s))
	}
	l.bus.Publish(Event{Type: StepOutput, Step: l.step, Attempt: l.attempt, Stream: o.stream,
		Section: o.section, Text: s, Partial: partial})
}

// replaceInvalid puts one U+FFFD for each byte that is not UTF-8.
func replaceInvalid(s string) string {
	var b strings.Builder
	b.Grow(len(s) + 8)
	for _, r := range s {
		b.WriteRune(r)
	}
	return b.String()
}
