package expr

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	celtypes "github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"

	"github.com/pipelang/pipe/lang/value"
)

// object is anything with named parts while an expression runs: a record, a map, an object in
// data, a file. Its keys have an order, so that results do not depend on luck.
type object struct {
	members members
	// whole is what the object was made of; nil for one that the expression built.
	whole value.Value
	// record says that an object that the expression built is a record and no map.
	record bool
}

// members are the parts of an object.
type members interface {
	size() int
	get(key string) (any, bool)
	keys() []string
}

// table is members in a Go map.
type table[V any] map[string]V

func (t table[V]) size() int { return len(t) }
func (t table[V]) get(key string) (any, bool) {
	v, ok := t[key]
	return v, ok
}
func (t table[V]) keys() []string { return slices.Sorted(maps.Keys(t)) }

func newObject[V any](whole value.Value, m map[string]V) *object {
	return &object{members: table[V](m), whole: whole}
}

func fileObject(f value.File) *object {
	return newObject(f, map[string]value.Value{"name": value.String(f.Name), "digest": value.String(f.Digest), "size": value.Size(f.Size)})
}

func dirObject(d value.Dir) *object {
	return newObject(d, map[string]value.Value{"name": value.String(d.Name), "digest": value.String(d.Digest), "size": value.Size(d.Size), "files": value.Int(d.Files)})
}

func imageObject(i value.Image) *object {
	return newObject(i, map[string]value.Value{"ref": value.String(i.Ref), "digest": value.String(i.Digest)})
}

func (o *object) kind() string {
	switch o.whole.(type) {
	case value.File:
		return "file"
	case value.Dir:
		return "dir"
	case value.Image:
		return "image"
	case value.Record:
		return "a record"
	case value.JSON:
		return "an object"
	}
	if o.record {
		return "a record"
	}
	return "a map"
}

// Find gives a part; one that is null in data, or absent, is not there.
func (o *object) Find(key ref.Val) (ref.Val, bool) {
	k, ok := key.(celtypes.String)
	if !ok {
		if celtypes.IsUnknownOrError(key) {
			return key, false
		}
		return nil, false
	}
	v, ok := o.members.get(string(k))
	if !ok {
		return nil, false
	}
	out := adapt(v)
	switch x := out.(type) {
	case celtypes.Null:
		return nil, false
	case *celtypes.Optional:
		if !x.HasValue() {
			return nil, false
		}
		return x.GetValue(), true
	}
	return out, true
}

// Get is Find for parts that must be there.
func (o *object) Get(key ref.Val) ref.Val {
	v, ok := o.Find(key)
	if !ok {
		return celtypes.ValOrErr(v, "no such key: %v", key)
	}
	return v
}

// Contains reports whether there is a part, for `in`.
func (o *object) Contains(key ref.Val) ref.Val {
	v, ok := o.Find(key)
	if v != nil && celtypes.IsUnknownOrError(v) {
		return v
	}
	return celtypes.Bool(ok)
}

// Size is the number of parts.
func (o *object) Size() ref.Val { return celtypes.Int(o.members.size()) }

// Iterator goes over the keys in order.
func (o *object) Iterator() traits.Iterator {
	return celtypes.NewStringList(adapter{}, o.members.keys()).Iterator()
}

// Equal compares part by part.
func (o *object) Equal(other ref.Val) ref.Val {
	m, ok := other.(traits.Mapper)
	if !ok {
		return celtypes.False
	}
	if p, ok := other.(*object); ok && o.whole != nil && p.whole != nil {
		return celtypes.Bool(value.Equal(o.whole, p.whole))
	}
	if o.Size() != m.Size() {
		return celtypes.False
	}
	for _, k := range o.members.keys() {
		a, there := o.Find(celtypes.String(k))
		b, also := m.Find(celtypes.String(k))
		if there != also || there && celtypes.Equal(a, b) != celtypes.True {
			return celtypes.False
		}
	}
	return celtypes.True
}

// IsZeroValue reports whether there are no parts.
func (o *object) IsZeroValue() bool { return o.members.size() == 0 }

// ConvertToNative is not used: values leave through fromCEL.
func (o *object) ConvertToNative(t reflect.Type) (any, error) {
	return nil, fmt.Errorf("%s has no native form %v", o.kind(), t)
}

// ConvertToType fails: an object stays what it is.
func (o *object) ConvertToType(t ref.Type) ref.Val {
	if t == celtypes.MapType {
		return o
	}
	return celtypes.NewErr("%s cannot be made into %s", o.kind(), t.TypeName())
}

// Type is a map's to CEL.
func (o *object) Type() ref.Type { return celtypes.MapType }

// Value is what the object was made of.
func (o *object) Value() any { return o.whole }
