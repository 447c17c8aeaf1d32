package expr

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	celtypes "github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"

	"github.com/pipelang/pipe/lang/value"
)

// hostValue is the host of one evaluation, as the first argument of host functions.
type hostValue struct {
	ctx  context.Context
	host Host
}

var hostRun = celtypes.NewTypeValue("host")

func (*hostValue) ConvertToNative(reflect.Type) (any, error) {
	return nil, fmt.Errorf("a host is no value")
}
func (h *hostValue) ConvertToType(ref.Type) ref.Val { return h }
func (h *hostValue) Equal(ref.Val) ref.Val          { return celtypes.False }
func (h *hostValue) Type() ref.Type                 { return hostRun }
func (h *hostValue) Value() any                     { return h.host }

// hostBinding is how a host function runs.
func hostBinding(name string) func(...ref.Val) ref.Val {
	return func(args ...ref.Val) ref.Val {
		h, ok := args[0].(*hostValue)
		if !ok {
			return celtypes.NewErr("%s cannot be called here", name)
		}
		if h.host == nil {
			return celtypes.NewUnknown(1, celtypes.NewAttributeTrail(name))
		}
		v, err := fromCEL(args[1])
		if err != nil {
			return celtypes.WrapErr(err)
		}
		out, err := h.host.Call(h.ctx, name, []value.Value{v})
		if unknown, ok := errors.AsType[*UnknownError](err); ok {
			return unknownNames(unknown.Names)
		}
		if err != nil {
			return celtypes.WrapErr(&hostError{err})
		}
		return toCEL(out)
	}
}

// unknownNames is a result that depends on names that are not known.
func unknownNames(names []string) ref.Val {
	var out *celtypes.Unknown
	for _, n := range names {
		out = celtypes.MergeUnknowns(out, celtypes.NewUnknown(1, celtypes.NewAttributeTrail(n)))
	}
	if out == nil {
		return celtypes.NewUnknown(1, celtypes.NewAttributeTrail("?"))
	}
	return out
}

// hostError is a failure of a host, whose message is for people already.
type hostError struct{ err error }

func (e *hostError) Error() string { return e.err.Error() }
func (e *hostError) Unwrap() error { return e.err }
