package cli

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/pipelang/pipe/cmd/pipe/internal/ui"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/runtime/engine"
)

// placeIn is where a step stands, file:line:column.
func placeIn(s stepSpot) string {
	f := s.step.File.Source
	at := f.Position(s.step.Decl.Name.Span().Start)
	return fmt.Sprintf("%s:%d:%d", f.Name, at.Line, at.Column)
}

// docLine is the first line of a documentation.
func docLine(d *ast.Doc) string {
	if d == nil {
		return ""
	}
	line, _, _ := strings.Cut(strings.TrimSpace(d.Text), "\n")
	return line
}

// page lays an explanation out in two columns: what a line is about, and what is said.
type page struct {
	w     io.Writer
	style ui.Style
	width int
}

// labelWidth is the first column of a page.
const labelWidth = 13

// line prints one thing under a label; an empty label goes on with the one before.
func (p page) line(label, text string) {
	for _, part := range ui.Fold(ui.Line(text), p.width-labelWidth) {
		pad := strings.Repeat(" ", max(1, labelWidth-utf8.RuneCountInString(label)))
		fmt.Fprintln(p.w, strings.TrimRight(ui.Bold(p.style, label)+pad+part, " "))
		label = ""
	}
}

// explainText prints an explanation for people.
func explainText(w io.Writer, style ui.Style, x *explanation) {
	p := page{w, style, style.Width}
	if p.width <= 0 {
		p.width = 80
	}
	fmt.Fprintf(w, "%s (%s) calls %s\n", ui.Bold(style, ui.Line(x.Step)), ui.Line(x.At), ui.Line(x.Calls))
	if x.Doc != "" {
		fmt.Fprintf(w, "%s\n", ui.Line(ui.Cut(x.Doc, p.width)))
	}
	fmt.Fprintln(w)
	p.about(x)
	p.conditions(x)
	p.verdict(x)
	fmt.Fprintln(w)
	p.table(x)
}

// about prints what the step stands in and waits for.
func (p page) about(x *explanation) {
	p.line("pipeline", x.Pipeline)
	if x.Hook != "" {
		p.line("runs", map[string]string{"on failure": "only when the run failed: it stands in on failure",
			"finally": "whatever happened before: it stands in finally"}[x.Hook])
	}
	for i, n := range x.Within {
		p.line(first("inside", i), n.Step+": "+n.say())
	}
	for i, n := range x.Waits {
		p.line(first("waits for", i), n.Step+" ("+n.How+"): "+n.say())
	}
	if len(x.Waits) == 0 {
		p.line("waits for", "nothing")
	}
	for i, n := range x.Needs {
		text := n.Step + ": skipped too when " + n.Step + " is"
		if n.MayFail {
			text += ", or fails as it may"
		}
		p.line(first("needs", i), text)
	}
	for i, b := range x.Bindings {
		p.condition(first("needs", i+len(x.Needs)), b)
	}
	if names := x.abandonedBy(); names != nil {
		p.line("abandoned", "when "+strings.Join(names, " or ")+" fails")
	}
}

// abandonedBy are the steps whose failure leaves this one without a value that it reads.
func (x *explanation) abandonedBy() []string {
	var out []string
	for _, n := range x.Waits {
		if (n.How == "needs" || n.How == "reads") && !n.MayFail {
			out = append(out, n.Step)
		}
	}
	return out
}

func (n neighbour) say() string {
	switch {
	case n.Fate == string(engine.Runs):
		return "runs"
	case n.Reason != "" && n.Fate == string(engine.Undecided):
		return n.Reason
	case n.Reason != "":
		return n.Fate + ", " + n.Reason
	}
	return n.Fate
}

// first is the label of the first of several lines.
func first(label string, i int) string {
	if i == 0 {
		return label
	}
	return ""
}

// conditions prints the guards and what else the step asks.
func (p page) conditions(x *explanation) {
	for i, c := range x.Head {
		p.condition(first("pipeline when", i), c)
	}
	for i, c := range x.When {
		p.condition(first("when", i), c)
	}
	for i, l := range x.For {
		text := l.Var + " in " + l.List
		if l.Values != nil {
			text += ", which are " + ui.Cut(strings.Join(l.Values, ", "), 4*longestLiteral)
		}
		p.line(first("for", i), text)
	}
	for i, c := range x.Require {
		p.condition(first("require", i), c)
	}
	if a := x.Approve; a != nil {
		text := a.Note
		if a.Text != "always" {
			text += " when " + a.Text
		}
		p.line("approve", text)
		p.parts(a.Parts)
	}
	for i, l := range x.Locks {
		p.line(first("lock", i), l)
	}
	if a := x.Allowed; a != nil {
		text := "a failure keeps the run green"
		if a.Text != "always" {
			text += " when " + a.Text
		}
		p.line("allow_failure", text)
	}
}

func (p page) condition(label string, c condition) {
	p.line(label, c.Text)
	p.parts(c.Parts)
}

// parts prints what each side of a condition comes to.
func (p page) parts(list []part) {
	for _, one := range list {
		text := "  " + one.With + " -> " + one.Result
		if len(one.From) > 0 {
			text += " (" + strings.Join(one.From, "; ") + ")"
		}
		p.line("", text)
	}
}

// verdict prints what a run here and now would do.
func (p page) verdict(x *explanation) {
	v := x.Verdict
	text := v.Fate
	switch {
	case x.Hook == "on failure" && v.Fate == string(engine.Runs):
		text = "runs when the run fails"
	case v.Asks == "yes":
		text = "waits until a person approves, then runs"
	case v.Fate == string(engine.Undecided):
		text = "depends on " + strings.Join(v.On, "; ")
	case v.Reason != "":
		text += ": " + v.Reason
	}
	if v.Instances != nil && v.Asks != "yes" {
		text += fmt.Sprintf("; %d of %d instances", *v.Running, *v.Instances)
	}
	if v.Asks == "maybe" {
		text += "; a person may be asked first"
	}
	p.line("verdict", text)
	for _, b := range x.Because {
		p.line("", "because "+b.Step+" is "+b.say())
	}
	if len(v.MayRefuse) > 0 {
		p.line("", "fails unless "+strings.Join(v.MayRefuse, " and "))
	}
	if v.Otherwise {
		p.line("", "if the steps before it succeed; otherwise this may differ")
	}
	for _, m := range x.Missing {
		p.line("", "setting: "+m)
	}
	p.cached(x)
	p.line("", fmt.Sprintf("(here and now: profile %s, event %s)", noneFor(x.Profile), x.Event))
}

func noneFor(s string) string {
	if s == "" {
		return "(none)"
	}
	return s
}

// table prints profiles by events; what a cell depends on stands below it.
func (p page) table(x *explanation) {
	columns := []ui.Column{{Title: "PROFILE"}}
	for _, e := range events {
		columns = append(columns, ui.Column{Title: e})
	}
	var rows [][]string
	notes := &footnotes{}
	waits := false
	for _, r := range x.Table {
		row := []string{noneFor(r.Profile)}
		for _, e := range events {
			cell := cellOf(r, e, notes)
			waits = waits || cell == "waits"
			row = append(row, cell)
		}
		rows = append(rows, row)
	}
	ui.Grid(p.w, ui.Style{Color: p.style.Color, Width: p.width}, columns, rows)
	if waits {
		p.note("waits: until a person approves")
	}
	for i, n := range notes.list {
		p.note(fmt.Sprintf("%s: %s", letter(i), n))
	}
}

func (p page) note(text string) {
	for i, line := range ui.Fold(ui.Line(text), p.width-2) {
		fmt.Fprintln(p.w, strings.Repeat(" ", min(2*i, 2))+line)
	}
}

// cellOf is a verdict as one word, with the letter of what it depends on.
func cellOf(r profileRow, event string, notes *footnotes) string {
	v := r.Events[event]
	switch {
	case r.Error != "":
		return "error " + notes.mark(r.Error)
	case v.Fate == string(engine.Undecided):
		return "depends " + notes.mark("depends on "+strings.Join(v.On, "; "))
	case v.Fate == string(engine.Runs) && v.Asks == "yes":
		return "waits"
	case v.Fate == string(engine.WillSkip):
		return "skip"
	case v.Fate == string(engine.Runs) && v.Instances != nil && *v.Running < *v.Instances:
		return fmt.Sprintf("%d of %d", *v.Running, *v.Instances)
	}
	return v.Fate
}

// footnotes are what cells depend on, each once.
type footnotes struct{ list []string }

func (n *footnotes) mark(text string) string {
	for i, have := range n.list {
		if have == text {
			return letter(i)
		}
	}
	n.list = append(n.list, text)
	return letter(len(n.list) - 1)
}

// letter counts a, b, … z, then in numbers.
func letter(i int) string {
	if i < 26 {
		return string(rune('a' + i))
	}
	return fmt.Sprint(i + 1)
}
