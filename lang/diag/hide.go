package diag

import (
	"slices"

	"github.com/pipelang/pipe/lang/source"
)

// hidden gives findings whose files show stars where a finding says that its text is a credential.
// Every place keeps its offset.
func hidden(list []Diagnostic) []Diagnostic {
	stars := map[*source.File][]byte{}
	for _, d := range list {
		if !d.Hide || d.File == nil {
			continue
		}
		if stars[d.File] == nil {
			stars[d.File] = []byte(d.File.Text)
		}
		star(stars[d.File], d.Span)
	}
	if len(stars) == 0 {
		return list
	}
	clean := make(map[*source.File]*source.File, len(stars))
	for f, text := range stars {
		clean[f] = &source.File{Name: f.Name, Text: string(text)}
	}
	out := slices.Clone(list)
	for i := range out {
		out[i].in(clean)
	}
	return out
}

// star puts stars in the place of a text; line breaks stay.
func star(text []byte, at source.Span) {
	n := int32(len(text))
	start, end := min(max(at.Start, 0), n), min(max(at.End, at.Start), n)
	for i := start; i < end; i++ {
		if text[i] != '\n' && text[i] != '\r' {
			text[i] = '*'
		}
	}
}

// Renamed are findings whose files go by other names. The list itself stays.
func Renamed(list []Diagnostic, names map[*source.File]string) []Diagnostic {
	other := make(map[*source.File]*source.File, len(names))
	for f, name := range names {
		other[f] = &source.File{Name: name, Text: f.Text}
	}
	out := slices.Clone(list)
	for i := range out {
		out[i].in(other)
	}
	return out
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
