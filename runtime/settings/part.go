package settings

import (
	"slices"

	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

// FieldValue is a part of a record or map that has no parts of its own, as it was found.
type FieldValue struct {
	// Path of names below the setting. In a secret setting a map's key is "…".
	Path []string
	Type *types.Type
	// Value is nil where the part is missing or secret, or the setting is invalid.
	Value  value.Value
	Origin Origin // which source won here
}

// Fields are the parts of a setting whose value is a record or a map, in declared order and
// keys in theirs, each with the source that won there; nil for any other setting. Parts that
// are unset and optional are left out.
func (s *Set) Fields(name string) []FieldValue {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.find(name)
	if one == nil || !parted(one.typ) || one.found == nil || one.found.fields == nil {
		return nil
	}
	v := one.value
	if one.decl.Secret {
		v = nil
	}
	return one.fields(one.typ, one.found, v, nil)
}

func (s *setting) fields(t *types.Type, n *node, v value.Value, path []string) []FieldValue {
	var out []FieldValue
	switch inner := t.Plain(); inner.Kind {
	case types.Record:
		of, _ := v.(value.Record)
		for _, f := range inner.Record.Fields {
			out = append(out, s.part(f.Type, n.below(f.Name), of[f.Name], slices.Concat(path, []string{f.Name}))...)
		}
	case types.Map:
		of, _ := v.(value.Map)
		for _, k := range n.names() {
			out = append(out, s.part(inner.Elem, n.fields[k], of[k], slices.Concat(path, []string{s.key(k)}))...)
		}
	}
	return out
}

func (s *setting) part(t *types.Type, n *node, v value.Value, path []string) []FieldValue {
	if n != nil && n.fields != nil && parted(t) && len(n.fields) > 0 {
		return s.fields(t, n, v, path)
	}
	origin := Origin{Kind: Default}
	switch _, none := v.(value.None); {
	case n != nil:
		origin = n.origin
	case s.decl.Secret || v == nil || none:
		return nil
	}
	return []FieldValue{{Path: path, Type: t, Value: v, Origin: origin}}
}

// below is a field's node, nil when no source speaks of it.
func (n *node) below(name string) *node {
	if n == nil {
		return nil
	}
	return n.fields[name]
}
