package ui

import (
	"strings"
	"unicode/utf8"

	"github.com/pipelang/pipe/runtime/event"
)

const (
	// tailLines is how many lines of a step are at hand when it fails.
	tailLines = 50
	// tailText is how much of each of them is, in bytes.
	tailText = 4 << 10
)

// tail is the end of what an attempt wrote.
type tail struct {
	lines []event.Event // the last ones; more than tailLines while it grows
	all   int           // how many there were
}

func (t *tail) add(e event.Event) {
	if len(e.Text) > tailText {
		end := tailText
		for !utf8.RuneStart(e.Text[end]) {
			end--
		}
		e.Text = strings.Clone(e.Text[:end]) + "…"
	}
	t.all++
	if len(t.lines) == 2*tailLines {
		t.lines = append(t.lines[:0], t.lines[tailLines+1:]...)
	}
	t.lines = append(t.lines, e)
}

// last gives what is at hand, and how many lines were before it.
func (t *tail) last() (lines []event.Event, before int) {
	lines = t.lines[max(0, len(t.lines)-tailLines):]
	return lines, t.all - len(lines)
}
