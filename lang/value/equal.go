package value

import (
	"bytes"
	"time"
)

// Equal reports whether two values are of one kind and the same; an absent field is as good as
// a None, timestamps are compared as instants, data by its canonical JSON.
func Equal(a, b Value) bool {
	switch a := a.(type) {
	case nil, None:
		return isNone(b) || b == nil
	case Timestamp:
		b, ok := b.(Timestamp)
		return ok && time.Time(a).Equal(time.Time(b))
	case List:
		b, ok := b.(List)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !Equal(a[i], b[i]) {
				return false
			}
		}
		return true
	case Map:
		b, ok := b.(Map)
		return ok && equalMembers(a, b)
	case Record:
		b, ok := b.(Record)
		return ok && equalMembers(a, b)
	case JSON:
		b, ok := b.(JSON)
		return ok && equalJSON(a, b)
	}
	switch b.(type) {
	case List, Map, Record, JSON:
		return false
	}
	return a == b
}

func equalMembers(a, b map[string]Value) bool {
	for k, x := range a {
		if !Equal(x, b[k]) {
			return false
		}
	}
	for k, x := range b {
		if _, ok := a[k]; !ok && !Equal(x, None{}) {
			return false
		}
	}
	return true
}

func equalJSON(a, b JSON) bool {
	x, errA := Marshal(a)
	y, errB := Marshal(b)
	return errA == nil && errB == nil && bytes.Equal(x, y)
}
