package check

import (
	"slices"
	"strings"

	"github.com/pipelang/pipe/lang/types"
)

// sameType says that two types are written alike. Records with a name are told by it: where it is asked, what
// declares them is the same.
func sameType(a, b *types.Type) bool {
	switch {
	case a == b:
		return true
	case a == nil || b == nil || a.Kind != b.Kind || a.Labels != b.Labels || !slices.Equal(a.Literals, b.Literals) || (a.Record == nil) != (b.Record == nil):
		return false
	case a.Record == nil || a.Record == b.Record:
		return sameType(a.Elem, b.Elem)
	case a.Record.ID != "" || b.Record.ID != "":
		return a.Record.ID == b.Record.ID && a.Record.Name == b.Record.Name
	}
	return slices.EqualFunc(a.Record.Fields, b.Record.Fields, func(x, y types.Field) bool {
		return x.Name == y.Name && x.HasDefault == y.HasDefault && x.Default == y.Default && sameType(x.Type, y.Type)
	})
}

// ownTypes says that a type holds no record with a name, which every check makes anew.
func ownTypes(t *types.Type) bool {
	if t == nil || t.Record == nil {
		return t == nil || t.Elem == nil || ownTypes(t.Elem)
	}
	return t.Record.ID == "" && !slices.ContainsFunc(t.Record.Fields, func(f types.Field) bool { return !ownTypes(f.Type) })
}

// apart is a type of which ownTypes holds, and which shares no text with a file.
func apart(t *types.Type) *types.Type {
	if t == nil || t.Elem == nil && t.Record == nil && len(t.Literals) == 0 {
		return t
	}
	out := *t
	out.Elem, out.Literals = apart(t.Elem), cloned(t.Literals)
	if t.Record != nil {
		fields := slices.Clone(t.Record.Fields)
		for i, f := range fields {
			fields[i] = types.Field{Name: strings.Clone(f.Name), Type: apart(f.Type), HasDefault: f.HasDefault, Default: strings.Clone(f.Default), Doc: strings.Clone(f.Doc)}
		}
		out.Record = &types.RecordInfo{Name: strings.Clone(t.Record.Name), Fields: fields}
	}
	return &out
}
