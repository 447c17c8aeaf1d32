package diag

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pipelang/pipe/lang/source"
)

// hidden gives findings whose files show stars where a finding says that its text is a credential.
// Every place keeps its offset.
func hidden(list []Diagnostic) []Diagnostic {
	stars := map[*source.File][]byte{}
	var secrets []string
	for _, d := range list {
		if !d.Hide || d.File == nil {
			continue
		}
		if stars[d.File] == nil {
			stars[d.File] = []byte(d.File.Text)
		}
		star(stars[d.File], d.Span)
		if text := strings.Trim(d.File.Slice(d.Span), "\"'`"); len(text) >= shortestSecret {
			secrets = append(secrets, text)
		}
	}
	if len(stars) == 0 {
		return list
	}
	clean := make(map[*source.File]*source.File, len(stars))
	for f, text := range stars {
		clean[f] = &source.File{Name: f.Name, Text: string(text)}
	}
	out := slices.Clone(list)
	said := starred(secrets)
	for i := range out {
		out[i].in(clean)
		out[i].say(said)
	}
	return out
}

// shortestSecret is the length, in bytes, below which a credential is told by its place alone: a shorter one may be a
// part of any word.
const shortestSecret = 6

// starred puts stars in the place of texts, the longest first, where one holds another.
func starred(secrets []string) func(string) string {
	slices.SortFunc(secrets, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	var pairs []string
	for _, text := range slices.Compact(secrets) {
		pairs = append(pairs, text, strings.Repeat("*", len(text)))
	}
	return strings.NewReplacer(pairs...).Replace
}

// say rewrites all that a finding says in words. A fix whose text would be another is not offered, as somebody may
// apply what is shown.
func (d *Diagnostic) say(rewrite func(string) string) {
	d.Message, d.Help = rewrite(d.Message), rewrite(d.Help)
	for i := range d.Related {
		d.Related[i].Message = rewrite(d.Related[i].Message)
	}
	d.Fixes = slices.DeleteFunc(d.Fixes, func(f Fix) bool {
		return slices.ContainsFunc(f.Edits, func(e Edit) bool { return rewrite(e.Text) != e.Text })
	})
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
