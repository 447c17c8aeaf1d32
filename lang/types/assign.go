package types

import "slices"

// Assignable reports whether a value of type from may stand where to is wanted: strings
// narrow by closed sets, records by width, T fits T?, JSON fits everything (the run checks),
// and a label may be gained (secret) or kept, never lost.
func Assignable(from, to *Type) bool {
	var r relation
	return r.assignable(from, to)
}

// relation holds the pairs of records that have been met: a recursive record meets its own
// again, and one that stands in many places is compared once. One pair that does not fit ends
// the whole comparison, so that those met before may be taken as fitting.
type relation []pair

// pair is two records with the labels that they have where they stand.
type pair struct {
	from, to             *RecordInfo
	fromLabels, toLabels Label
}

func (s *relation) assignable(from, to *Type) bool {
	if from == to || from.Kind == Invalid || to.Kind == Invalid {
		return true
	}
	if from.Labels&^to.Labels&^Concealed != 0 && to.Kind != Optional {
		return false
	}
	if from.Kind == JSON && to.Kind != Optional {
		return true
	}
	switch to.Kind {
	case Optional:
		if from.Concealed() && !to.Concealed() {
			return false
		}
		return s.assignable(from.Plain(), to.Elem.WithLabels(to.Labels))
	case JSON:
		return from.DeepLabels()&^to.Labels&^Concealed == 0 && from.Kind != Optional
	case String:
		return from.IsText()
	case Path:
		return from.IsText() && from.Kind != URL
	case URL:
		return from.Kind == URL || from.Kind == String || from.Kind == Literals
	case Literals:
		return from.Kind == Literals && !slices.ContainsFunc(from.Literals, func(s string) bool { return !slices.Contains(to.Literals, s) })
	case List, Map:
		return from.Kind == to.Kind && s.assignable(from.Elem.WithLabels(from.Labels), to.Elem.WithLabels(to.Labels))
	case Record:
		return from.Kind == Record && s.records(from, to)
	}
	return from.Kind == to.Kind
}

func (s *relation) records(from, to *Type) bool {
	p := pair{from.Record, to.Record, from.Labels, to.Labels}
	if slices.Contains(*s, p) {
		return true
	}
	same := p.from == p.to || p.from.ID != "" && p.from.ID == p.to.ID
	if same && p.fromLabels&Concealed&^p.toLabels == 0 {
		return true
	}
	*s = append(*s, p)
	for _, want := range to.Record.Fields {
		f, ok := from.Field(want.Name)
		switch {
		case ok:
			if !s.assignable(f.Type.WithLabels(from.Labels), want.Type.WithLabels(to.Labels)) {
				return false
			}
		case want.Type.Kind != Optional && !want.HasDefault:
			return false
		}
	}
	return true
}

// Equal reports whether two types admit the same values with the same labels.
func Equal(a, b *Type) bool {
	return a == b || a.Kind == b.Kind && a.Labels == b.Labels && Assignable(a, b) && Assignable(b, a)
}

// Join is the narrowest type that both fit, and whether there is one. Fields that it drops leave
// their labels behind: the value still has them until it is made to fit.
func Join(a, b *Type) (*Type, bool) {
	t, ok := join(a, b)
	if ok && (a.Kind == Record || b.Kind == Record) {
		t = t.WithLabels((a.DeepLabels() | b.DeepLabels()) &^ t.DeepLabels())
	}
	return t, ok
}

// joinLiterals is LiteralsOf for those of two types, of which neither has one twice: a list of thousands of strings
// joins them one by one.
func joinLiterals(a, b *Type) *Type {
	t := &Type{Kind: Literals, Literals: slices.Clip(a.Literals)}
	for _, s := range b.Literals {
		if !slices.Contains(a.Literals, s) {
			t.Literals = append(t.Literals, s)
		}
	}
	return t
}

func join(a, b *Type) (*Type, bool) {
	labels := a.Labels | b.Labels
	switch {
	case a.Kind == Invalid:
		return b.WithLabels(labels), true
	case b.Kind == Invalid:
		return a.WithLabels(labels), true
	case a.Kind == b.Kind && (a.Kind == List || a.Kind == Map || a.Kind == Optional):
		elem, ok := Join(a.Elem, b.Elem)
		if !ok {
			return InvalidType, false
		}
		return (&Type{Kind: a.Kind, Elem: elem}).WithLabels(labels), true
	case a.Kind == Literals && b.Kind == Literals:
		return joinLiterals(a, b).WithLabels(labels), true
	case a.Plain().Kind == JSON || b.Plain().Kind == JSON:
		// What the data holds need not be of the other type; data carries the labels of its parts.
		t := JSONType.WithLabels(a.DeepLabels() | b.DeepLabels())
		if a.Kind == Optional || b.Kind == Optional {
			return OptionalOf(t), true
		}
		return t, true
	case Assignable(a, b.WithLabels(labels)):
		return b.WithLabels(labels), true
	case Assignable(b, a.WithLabels(labels)):
		return a.WithLabels(labels), true
	case a.IsText() && b.IsText():
		return StringType.WithLabels(labels), true
	case a.Kind == Optional || b.Kind == Optional:
		t, ok := Join(a.Plain(), b.Plain())
		if !ok {
			return InvalidType, false
		}
		return OptionalOf(t), true
	}
	return InvalidType, false
}
