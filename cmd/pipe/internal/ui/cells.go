package ui

import (
	"strings"

	"github.com/mattn/go-runewidth"
)

// cellsOf is how many columns a character takes at most. Terminals differ on sequences of
// characters that are drawn as one: the most that one of them takes is what counts, so that
// nothing that fits by it is ever too wide.
func cellsOf(r rune) int {
	switch {
	case ' ' <= r && r <= '~':
		return 1
	case r == emojiPresentation:
		return 1 // widens what is before it
	case strings.ContainsRune(own, r) && !runewidth.DefaultCondition.EastAsianWidth:
		return 1
	}
	return runewidth.RuneWidth(r)
}

const emojiPresentation = 0xFE0F

// own are the characters that pipe itself draws with. They take one column but where ambiguous ones
// take two; for any other, runewidth makes a table of all characters first, which takes milliseconds.
const own = "…✓✗○◌▸↻·╌┆│━─"

// Cells is how many columns a printable text without escape sequences and tabs takes at most.
func Cells(s string) int {
	n := 0
	for _, r := range s {
		n += cellsOf(r)
	}
	return n
}

// CutCells shortens a text to so many columns, with … at its end; what combines with a
// character stays with it or goes with it.
func CutCells(s string, width int) string {
	if width <= 0 {
		return ""
	}
	if Cells(s) <= width {
		return s
	}
	room, end := width-cellsOf('…'), 0
	for i, r := range s {
		if room -= cellsOf(r); room < 0 {
			break
		}
		end = i + len(string(r))
	}
	return s[:end] + "…"
}

// padCells fills a text up to so many columns.
func padCells(s string, width int) string { return s + strings.Repeat(" ", max(0, width-Cells(s))) }

// sequence is an escape sequence of any kind, or the beginning of one.
var sequence = lazily(`\x1b(?:\[[0-?]*[ -/]*[@-~]?|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~]?)`)

// tabStop is how far tabs lie apart.
const tabStop = 8

// glanced is how many bytes of a line can fit any terminal.
const glanced = 4 << 10

// Glance is what a line that a process wrote shows on a terminal, for a place where only a
// part of it may fit: without colours, with spaces for tabs, and of a line that was written over
// again and again what was written last.
func Glance(s string) string {
	s = lastDrawn(s)
	if len(s) > glanced {
		s = strings.ToValidUTF8(s[:glanced], "")
	}
	if plain(s) {
		return s
	}
	return spaced(sequence().ReplaceAllString(s, ""))
}

// Plain is Glance for a line that is not shown on a terminal: whole, and inert for CI services.
func Plain(s string) string {
	s = lastDrawn(s)
	if plain(s) {
		return s
	}
	return disarm(spaced(sequence().ReplaceAllString(s, "")))
}

// spaced has spaces for tabs, and spells out what is no text.
func spaced(s string) string {
	var b strings.Builder
	at := 0
	for _, r := range spell(s, isText) {
		if r == '\t' {
			n := tabStop - at%tabStop
			b.WriteString(strings.Repeat(" ", n))
			at += n
			continue
		}
		b.WriteRune(r)
		at += cellsOf(r)
	}
	return b.String()
}

// erase is what tools write to empty a line before they draw it again.
var erase = lazily(`^(?:\x1b\[[12]K)+`)

// lastDrawn is what stays to be seen of a line that was drawn several times, with carriage
// returns between. Each time is taken for a whole: what a shorter one leaves of a longer one does not show.
func lastDrawn(s string) string {
	for {
		at := strings.LastIndexByte(s, '\r')
		if at < 0 {
			return erase().ReplaceAllString(s, "")
		}
		one := erase().ReplaceAllString(s[at+1:], "")
		if strings.TrimSpace(sequence().ReplaceAllString(one, "")) != "" {
			return one
		}
		s = s[:at]
	}
}
