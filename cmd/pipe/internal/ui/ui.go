// Package ui shows a run to people: output lines prefixed by step as they come, how each
// step ended, and a table at the end; and it keeps what strangers and processes write from
// acting on the terminal or on a CI service. It knows events and results, and nothing of how they came about.
package ui

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/pipelang/pipe/runtime/event"
)

// Style says how a stream may be written on. Width is its columns, 0 where nobody counts them.
type Style struct {
	Color bool
	Width int
}

const (
	reset  = "\x1b[0m"
	bold   = "\x1b[1m"
	dim    = "\x1b[2m"
	red    = "\x1b[31m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
)

// stepColors are given to steps in the order in which they first speak.
var stepColors = []string{"\x1b[36m", "\x1b[35m", "\x1b[34m", "\x1b[33m", "\x1b[32m", "\x1b[96m", "\x1b[95m", "\x1b[94m"}

func (s Style) paint(color, text string) string {
	if !s.Color || color == "" {
		return text
	}
	return color + text + reset
}

// maxPrefix bounds the width that step names are padded to.
const maxPrefix = 28

// Log prints events as lines. Its Sink is called by one goroutine at a time.
type Log struct {
	sight
	w       io.Writer
	text    bytes.Buffer // what one event prints
	style   Style
	width   int
	section map[string]string // by step
	open    map[string]bool   // step and stream whose line goes on
	colors  map[string]string // by step
	stamp   string            // layout of the time before each line, "" for none
	now     time.Time         // of the event that is printed
}

// NewLog makes a log whose prefixes are as wide as the longest of the step names, within reason.
func NewLog(w io.Writer, style Style, steps []string) *Log {
	l := &Log{w: w, style: style, section: map[string]string{}, open: map[string]bool{}, colors: map[string]string{}, sight: newSight()}
	for _, s := range steps {
		l.width = min(max(l.width, Cells(s)), maxPrefix)
	}
	return l
}

// Stamp puts the local time before each line, in a layout of package time.
func (l *Log) Stamp(layout string) *Log {
	l.stamp = layout
	return l
}

// Sink prints one event, with one write.
func (l *Log) Sink(e event.Event) {
	l.text.Reset()
	l.print(e)
	l.printed(e, bytes.Count(l.text.Bytes(), []byte("\n")))
	_, _ = l.w.Write(l.text.Bytes()) // a closed pipe ends the output, not the run
}

func (l *Log) print(e event.Event) {
	l.now = e.Time
	switch e.Type {
	case event.StepOutput:
		l.output(e)
	case event.StepStarted:
		l.line(e.Step, "▸", dim, "started")
	case event.StepAttempt:
		l.line(e.Step, "↻", yellow, fmt.Sprintf("attempt %d%s", e.Attempt, because(e.Reason)))
	case event.StepFanout:
		l.line(e.Step, "▸", dim, instances(e.Instances))
	case event.StepWaiting:
		l.line(e.Step, "◌", yellow, e.Reason)
	case event.StepFinished:
		l.finished(e)
	case event.StepKept:
		l.kept(e)
	case event.Notice:
		l.line(e.Step, "!", yellow, e.Text)
	}
}

// kept prints where each kept file is.
func (l *Log) kept(e event.Event) {
	var paths []string
	_ = json.Unmarshal(e.Value, &paths) // anything else shows nothing: the event is the engine's own
	for _, p := range paths {
		l.line(e.Step, "▸", dim, "kept "+p)
	}
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + reason
}

func (l *Log) prefix(step string) string {
	color, ok := l.colors[step]
	if !ok {
		color = stepColors[len(l.colors)%len(stepColors)]
		l.colors[step] = color
	}
	shown := Line(step)
	pad := max(0, l.width-Cells(shown))
	return l.time() + l.style.paint(color, shown) + strings.Repeat(" ", pad) + " "
}

func (l *Log) time() string {
	if l.stamp == "" {
		return ""
	}
	return l.style.paint(dim, l.now.Local().Format(l.stamp)) + " "
}

func (l *Log) line(step, mark, color, text string) {
	fmt.Fprintf(&l.text, "%s%s\n", l.prefix(step), l.style.paint(color, mark+" "+Line(text)))
}

// output prints a line, or a piece of one: pieces after the first carry another mark.
func (l *Log) output(e event.Event) {
	if e.Section != l.section[e.Step] {
		l.section[e.Step] = e.Section
		if e.Section != "" {
			l.line(e.Step, "─", bold, e.Section)
		}
	}
	key := e.Step + "\x00" + string(e.Stream)
	mark := "│"
	if l.open[key] {
		mark = "┆"
	}
	if e.Partial {
		l.open[key] = true
	} else {
		delete(l.open, key)
	}
	l.text.WriteString(l.prefix(e.Step))
	l.text.WriteString(l.style.paint(dim, mark))
	if text := lastDrawn(e.Text); text != "" {
		l.text.WriteByte(' ')
		l.text.WriteString(Output(text))
	}
	l.text.WriteByte('\n')
}

// note prints a line about the output of a step.
func (l *Log) note(step, text string) {
	l.text.Reset()
	l.line(step, "┆", dim, text)
	_, _ = l.w.Write(l.text.Bytes())
}

// forget ends what is known of the output of a step: what comes next begins anew.
func (l *Log) forget(step string) {
	delete(l.section, step)
	delete(l.open, step+"\x00"+string(event.Stdout))
	delete(l.open, step+"\x00"+string(event.Stderr))
}

// ShellWord is a text, such as a step's path, as one word of a shell.
func ShellWord(text string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-./:=,@+%", r)
	}
	if text != "" && strings.IndexFunc(text, func(r rune) bool { return !plain(r) }) < 0 {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

func (l *Log) finished(e event.Event) {
	l.forget(e.Step)
	mark, color := markOf(e.Outcome, e.Allowed)
	text := e.Outcome
	if e.Cached != nil {
		text = "cached from run " + e.Cached.Run + ", made " + e.Cached.Time.Local().Format("2006-01-02 15:04:05")
	}
	if e.Allowed {
		text += " (allowed)"
	}
	if e.Duration > 0 && e.Outcome != "skipped" {
		text += " in " + Duration(e.Duration)
	}
	l.line(e.Step, mark, color, text+because(e.Reason))
}

func markOf(outcome string, allowed bool) (mark, color string) {
	switch {
	case outcome == "succeeded":
		return "✓", green
	case outcome == "failed" && allowed:
		return "✗", yellow
	case outcome == "failed":
		return "✗", red
	case outcome == "skipped":
		return "○", dim
	}
	return "◌", yellow
}

// Duration for people: three digits at most, 12ms, 3.4s, 2m05s.
func Duration(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%dµs", d.Microseconds())
	case d < time.Second:
		return fmt.Sprintf("%dms", d.Milliseconds())
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%.0fs", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}

func instances(n int) string {
	if n == 1 {
		return "1 instance"
	}
	return fmt.Sprintf("%d instances", n)
}
