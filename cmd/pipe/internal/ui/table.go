package ui

import (
	"fmt"
	"io"
	"strings"

	"github.com/pipelang/pipe/runtime/engine"
)

// Table prints how the steps of a run ended: step, outcome, duration, reason. Instances of a long
// `for` are folded.
func Table(w io.Writer, style Style, steps []engine.StepResult) { table(w, style, folded(steps)) }

// WholeTable is Table with nothing folded.
func WholeTable(w io.Writer, style Style, steps []engine.StepResult) {
	rows := make([]row, len(steps))
	for i, s := range steps {
		rows[i] = rowOf(s)
	}
	table(w, style, rows)
}

func table(w io.Writer, style Style, rows []row) {
	name, outcome, took := len("STEP"), len("OUTCOME"), len("TIME")
	for i := range rows {
		name = max(name, Cells(rows[i].name))
		outcome = max(outcome, Cells(rows[i].outcome)+2)
		took = max(took, Cells(rows[i].took))
	}
	header := strings.TrimRight(fmt.Sprintf("%-*s  %-*s  %*s  %s", name, "STEP", outcome, "OUTCOME", took, "TIME", "REASON"), " ")
	fmt.Fprintln(w, style.paint(bold, header))
	for _, r := range rows {
		shown := pad(r.mark+" "+r.outcome, outcome)
		line := pad(r.name, name) + "  " + style.paint(r.color, shown) + "  " + strings.Repeat(" ", took-Cells(r.took)) + r.took + "  "
		indent := name + outcome + took + 6
		for _, part := range wrap(r.reason, style.Width-indent) {
			fmt.Fprintln(w, strings.TrimRight(line+disarm(part), " "))
			line = strings.Repeat(" ", indent)
		}
	}
}

// minReason is the least width that a reason is wrapped to; below it the terminal may.
const minReason = 20

// wrap breaks a text between words into lines of a width; a longer word stays whole.
func wrap(text string, width int) []string {
	if width < minReason || Cells(text) <= width {
		return []string{text}
	}
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case Cells(line)+1+Cells(word) > width:
			lines = append(lines, line)
			line = word
		default:
			line += " " + word
		}
	}
	return append(lines, line)
}

type row struct{ name, mark, color, outcome, took, reason string }

func rowOf(s engine.StepResult) row {
	r := row{name: Line(s.Path), outcome: string(s.Outcome), reason: Line(oneLine(s.Reason))}
	r.mark, r.color = markOf(r.outcome, s.Allowed)
	if s.Cached != nil {
		r.outcome = "cached"
	}
	if s.Allowed {
		r.outcome += ", allowed"
	}
	if s.Duration > 0 && s.Outcome != engine.Skipped {
		r.took = Duration(s.Duration)
	}
	if s.Attempts > 1 {
		r.outcome += fmt.Sprintf(" (%d attempts)", s.Attempts)
	}
	return r
}

// oneLine keeps a reason on its row.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-Cells(s)))
}

// Outcome paints a run's outcome.
func Outcome(style Style, o engine.Outcome) string {
	mark, color := markOf(string(o), false)
	return style.paint(color, mark+" "+string(o))
}
