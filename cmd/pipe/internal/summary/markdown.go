package summary

import (
	"fmt"
	"io"
	"strings"

	"github.com/pipelang/pipe/cmd/pipe/internal/ui"
)

const (
	// mostTests is how many failed tests a page names, mostRows how many steps.
	mostTests = 50
	mostRows  = 100
	// mostMessage is how many bytes of a test's message it has, mostOutput of what a step wrote.
	mostMessage = 300
	mostOutput  = 32 << 10
)

// Markdown writes a run as a page: the tests that failed first, then the steps that did not
// succeed, the first failure's output and the table. Next is the command that goes on, "" for none.
func Markdown(w io.Writer, r *Run, output Output, next string) error {
	p := &page{}
	p.head(r)
	p.tests(r)
	p.failure(r, output)
	p.steps(r)
	if len(r.Critical) > 1 {
		p.line("Critical path: %s", strings.Join(each(r.Critical, code), " → "))
		p.line("")
	}
	p.line("Run %s%s", code(r.ID), origin(r))
	if next != "" {
		p.line("")
		p.line("Go on with %s", code(next))
	}
	_, err := io.WriteString(w, p.text.String())
	return err
}

type page struct{ text strings.Builder }

func (p *page) line(format string, args ...any) { fmt.Fprintf(&p.text, format+"\n", args...) }

func (p *page) head(r *Run) {
	took := ""
	if !r.Ended.IsZero() {
		took = " in " + ui.Duration(r.Ended.Sub(r.Started))
	}
	p.line("### %s %s %s%s", sign(r.Status, false), escaped(r.Pipeline), r.Status, took)
	p.line("")
	if r.Reason != "" {
		p.line("%s", escaped(r.Reason))
		p.line("")
	}
}

// tests lists the tests that failed, of all reports.
func (p *page) tests(r *Run) {
	var rows []string
	all := 0
	for i := range r.Steps {
		s := &r.Steps[i]
		if s.Whole { // the instances have them
			continue
		}
		for _, report := range s.Reports {
			all += report.Failed + report.Errors
			for _, f := range report.Failures {
				rows = append(rows, fmt.Sprintf("| %s | %s | %s | %s |", cell(code(f.Name)), cell(place(f)), cell(code(s.Path)), cell(escaped(clip(f.Message)))))
			}
		}
	}
	if len(rows) == 0 {
		return
	}
	p.line("#### %d failed tests", max(all, len(rows)))
	p.line("")
	p.line("| test | where | step | message |")
	p.line("|---|---|---|---|")
	for _, row := range rows[:min(len(rows), mostTests)] {
		p.line("%s", row)
	}
	if n := max(all, len(rows)) - mostTests; n > 0 {
		p.line("| and %d more | | | |", n)
	}
	p.line("")
}

func place(f Failure) string {
	switch {
	case f.File == "":
		return ""
	case f.Line == 0:
		return code(f.File)
	}
	return code(fmt.Sprintf("%s:%d", f.File, f.Line))
}

// failure is what the first failure wrote.
func (p *page) failure(r *Run, output Output) {
	s := r.FirstFailure()
	if s == nil {
		return
	}
	lines := output(s)
	size, from := 0, len(lines)
	for from > 0 && size+len(lines[from-1]) < mostOutput {
		from--
		size += len(lines[from]) + 1
	}
	if lines = lines[from:]; len(lines) == 0 {
		return
	}
	text := strings.Join(lines, "\n")
	p.line("<details><summary>What <code>%s</code> wrote at its end</summary>", html(s.Path))
	p.line("")
	fence := fenceFor(text, 3)
	p.line("%stext\n%s\n%s", fence, text, fence)
	p.line("")
	p.line("</details>")
	p.line("")
}

// steps is the table, those that did not succeed first where it is long.
func (p *page) steps(r *Run) {
	p.line("| | step | outcome | time | reason |")
	p.line("|---|---|---|---|---|")
	long, shown := len(r.Steps) > mostRows, 0
	for i := range r.Steps {
		s := &r.Steps[i]
		if long && (s.Status == "succeeded" || shown == mostRows) {
			continue
		}
		shown++
		p.line("| %s | %s | %s | %s | %s |", sign(s.Status, s.Allowed), cell(code(s.Path)), outcomeOf(s), took(s), cell(escaped(s.Reason)))
	}
	if n := len(r.Steps) - shown; n > 0 {
		p.line("| | and %d more | | | |", n)
	}
	p.line("")
}

func took(s *Step) string {
	if s.Duration == 0 || s.Status == "skipped" {
		return ""
	}
	return ui.Duration(s.Duration)
}

func outcomeOf(s *Step) string {
	text := s.Status
	if s.Cached != nil {
		text = "cached"
	}
	if s.Allowed {
		text += ", allowed"
	}
	if n := len(s.Attempts); n > 1 {
		text += fmt.Sprintf(" (%d attempts)", n)
	}
	return text
}

func sign(status string, allowed bool) string {
	switch {
	case status == "succeeded":
		return "✅"
	case status == failed && allowed:
		return "⚠️"
	case status == failed:
		return "❌"
	case status == "skipped":
		return "⏭️"
	}
	return "⏸️"
}

func origin(r *Run) string {
	text := ""
	if r.Commit != "" {
		text += ", commit " + code(r.Commit[:min(len(r.Commit), 7)])
	}
	if r.Profile != "" {
		text += ", profile " + code(r.Profile)
	}
	return text
}

// clip is the beginning of a message.
func clip(s string) string {
	if len(s) <= mostMessage {
		return s
	}
	return strings.ToValidUTF8(s[:mostMessage], "") + "…"
}

func each(list []string, f func(string) string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = f(s)
	}
	return out
}
