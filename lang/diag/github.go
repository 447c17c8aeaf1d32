package diag

import (
	"fmt"
	"strings"
)

// What a workflow command's text, and the value of one of its properties, escape.
var (
	commandData     = strings.NewReplacer("%", "%25", "\n", "%0A")
	commandProperty = strings.NewReplacer("%", "%25", ":", "%3A", ",", "%2C")
)

// renderGitHub gives one workflow command a finding, which GitHub shows beside the line.
func renderGitHub(list []Diagnostic) string {
	var b strings.Builder
	for _, d := range list {
		message := printable(d.Message, false)
		for _, r := range d.Related {
			message += "\nnote: " + printable(r.Message, false) + commandRelated(r)
		}
		if d.Help != "" {
			message += "\nhelp: " + printable(d.Help, false)
		}
		fmt.Fprintf(&b, "::%s %stitle=%s::%s\n", commandName(d.Severity), commandPlace(d),
			commandProperty.Replace(d.Rule), commandData.Replace(message))
	}
	return b.String()
}

func commandName(s Severity) string {
	return [...]string{Error: "error", Warning: "warning", Hint: "notice"}[s]
}

// commandRelated is a related place as people write it: an annotation has one place of its own.
func commandRelated(r Related) string {
	if r.File == nil {
		return ""
	}
	at := r.File.Position(r.Span.Start)
	return fmt.Sprintf(" (%s:%d:%d)", printable(r.File.Name, false), at.Line, at.Column)
}

// commandPlace leaves columns out of a range of several lines, which GitHub does not take.
func commandPlace(d Diagnostic) string {
	if d.File == nil {
		return ""
	}
	s := visible(d.File, d.Span)
	start, end := d.File.Position(s.Start), d.File.Position(s.End)
	file := commandProperty.Replace(printable(d.File.Name, false))
	if start.Line != end.Line {
		return fmt.Sprintf("file=%s,line=%d,endLine=%d,", file, start.Line, end.Line)
	}
	return fmt.Sprintf("file=%s,line=%d,col=%d,endLine=%d,endColumn=%d,", file, start.Line, start.Column, end.Line, end.Column)
}
