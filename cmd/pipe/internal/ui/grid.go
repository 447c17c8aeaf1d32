package ui

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Column of a grid. A cell that is too long for a Cut column ends in …; others go on in the next line.
// One that is Whole is never made narrower: what is in it is copied, as an id is.
type Column struct {
	Title string
	Cut   bool
	Whole bool
}

const (
	// usualWidth is what a grid is laid out for where nobody counts columns.
	usualWidth = 80
	// leastColumn is what a column is not made narrower than: most words fit it.
	leastColumn = 11
	// leastText is what a cell of a list is not made narrower than.
	leastText = 4
	gap       = 2
)

// Grid prints rows under titles within the width of the style, cells spelled out as Line does. Where
// not even narrow columns fit, each row becomes a list of its cells.
func Grid(w io.Writer, style Style, columns []Column, rows [][]string) {
	total := style.Width
	if total <= 0 {
		total = usualWidth
	}
	for i := range rows {
		for j := range rows[i] {
			rows[i][j] = Line(rows[i][j])
		}
	}
	widths, fits := columnWidths(columns, rows, total)
	if !fits {
		cards(w, style, columns, rows, total)
		return
	}
	titles := make([]string, len(columns))
	for i, c := range columns {
		titles[i] = c.Title
	}
	gridRow(w, style, bold, columns, titles, widths)
	for _, row := range rows {
		gridRow(w, style, "", columns, row, widths)
	}
}

// columnWidths makes the widest column narrower until everything fits; false when it cannot.
func columnWidths(columns []Column, rows [][]string, total int) (widths []int, fits bool) {
	sum := gap * (len(columns) - 1)
	for i, c := range columns {
		wide := Cells(c.Title)
		for _, row := range rows {
			wide = max(wide, Cells(row[i]))
		}
		widths = append(widths, wide)
		sum += wide
	}
	for ; sum > total; sum-- {
		widest := -1
		for i := range widths {
			if !columns[i].Whole && (widest < 0 || widths[i] > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 || widths[widest] <= leastColumn {
			return nil, false
		}
		widths[widest]--
	}
	return widths, true
}

func gridRow(w io.Writer, style Style, color string, columns []Column, row []string, widths []int) {
	cells, height := make([][]string, len(row)), 1
	for i, cell := range row {
		if columns[i].Cut {
			cells[i] = []string{Cut(cell, widths[i])}
		} else {
			cells[i] = Fold(cell, widths[i])
		}
		height = max(height, len(cells[i]))
	}
	for line := range height {
		text := ""
		for i, cell := range cells {
			part := ""
			if line < len(cell) {
				part = cell[line]
			}
			text += pad(part, widths[i]+gap)
		}
		fmt.Fprintln(w, style.paint(color, strings.TrimRight(text, " ")))
	}
}

// cards prints each row as its first cell and, below it, the others with their titles.
func cards(w io.Writer, style Style, columns []Column, rows [][]string, total int) {
	wide := 0
	for _, c := range columns[1:] {
		wide = max(wide, Cells(c.Title))
	}
	for _, row := range rows {
		for _, line := range Fold(row[0], total) {
			fmt.Fprintln(w, style.paint(bold, line))
		}
		for i, c := range columns[1:] {
			if row[i+1] == "" {
				continue
			}
			head := "  " + pad(c.Title, wide+gap)
			for _, line := range Fold(row[i+1], max(total-Cells(head), leastText)) {
				fmt.Fprintln(w, strings.TrimRight(head+line, " "))
				head = strings.Repeat(" ", Cells(head))
			}
		}
	}
}

// Cut shortens a text to a width, with … at its end; 0 or less is no width.
func Cut(s string, width int) string {
	if width <= 0 {
		return s
	}
	return CutCells(s, width)
}

// Fold breaks a text at spaces, and within words that are longer than a line; what it starts
// with is kept as an indent. A width of 0 or less breaks nothing.
func Fold(s string, width int) []string {
	if width <= 0 || Cells(s) <= width {
		return []string{s}
	}
	body := strings.TrimLeft(s, " ")
	indent := min(len(s)-len(body), width/2)
	lead := strings.Repeat(" ", indent)
	width -= indent
	var lines []string
	line, taken := "", 0
	for word := range strings.FieldsSeq(body) {
		wide := Cells(word)
		if line != "" && taken+1+wide <= width {
			line, taken = line+" "+word, taken+1+wide
			continue
		}
		if line != "" {
			lines = append(lines, lead+line)
		}
		for wide > width {
			head := headOf(word, width)
			lines = append(lines, lead+head)
			word = word[len(head):]
			wide = Cells(word)
		}
		line, taken = word, wide
	}
	if line != "" || lines == nil {
		lines = append(lines, lead+line)
	}
	return lines
}

// headOf is as much of a text as fits a width, one character at least.
func headOf(s string, width int) string {
	end := 0
	for i, r := range s {
		if width -= cellsOf(r); width < 0 && i > 0 {
			return s[:end]
		}
		end = i + utf8.RuneLen(r)
	}
	return s
}
