package event

import (
	"bytes"
	"sort"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// MaxPiece is the length in bytes from which a line is cut into Partial pieces.
const MaxPiece = 16 << 10

const (
	defaultHold = 4 << 10
	maxHold     = 1 << 20
)

// Lines cuts what the processes of one attempt write into output events: one for a line, and
// several for a line that is too long to keep. Of a secret of several lines one event is left,
// for which lines wait as long as they may be its beginning. What it holds in memory is bounded by MaxPiece and
// the masker's Hold for each stream. It is safe for concurrent use; within a stream the order stays.
type Lines struct {
	bus     *Bus
	step    string
	attempt int
	// beside says that the output stands in the log of an attempt and is not its own: it counts in
	// none of its streams. service is Record.Service.
	beside, service bool

	mu   sync.Mutex
	hold int // of the masker, asked anew for each long line: secrets turn up while running
	open [2]openLine
}

// openLine is a line of one stream whose end has not been seen, behind lines in which a secret
// may begin that goes on in it.
type openLine struct {
	stream  Stream
	section string
	text    []byte
	// begun says that pieces of the line have been published.
	begun bool
	// looked is when it was told about last while it had not ended.
	looked time.Time
	// at is how many bytes of the stream have been published.
	at int64
}

// Position is where a stream stands that another process has read before.
type Position struct {
	Offset  int64  // in bytes, as processes wrote them
	Open    bool   // what stands before is the beginning of a line
	Section string // that it belongs to
}

// Lines starts the output of one attempt. Flush ends it.
func (b *Bus) Lines(step string, attempt int) *Lines { return b.LinesFrom(step, attempt, nil) }

// LinesBeside starts output that stands in the log of an attempt and is none of its programs'.
func (b *Bus) LinesBeside(step string, attempt int) *Lines {
	l := b.Lines(step, attempt)
	l.beside = true
	return l
}

// ServiceLines starts the output of a service of a pipeline, which has a path of its own.
func (b *Bus) ServiceLines(path string) *Lines {
	l := b.Lines(path, 1)
	l.service = true
	return l
}

// LinesFrom goes on with the output of an attempt; a stream that is not named is at its start.
func (b *Bus) LinesFrom(step string, attempt int, from map[Stream]Position) *Lines {
	l := &Lines{bus: b, step: step, attempt: attempt}
	for i, stream := range []Stream{Stdout, Stderr} {
		p := from[stream]
		l.open[i] = openLine{stream: stream, at: p.Offset, begun: p.Open, section: p.Section}
	}
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
		line, ended := p, false
		if at := bytes.IndexByte(p, '\n'); at >= 0 {
			line, ended = p[:at+1], true
		}
		p = p[len(line):]
		if ended && len(o.text) == 0 && !o.begun && len(line) <= MaxPiece && l.opens(line) == len(line) {
			l.publish(o, line, len(line), false)
			continue
		}
		l.extend(o, line)
		if ended {
			l.settle(o)
		}
	}
	l.look(o)
}

// opens is the place in lines where a secret may begin that goes on in the next one.
func (l *Lines) opens(lines []byte) int {
	if m, ok := l.bus.mask.(Opener); ok {
		return m.Open(lines)
	}
	return len(lines)
}

var newline = []byte{'\n'}

// settle publishes what a line's end decides: all but the lines in which a secret may begin.
func (l *Lines) settle(o *openLine) {
	open := l.opens(o.text)
	if open == len(o.text) {
		l.flush(o)
		return
	}
	at := bytes.LastIndexByte(o.text[:open], '\n') + 1
	if at > 0 && !l.across(o.text, 0, at, len(o.text)) {
		l.publish(o, o.text[:at], at, false)
		o.text, o.begun = append(o.text[:0], o.text[at:]...), false
	}
}

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
	l.publish(o, o.text, len(o.text), false)
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
		l.publish(o, o.text[:cut], cut, true)
	} else {
		// Secrets overlap everywhere around the cut: nothing of it may be seen.
		cut = len(o.text)
		l.publish(o, []byte("***"), cut, true)
	}
	o.begun = !ok || o.text[cut-1] != '\n'
	o.text = append(o.text[:0], o.text[cut:]...)
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

// publish sends text as the lines in it, without their line breaks; raw is how many bytes of the
// stream it stands for. Partial says that the last one goes on, if it has no line break.
func (l *Lines) publish(o *openLine, text []byte, raw int, partial bool) {
	o.at += int64(raw)
	line, ended := bytes.CutSuffix(text, newline)
	if bytes.IndexByte(line, '\n') < 0 {
		l.send(o, line, o.at, partial && !ended)
		return
	}
	// Masked as a whole, or a secret of several lines would not be found.
	list := strings.Split(l.bus.mask.Mask(string(line)), "\n")
	for _, s := range list[:len(list)-1] {
		l.send(o, []byte(s), 0, false)
	}
	l.send(o, []byte(list[len(list)-1]), o.at, partial && !ended)
}

func (l *Lines) send(o *openLine, line []byte, offset int64, partial bool) {
	if !partial {
		line = bytes.TrimSuffix(line, []byte{'\r'})
	}
	if l.beside {
		offset = 0
	}
	s := string(line)
	if !utf8.ValidString(s) {
		// Masked before it is mended, or a secret beside a broken byte would not be found.
		s = replaceInvalid(l.bus.mask.Mask(s))
	}
	l.bus.Publish(Event{Type: StepOutput, Step: l.step, Attempt: l.attempt, Stream: o.stream,
		Section: o.section, Text: s, Partial: partial, Record: Record{Offset: offset, Service: l.service}})
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
