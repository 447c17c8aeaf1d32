package settings

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// tableWidth is how wide a table of problems gets, in characters.
const tableWidth = 80

// WriteProblems writes problems as one table for people: setting, the variable to set, where
// the bad value came from, what was expected and what was found; then the ways out.
func WriteProblems(w io.Writer, problems []Problem) error {
	if len(problems) == 0 {
		return nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s with the settings\n\n", counted(len(problems)))
	rows := [][]string{{"SETTING", "VARIABLE", "FROM", "EXPECTED", "FOUND"}}
	for _, p := range problems {
		rows = append(rows, p.row())
	}
	writeTable(&b, rows)
	for i, p := range problems {
		if i == 0 {
			b.WriteByte('\n')
		}
		line := p.Message
		if p.Help != "" {
			line += "; " + p.Help
		}
		for j, part := range wrap(line, tableWidth-2) {
			b.WriteString([...]string{"- ", "  "}[min(j, 1)] + part + "\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func counted(n int) string {
	if n == 1 {
		return "1 problem"
	}
	return fmt.Sprintf("%d problems", n)
}

func (p Problem) row() []string {
	return []string{p.Setting, or(p.Variable, "-"), p.Origin.short(), p.Expected, or(p.Found, p.unseen())}
}

// unseen is what stands for a value that is not shown.
func (p Problem) unseen() string {
	if p.Origin.Kind == Unset {
		return "nothing"
	}
	return "(not shown)"
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// short is an origin as one cell: the place where there is one, else the kind.
func (o Origin) short() string {
	switch {
	case o.At != "":
		return o.At
	case o.Kind == Flag:
		return "--set"
	case o.Kind == Profile:
		return "profile " + o.Name
	case o.Kind == Unset:
		return "-"
	}
	return o.Kind
}

// writeTable lays columns out within tableWidth, wrapping the widest.
func writeTable(b *strings.Builder, rows [][]string) {
	widths := fitWidths(rows, tableWidth)
	for _, row := range rows {
		cells := make([][]string, len(row))
		height := 1
		for i, cell := range row {
			cells[i] = wrap(cell, widths[i])
			height = max(height, len(cells[i]))
		}
		for line := range height {
			var text strings.Builder
			for i, cell := range cells {
				part := ""
				if line < len(cell) {
					part = cell[line]
				}
				text.WriteString(part + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(part)+2))
			}
			b.WriteString(strings.TrimRight(text.String(), " ") + "\n")
		}
	}
}

// fitWidths shrinks the widest column until everything fits.
func fitWidths(rows [][]string, total int) []int {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for {
		sum, widest := 2*(len(widths)-1), 0
		for i, w := range widths {
			sum += w
			if w > widths[widest] {
				widest = i
			}
		}
		if sum <= total || widths[widest] <= 8 {
			return widths
		}
		widths[widest]--
	}
}

// wrap breaks a text at spaces, and within words that are longer than a line.
func wrap(s string, width int) []string {
	var lines []string
	line := []rune{}
	for word := range strings.FieldsSeq(s) {
		r := []rune(word)
		if len(line) > 0 && len(line)+1+len(r) <= width {
			line = append(append(line, ' '), r...)
			continue
		}
		if len(line) > 0 {
			lines = append(lines, string(line))
		}
		for len(r) > width {
			lines = append(lines, string(r[:width]))
			r = r[width:]
		}
		line = r
	}
	return append(lines, string(line))
}
