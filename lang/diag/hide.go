package diag

import (
	"slices"
	"strings"

	"github.com/pipelang/pipe/lang/source"
)

// hidden gives findings whose files show stars where a finding says that its text is a credential.
// Every place keeps its offset.
func hidden(list []Diagnostic) []Diagnostic {
	clean := map[*source.File]*source.File{}
	for _, d := range list {
		if d.Hide && d.File != nil {
			f := d.File
			if known := clean[f]; known != nil {
				f = known
			}
			clean[d.File] = starred(f, d.Span)
		}
	}
	if len(clean) == 0 {
		return list
	}
	out := slices.Clone(list)
	for i := range out {
		out[i].in(clean)
	}
	return out
}

// starred is a file with stars in the place of a text; line breaks stay.
func starred(f *source.File, at source.Span) *source.File {
	n := int32(len(f.Text))
	start, end := min(max(at.Start, 0), n), min(max(at.End, at.Start), n)
	var b strings.Builder
	b.WriteString(f.Text[:start])
	for _, c := range []byte(f.Text[start:end]) {
		if c != '\n' && c != '\r' {
			c = '*'
		}
		b.WriteByte(c)
	}
	b.WriteString(f.Text[end:])
	return &source.File{Name: f.Name, Text: b.String()}
}

// in replaces the files that a finding shows.
func (d *Diagnostic) in(clean map[*source.File]*source.File) {
	swap := func(f *source.File) *source.File {
		if c := clean[f]; c != nil {
			return c
		}
		return f
	}
	d.File = swap(d.File)
	d.Related = slices.Clone(d.Related)
	for i := range d.Related {
		d.Related[i].File = swap(d.Related[i].File)
	}
	d.Fixes = slices.Clone(d.Fixes)
	for i := range d.Fixes {
		d.Fixes[i].Edits = slices.Clone(d.Fixes[i].Edits)
		for j := range d.Fixes[i].Edits {
			d.Fixes[i].Edits[j].File = swap(d.Fixes[i].Edits[j].File)
		}
	}
}
