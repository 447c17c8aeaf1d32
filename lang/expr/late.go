package expr

import "github.com/pipelang/pipe/lang/value"

// Late stands in a record or list for a part that is there and whose value is not known (yet):
// what reads it has no value either, which is an *UnknownError with Name. It is for Input.Var
// alone and never leaves an evaluation.
type Late struct {
	value.None
	Name string
}
