package expr

import (
	"slices"

	"github.com/pipelang/pipe/lang/value"
)

// Late stands in a record or list for a part that is there and whose value is not known (yet):
// what reads it has no value either, which is an *UnknownError with Name. It is for Input.Var
// alone, and leaves an evaluation only within a record or list that is handed on as a whole,
// which then has the type that it came with.
type Late struct {
	value.None
	Name string
}

// HoldsLate says that a part of a value, or all of it, is not known yet.
func HoldsLate(v value.Value) bool {
	switch v := v.(type) {
	case Late:
		return true
	case value.List:
		return slices.ContainsFunc(v, HoldsLate)
	case value.Record:
		for _, part := range v {
			if HoldsLate(part) {
				return true
			}
		}
	}
	return false
}
