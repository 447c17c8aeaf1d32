package diag

import (
	"bytes"
	"encoding/json"
)

// record is one finding as `--format json` gives it; its fields are a contract with scripts.
type record struct {
	Rule      string `json:"rule"`
	Severity  string `json:"severity"`
	File      string `json:"file"`
	Line      int    `json:"line"`
	Column    int    `json:"column"`
	EndLine   int    `json:"end_line"`
	EndColumn int    `json:"end_column"`
	Message   string `json:"message"`
	Help      string `json:"help"`
	// Related are the places that explain the finding, in the order in which they are told.
	Related []relatedRecord `json:"related,omitempty"`
	// Fixes are what an editor can offer; the first is the one that check --fix applies.
	Fixes []fixRecord `json:"fixes,omitempty"`
}

// fixRecord is one fix. Changes says what the program does differently afterwards, and is left
// out when it means the same.
type fixRecord struct {
	Message string       `json:"message"`
	Changes string       `json:"changes,omitempty"`
	Edits   []editRecord `json:"edits"`
}

// editRecord replaces a range by a text.
type editRecord struct {
	File      string `json:"file"`
	Line      int    `json:"line"`
	Column    int    `json:"column"`
	EndLine   int    `json:"end_line"`
	EndColumn int    `json:"end_column"`
	Text      string `json:"text"`
}

// relatedRecord is one such place.
type relatedRecord struct {
	File      string `json:"file"`
	Line      int    `json:"line"`
	Column    int    `json:"column"`
	EndLine   int    `json:"end_line"`
	EndColumn int    `json:"end_column"`
	Message   string `json:"message"`
}

// renderJSON gives an array, [] when there is nothing to say. Lines and columns count from 1,
// columns in characters, and the end is the first character that is no longer meant. A finding
// without a place has "" for its file and zeros.
func renderJSON(list []Diagnostic) string {
	records := make([]record, len(list))
	for i, d := range list {
		records[i] = record{Rule: d.Rule, Severity: d.Severity.String(), Message: d.Message, Help: d.Help, Related: relatedRecords(d.Related), Fixes: fixRecords(d.Fixes)}
		if d.File == nil {
			continue
		}
		start, end := d.File.Position(d.Span.Start), d.File.Position(max(d.Span.Start, d.Span.End))
		records[i].File = d.File.Name
		records[i].Line, records[i].Column = start.Line, start.Column
		records[i].EndLine, records[i].EndColumn = end.Line, end.Column
	}
	return encode(records)
}

func relatedRecords(list []Related) (out []relatedRecord) {
	for _, r := range list {
		x := relatedRecord{Message: r.Message}
		if r.File != nil {
			start, end := r.File.Position(r.Span.Start), r.File.Position(max(r.Span.Start, r.Span.End))
			x.File, x.Line, x.Column, x.EndLine, x.EndColumn = r.File.Name, start.Line, start.Column, end.Line, end.Column
		}
		out = append(out, x)
	}
	return out
}

func fixRecords(list []Fix) (out []fixRecord) {
	for _, f := range list {
		x := fixRecord{Message: f.Message, Changes: f.Changes, Edits: []editRecord{}}
		for _, e := range f.Edits {
			start, end := e.File.Position(e.Span.Start), e.File.Position(max(e.Span.Start, e.Span.End))
			x.Edits = append(x.Edits, editRecord{e.File.Name, start.Line, start.Column, end.Line, end.Column, e.Text})
		}
		out = append(out, x)
	}
	return out
}

// encode cannot fail: what it is given holds strings and numbers only.
func encode(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return b.String()
}
