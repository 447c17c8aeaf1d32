package ui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	// usualHeight is how many rows a terminal has that does not say.
	usualHeight = 24
	// leastBlock is how many rows the block may have on a terminal however low, if that has them.
	leastBlock = 4
	leastBar   = 6
	mostBar    = 40
)

// rowsOf is how many rows a block may have on a terminal: two thirds, so that what has ended is
// in sight too, and never all, since the cursor needs one.
func rowsOf(height int) int { return max(1, min(height-1, max(leastBlock, height*2/3))) }

// block is what is under way, each line narrower than the terminal, and fewer than its rows; the
// last line sums up.
func (l *Live) block(now time.Time, size area) []line {
	if l.order.Len() == 0 && l.ended == 0 {
		return nil
	}
	shown, hidden := l.choose(rowsOf(size.rows) - 1)
	names := l.nameWidth(shown, size.columns)
	var out []line
	for _, s := range shown {
		out = append(out, l.row(s, now, names, size.columns-1))
	}
	return append(out, l.sum(now, hidden, size.columns-1))
}

// choose takes what is shown in so many rows: a `for` and what waits before others, in the order in which they began.
func (l *Live) choose(room int) (shown []*liveStep, hidden int) {
	var first, rest []*liveStep
	for at := l.order.Front(); at != nil; at = at.Next() {
		switch s := at.Value.(*liveStep); {
		case s.below > 0 && s.fan == nil: // what is inside of it says more
		case s.fan != nil || s.waits != "":
			first = append(first, s)
		default:
			rest = append(rest, s)
		}
	}
	all := len(first) + len(rest)
	first = first[:min(len(first), max(room, 0))]
	// One that runs is shown whatever waits.
	if len(rest) > 0 && len(first) == room && room > 1 {
		first = first[:room-1]
	}
	rest = rest[:min(len(rest), max(room-len(first), 0))]
	shown = append(first, rest...)
	slices.SortStableFunc(shown, func(a, b *liveStep) int { return cmp.Compare(a.number, b.number) })
	return shown, all - len(shown)
}

// nameWidth is how wide the names of the rows are: at most a third of the terminal.
func (l *Live) nameWidth(shown []*liveStep, width int) int {
	wide := 0
	for _, s := range shown {
		wide = max(wide, Cells(Line(s.path)))
	}
	return min(wide, maxPrefix, max(width/3, leastText))
}

// takenWidth is how wide the column of elapsed times is: 59m59s, 99h59m.
const takenWidth = 6

// row is one that is under way.
func (l *Live) row(s *liveStep, now time.Time, names, width int) line {
	mark, color := "▸", stepColors[0]
	if s.waits != "" {
		mark, color = "◌", yellow
	}
	if s.fan != nil && s.fan.failed > 0 {
		color = red
	}
	r := newRow(l.terminal.Style, width)
	r.add(color, mark+" ")
	r.add("", padCells(CutCells(Line(s.path), names), names))
	r.add(dim, fmt.Sprintf(" %*s ", takenWidth, elapsed(now.Sub(s.began))))
	switch {
	case s.waits != "":
		r.add(yellow, Line(s.waits))
	case s.fan != nil:
		r.progress(s.fan)
	default:
		if s.attempt > 1 {
			r.add(yellow, fmt.Sprintf("attempt %d ", s.attempt))
		}
		r.add(dim, s.glance())
	}
	return r.line()
}

// elapsed is a time that goes on: it changes once a second.
func elapsed(d time.Duration) string {
	switch {
	case d < time.Second:
		return ""
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	}
	return Duration(d.Truncate(time.Second))
}

// sum is the last line: how far the run is.
func (l *Live) sum(now time.Time, hidden, width int) line {
	r := newRow(l.terminal.Style, width)
	r.add(dim, "─ ")
	r.add("", fmt.Sprintf("%d/%d steps", l.ended, len(l.plan)))
	if running := l.running(); running > 0 {
		r.add("", fmt.Sprintf(", %d running", running))
	}
	if l.waiting > 0 {
		r.add(yellow, fmt.Sprintf(", %d waiting", l.waiting))
	}
	if l.failed > 0 {
		r.add(red, fmt.Sprintf(", %d failed", l.failed))
	}
	if hidden > 0 {
		r.add("", fmt.Sprintf(", %d not shown", hidden))
	}
	if t := elapsed(now.Sub(l.began)); t != "" {
		r.add(dim, ", "+t)
	}
	return r.line()
}

// running is how many steps are under way that run themselves.
func (l *Live) running() int {
	n := 0
	for at := l.order.Front(); at != nil; at = at.Next() {
		if s := at.Value.(*liveStep); s.fan == nil && s.waits == "" && s.below == 0 {
			n++
		}
	}
	return n
}

// lineRow is a line in the making that takes no more than it has room for.
type lineRow struct {
	style Style
	text  strings.Builder
	room  int
	taken int
}

func newRow(style Style, width int) *lineRow { return &lineRow{style: style, room: width} }

func (r *lineRow) add(color, text string) {
	text = CutCells(text, r.room-r.taken)
	r.taken += Cells(text)
	r.text.WriteString(r.style.paint(color, text))
}

func (r *lineRow) line() line { return line{r.text.String(), r.taken} }

// progress is a bar with what it means in numbers.
func (r *lineRow) progress(f *fan) {
	numbers := fmt.Sprintf("%d/%d", f.ended, f.all)
	failed := ""
	if f.failed > 0 {
		failed = fmt.Sprintf(", %d failed", f.failed)
	}
	if bar := min(r.room-r.taken-Cells(numbers+failed)-1, mostBar); bar >= leastBar {
		full := bar * f.ended / max(f.all, 1)
		r.add(green, strings.Repeat("━", full))
		r.add(dim, strings.Repeat("╌", bar-full))
		r.add("", " ")
	}
	r.add("", numbers)
	r.add(red, failed)
}
