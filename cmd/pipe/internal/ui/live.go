package ui

import (
	"bytes"
	"container/list"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/pipelang/pipe/runtime/event"
)

// frame is how long a change waits to be drawn: a dozen frames a second are all that an eye needs.
const frame = 80 * time.Millisecond

// Terminal is where a run is shown live.
type Terminal struct {
	Out   io.Writer
	Style Style
	// Size gives columns and rows as they are now; it is asked once a frame.
	Size func() (columns, rows int)
	// Resumed, when not nil, says that pipe was stopped and goes on: others have written meanwhile.
	Resumed <-chan os.Signal
}

// Live shows a run on a terminal: what is under way in a block that is drawn anew, and above it,
// one line each, what has ended; of failures the end of what they wrote. Of the instances of a
// `for` only failures are told apart, the others are a bar. Sink belongs to a bus; between Start
// and Stop nobody else may write on the terminal but by Above and Ask. It is safe for concurrent use.
type Live struct {
	terminal Terminal
	run      string
	plan     map[string]bool // the steps that are counted
	quit     chan struct{}
	quitted  chan struct{}

	mu     sync.Mutex
	screen screen
	on     bool
	asking bool
	log    *Log
	above  bytes.Buffer // what is to stay, not yet drawn
	began  time.Time
	steps  map[string]*liveStep
	order  *list.List // of *liveStep, as they began
	tally
}

// tally counts steps of the plan that ended, and everything else of every kind.
type tally struct{ ended, begun, failed, waiting int }

// liveStep is a step, an instance or a whole `for` under way.
type liveStep struct {
	path    string
	at      *list.Element
	number  int // in the order in which they began
	began   time.Time
	waits   string // for what; "" while it runs
	attempt int
	last    string // the line that it wrote last, as a process writes it
	seen    bool   // last is as it is shown
	tail    tail
	fan     *fan // of a whole `for`
	below   int  // how many steps inside of it are under way
}

// glance is the line that it wrote last, as it is shown.
func (s *liveStep) glance() string {
	if !s.seen {
		s.last, s.seen = Glance(s.last), true
	}
	return s.last
}

// fan is how far a `for` is.
type fan struct{ all, ended, failed int }

// NewLive makes a display of a run by its ID, with the steps of its plan.
func NewLive(t Terminal, run string, steps []string) *Live {
	l := &Live{terminal: t, run: run, plan: map[string]bool{}, quit: make(chan struct{}), quitted: make(chan struct{}),
		steps: map[string]*liveStep{}, order: list.New(), screen: screen{w: t.Out}}
	for _, s := range steps {
		l.plan[s] = true
	}
	l.log = NewLog(&l.above, t.Style, steps)
	return l
}

// Start begins to draw.
func (l *Live) Start() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.on, l.began = true, time.Now()
	go l.loop()
}

// Stop draws what is to stay, takes the block away and draws no more. It may be called again.
func (l *Live) Stop() {
	l.mu.Lock()
	was := l.on
	if l.on = false; was {
		close(l.quit)
	}
	l.mu.Unlock()
	if !was {
		return
	}
	<-l.quitted
	l.mu.Lock()
	defer l.mu.Unlock()
	l.settle()
}

// Err is the first error of writing on the terminal.
func (l *Live) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.screen.err
}

func (l *Live) loop() {
	defer close(l.quitted)
	tick := time.NewTicker(frame)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			l.frame(time.Now())
		case <-l.terminal.Resumed:
			l.mu.Lock()
			l.screen.forget()
			l.mu.Unlock()
		case <-l.quit:
			return
		}
	}
}

func (l *Live) frame(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.asking && l.above.Len() < maxHeld {
		return
	}
	size := l.size()
	var lines []line
	if !l.asking {
		lines = l.block(now, size)
	}
	l.screen.draw(l.above.Bytes(), lines, size)
	if l.above.Reset(); l.above.Cap() > maxHeld {
		l.above = bytes.Buffer{}
	}
}

func (l *Live) size() area {
	columns, rows := l.terminal.Size()
	if columns <= 0 || rows <= 0 {
		return area{usualWidth, usualHeight}
	}
	return area{columns, rows}
}

// settle draws what is to stay, and no block.
func (l *Live) settle() {
	l.screen.draw(l.above.Bytes(), nil, l.size())
	l.above.Reset()
}

// Above is a writer whose text goes to w and stays above the block, where w is the same terminal.
func (l *Live) Above(w io.Writer) io.Writer { return above{l, w} }

type above struct {
	live *Live
	w    io.Writer
}

// Write takes the block away, which the next frame draws again.
func (a above) Write(p []byte) (int, error) {
	a.live.mu.Lock()
	defer a.live.mu.Unlock()
	if a.live.on {
		a.live.settle()
	}
	return a.w.Write(p)
}

// Ask writes a question below everything and draws no block until Answered.
func (l *Live) Ask(question string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.above.WriteString(question)
	l.settle()
	l.asking = true
	return l.screen.err
}

// Answered goes on. typed says that a person ended the line of the question.
func (l *Live) Answered(typed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asking = false
	if !typed {
		l.screen.write("\n")
	}
}

// Typed says that a person ended a line while nothing was asked, which moved the cursor.
func (l *Live) Typed() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.on && len(l.screen.block) > 0 {
		l.screen.typed++
	}
}

// Glimpse takes what a line shows that a step has not ended: progress that is drawn over itself.
func (l *Live) Glimpse(step, text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s := l.steps[step]; s != nil {
		s.last, s.seen = text, false
	}
}

// Sink takes one event.
func (l *Live) Sink(e event.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch e.Type {
	case event.StepOutput:
		if s := l.steps[e.Step]; s != nil {
			s.last, s.seen = e.Text, false
			s.tail.add(e)
		}
	case event.StepStarted:
		l.started(e)
	case event.StepAttempt:
		s := l.started(e)
		s.attempt, s.tail = e.Attempt, tail{}
		l.log.Sink(e)
	case event.StepFanout:
		l.step(e).fan = &fan{all: e.Instances}
	case event.StepWaiting:
		if s := l.step(e); s.waits == "" {
			l.waiting++
			s.waits = e.Reason
		}
	case event.StepFinished:
		l.finished(e)
	default:
		l.log.Sink(e)
	}
}

// step is a step under way, which begins with this event where nothing is known of it.
func (l *Live) step(e event.Event) *liveStep {
	s := l.steps[e.Step]
	if s == nil {
		l.begun++
		s = &liveStep{path: e.Step, began: e.Time, number: l.begun}
		s.at = l.order.PushBack(s)
		l.steps[e.Step] = s
		l.outside(e.Step, 1)
	}
	return s
}

// outside counts a step for the called pipelines that it is inside of.
func (l *Live) outside(path string, by int) {
	for at := strings.LastIndexByte(path, '/'); at >= 0; at = strings.LastIndexByte(path[:at], '/') {
		if s := l.steps[path[:at]]; s != nil {
			s.below += by
		}
	}
}

func (l *Live) started(e event.Event) *liveStep {
	s := l.step(e)
	if s.waits != "" {
		l.waiting--
		s.waits, s.began = "", e.Time
	}
	return s
}

// instances that are opened, and that are told of, for each `for`.
const (
	mostOpened = 10
	mostTold   = 100
)

func (l *Live) finished(e event.Event) {
	s := l.steps[e.Step]
	if s != nil {
		l.order.Remove(s.at)
		delete(l.steps, e.Step)
		l.outside(e.Step, -1)
		if s.waits != "" {
			l.waiting--
		}
	}
	failed := e.Outcome == "failed" && !e.Allowed
	if l.plan[e.Step] {
		l.ended++
	}
	open, tell := failed, !strings.Contains(e.Step, "[")
	if f := l.fanOf(e.Step); f != nil {
		f.ended++
		if e.Outcome == "failed" {
			f.failed++
		}
		open = failed && f.failed <= mostOpened
		tell = failed && f.failed <= mostTold
	} else if failed {
		tell = true
	}
	if failed && (s == nil || s.fan == nil) {
		l.failed++
	}
	if tell {
		l.log.Sink(e)
	}
	if open && s != nil {
		l.open(s)
	}
}

// fanOf is the `for` that a path is an instance of.
func (l *Live) fanOf(path string) *fan {
	at := strings.LastIndexByte(path, '[')
	if at < 0 || !strings.HasSuffix(path, "]") {
		return nil
	}
	if s := l.steps[path[:at]]; s != nil {
		return s.fan
	}
	return nil
}

// open shows the end of what a failed step wrote.
func (l *Live) open(s *liveStep) {
	lines, before := s.tail.last()
	if before > 0 {
		l.log.note(s.path, fmt.Sprintf("%d lines before: pipe logs %s %s", before, l.run, ShellWord(s.path)))
	}
	for _, e := range lines {
		l.log.Sink(e)
	}
	l.log.forget(s.path)
	l.log.opened(s.path, before == 0)
}

// Shown reports whether all output of a step that failed was shown just before.
func (l *Live) Shown(step string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.log.Shown(step)
}
