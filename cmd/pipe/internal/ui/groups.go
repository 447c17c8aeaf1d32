package ui

import (
	"bytes"
	"io"
	"strings"

	"github.com/pipelang/pipe/runtime/event"
)

// Groups prints events as lines in groups that GitHub folds, one a step: of steps that run side
// by side one has the word, and the others' lines wait until it has ended, or are too many to
// wait. Its Sink is called by one goroutine at a time.
type Groups struct {
	w        io.Writer
	log      *Log
	annotate func(event.Event) []string // commands that stand for themselves, each one line
	word     string                     // the step that has the word, "" for none
	text     bytes.Buffer
	held     map[string]*held
	order    []*held
}

// held are lines of a step that wait.
type held struct {
	step  string
	text  bytes.Buffer
	end   []byte // the line that says how it ended, nil while it runs
	spoke bool   // there was a group of it before
}

// mostWaiting is how much may wait of one step.
const mostWaiting = 256 << 10

// NewGroups makes a Groups. annotate gives the workflow commands that an event is worth.
func NewGroups(w io.Writer, style Style, steps []string, annotate func(event.Event) []string) *Groups {
	g := &Groups{w: w, annotate: annotate, held: map[string]*held{}}
	g.log = NewLog(&g.text, style, steps)
	return g
}

// Stamp puts the local time before each line, in a layout of package time.
func (g *Groups) Stamp(layout string) *Groups {
	g.log.Stamp(layout)
	return g
}

// Sink prints one event, with one write.
func (g *Groups) Sink(e event.Event) {
	g.text.Reset()
	g.log.Sink(e)
	own := bytes.Clone(g.text.Bytes())
	g.text.Reset()
	for _, command := range g.annotate(e) {
		g.text.WriteString(command + "\n")
	}
	g.take(e, own)
	_, _ = g.w.Write(g.text.Bytes()) // a closed pipe ends the output, not the run
}

func (g *Groups) take(e event.Event, own []byte) {
	switch {
	case e.Service: // it would have the word for as long as it runs
		g.text.Write(own)
	case e.Type == event.RunFinished:
		g.close()
		g.release()
		g.text.Write(own)
	case e.Type == event.StepFinished && g.word == e.Step:
		g.close()
		g.text.Write(own)
		g.release()
	case g.word == "" && g.held[e.Step] == nil:
		if e.Type == event.StepOutput {
			g.open(e.Step, false)
		}
		g.text.Write(own)
	case g.word == e.Step:
		g.text.Write(own)
	default:
		g.wait(e, own)
	}
}

// wait keeps lines back. More than may wait is printed in a group between.
func (g *Groups) wait(e event.Event, own []byte) {
	h := g.held[e.Step]
	if h == nil {
		h = &held{step: e.Step}
		g.held[e.Step] = h
		g.order = append(g.order, h)
	}
	if e.Type == event.StepFinished {
		h.end = own
		return
	}
	if h.text.Write(own); h.text.Len() > mostWaiting {
		word := g.word
		g.close()
		g.print(h)
		g.open(word, true)
	}
}

// print prints what waits of a step, in a group where it is more than a line.
func (g *Groups) print(h *held) {
	if bytes.Count(h.text.Bytes(), []byte("\n")) > 1 {
		g.open(h.step, h.spoke)
		g.text.Write(h.text.Bytes())
		g.close()
		h.spoke = true
	} else {
		g.text.Write(h.text.Bytes())
	}
	h.text.Reset()
}

// release prints what waits of steps that have ended, and gives the word to the first other one.
func (g *Groups) release() {
	rest := g.order[:0]
	var next *held
	for _, h := range g.order {
		switch {
		case h.end != nil:
			g.print(h)
			g.text.Write(h.end)
			delete(g.held, h.step)
		case next == nil && h.text.Len() > 0:
			next = h
		default:
			rest = append(rest, h)
		}
	}
	clear(g.order[len(rest):])
	g.order = rest
	if next != nil {
		delete(g.held, next.step)
		g.open(next.step, next.spoke)
		g.text.Write(next.text.Bytes())
	}
}

func (g *Groups) open(step string, again bool) {
	g.word = step
	if g.text.WriteString("::group::" + Line(step)); again {
		g.text.WriteString(" (continued)")
	}
	g.text.WriteByte('\n')
}

func (g *Groups) close() {
	if g.word != "" {
		g.text.WriteString("::endgroup::\n")
	}
	g.word = ""
}

// Command is a workflow command of GitHub. Properties are name and value by turns; those that
// are empty are left out.
func Command(name, message string, properties ...string) string {
	var list []string
	for i := 0; i+1 < len(properties); i += 2 {
		if properties[i+1] != "" {
			list = append(list, properties[i]+"="+inProperty.Replace(Line(properties[i+1])))
		}
	}
	lines := strings.Split(message, "\n")
	for i := range lines {
		lines[i] = inMessage.Replace(Plain(lines[i]))
	}
	head := "::" + name
	if len(list) > 0 {
		head += " " + strings.Join(list, ",")
	}
	return head + "::" + strings.Join(lines, "%0A")
}

var (
	inMessage  = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	inProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)
