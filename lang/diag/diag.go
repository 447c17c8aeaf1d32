// Package diag is what the compiler tells people: diagnostics with a stable rule
// name, an exact range, related places, a way out and fixes that an editor can apply.
// It knows how to order and print them, and nothing of how they are found.
package diag

import (
	"cmp"
	"slices"

	"github.com/pipelang/pipe/lang/source"
)

// Severity says how bad a finding is.
type Severity uint8

const (
	// Error makes check fail and nothing run.
	Error Severity = iota
	// Warning fails only with --strict.
	Warning
	// Hint never fails.
	Hint
)

// String is the word that people and JSON see: "error", "warning" or "hint".
func (s Severity) String() string { return [...]string{"error", "warning", "hint"}[s] }

// Diagnostic is one finding about a user's text.
type Diagnostic struct {
	Rule     string // stable kebab-case name, one of the constants in rules.go
	Severity Severity
	File     *source.File // nil when a finding has no place, as for a missing folder
	Span     source.Span
	Message  string // one lower-case line without a full stop: the thing, what was expected, what was found
	Help     string // the way out; may be empty. DidYouMean's becomes a fix, too, when a list is sorted
	Related  []Related
	Fixes    []Fix
	// Hide says that the text at Span is a credential, which no rendering shows.
	Hide bool
}

// Related is another place that explains a finding.
type Related struct {
	File    *source.File
	Span    source.Span
	Message string
}

// Fix is a set of edits that an editor can apply at once.
type Fix struct {
	Message string
	// Changes says in a few words what the program does differently afterwards; "" when it means the same.
	Changes string
	// Obvious says that the help tells the same, so that nobody has to be shown both.
	Obvious bool
	Edits   []Edit
}

// Edit replaces a span by a text.
type Edit struct {
	File *source.File
	Span source.Span
	Text string
}

// List collects findings. The zero value is ready; it is not safe for concurrent use.
type List struct{ all []Diagnostic }

// Add keeps a finding.
func (l *List) Add(d Diagnostic) { l.all = append(l.all, d) }

// Append keeps all findings of another list.
func (l *List) Append(m *List) { l.all = append(l.all, m.all...) }

// AppendFrom keeps the findings of another list from its nth on.
func (l *List) AppendFrom(m *List, n int) { l.all = append(l.all, m.all[n:]...) }

// AppendCopy keeps all findings of another list, which stay as they are when these are completed.
func (l *List) AppendCopy(m *List) {
	for _, d := range m.all {
		d.Related, d.Fixes = slices.Clone(d.Related), slices.Clone(d.Fixes)
		l.all = append(l.all, d)
	}
}

// Each lets visit complete every finding so far.
func (l *List) Each(visit func(*Diagnostic)) {
	for i := range l.all {
		visit(&l.all[i])
	}
}

// Keep leaves out the findings that keep does not want.
func (l *List) Keep(keep func(Diagnostic) bool) {
	l.all = slices.DeleteFunc(l.all, func(d Diagnostic) bool { return !keep(d) })
}

// Len is the number of findings so far.
func (l *List) Len() int { return len(l.all) }

// HasErrors reports whether any finding is an error.
func (l *List) HasErrors() bool {
	return slices.ContainsFunc(l.all, func(d Diagnostic) bool { return d.Severity == Error })
}

// Sorted returns the findings by file, place and rule, without exact repetitions.
func (l *List) Sorted() []Diagnostic {
	out := slices.Clone(l.all)
	for i := range out {
		out[i].respell()
	}
	slices.SortStableFunc(out, func(a, b Diagnostic) int {
		return cmp.Or(
			cmp.Compare(fileName(a.File), fileName(b.File)),
			cmp.Compare(a.Span.Start, b.Span.Start),
			cmp.Compare(a.Span.End, b.Span.End),
			cmp.Compare(a.Severity, b.Severity),
			cmp.Compare(a.Rule, b.Rule),
			cmp.Compare(a.Message, b.Message))
	})
	return slices.CompactFunc(out, func(a, b Diagnostic) bool {
		return a.File == b.File && a.Span == b.Span && a.Rule == b.Rule && a.Message == b.Message
	})
}

func fileName(f *source.File) string {
	if f == nil {
		return ""
	}
	return f.Name
}
