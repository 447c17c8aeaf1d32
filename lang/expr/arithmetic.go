package expr

import (
	"math"
	"strings"
	"time"

	"github.com/google/cel-go/common/functions"

	celtypes "github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

// multiply is CEL's, and sizes and durations by whole numbers, either way round.
func multiply(a, b ref.Val) ref.Val {
	if n, ok := a.(celtypes.Int); ok {
		if out := scaled(b, n); out != nil {
			return out
		}
	}
	if n, ok := b.(celtypes.Int); ok {
		if out := scaled(a, n); out != nil {
			return out
		}
	}
	m, ok := a.(traits.Multiplier)
	if !ok || a.Type() != b.Type() {
		return misfit("*", a, b)
	}
	return finite(m.Multiply(b))
}

// finite refuses floats that are too large where they arise: nothing else of the language has them.
func finite(v ref.Val) ref.Val {
	if f, ok := v.(celtypes.Double); ok && (math.IsInf(float64(f), 0) || math.IsNaN(float64(f))) {
		return errTooLarge()
	}
	return v
}

// scaled is nil for what has no multiples.
func scaled(x ref.Val, n celtypes.Int) ref.Val {
	switch x := x.(type) {
	case size:
		if p, ok := times(int64(x), int64(n)); ok {
			return size(p)
		}
		return errTooLarge()
	case celtypes.Duration:
		if p, ok := times(int64(x.Duration), int64(n)); ok {
			return celtypes.Duration{Duration: time.Duration(p)}
		}
		return errTooLarge()
	}
	return nil
}

// divide is CEL's, and sizes and durations by whole numbers, rounded towards zero.
func divide(a, b ref.Val) ref.Val {
	n, whole := b.(celtypes.Int)
	switch x := a.(type) {
	case size:
		if !whole {
			return misfit("/", a, b)
		}
		if n == 0 {
			return errDivision()
		}
		return x / size(n)
	case celtypes.Duration:
		if !whole {
			return misfit("/", a, b)
		}
		if n == 0 {
			return errDivision()
		}
		return celtypes.Duration{Duration: x.Duration / time.Duration(n)}
	}
	d, ok := a.(traits.Divider)
	if !ok || a.Type() != b.Type() {
		return misfit("/", a, b)
	}
	if f, ok := b.(celtypes.Double); ok && f == 0 {
		return errDivision()
	}
	return finite(d.Divide(b))
}

// saying is an operator of CEL that says which types it was given when they do not fit.
func saying(name string, o *functions.Overload) *functions.Overload {
	op := strings.Trim(name, "_")
	return &functions.Overload{Operator: name, Binary: func(a, b ref.Val) ref.Val {
		if o.OperandTrait != 0 && !a.Type().HasTrait(o.OperandTrait) {
			return misfit(op, a, b)
		}
		out := o.Binary(a, b)
		if err, ok := out.(*celtypes.Err); ok && strings.HasPrefix(err.String(), "no such overload") {
			return misfit(op, a, b)
		}
		return finite(out)
	}}
}

func errDivision() ref.Val { return celtypes.NewErr("division by zero") }

// misfit says that data turned out to be of types that an operator does not take.
func misfit(op string, a, b ref.Val) ref.Val {
	return celtypes.NewErr("%s does not work between %s and %s", op, runKind(a), runKind(b))
}

// runKind names what a running value is.
func runKind(v ref.Val) string {
	switch v := v.(type) {
	case celtypes.String:
		return "string"
	case celtypes.Int:
		return "int"
	case celtypes.Double:
		return "float"
	case celtypes.Bool:
		return "bool"
	case celtypes.Duration:
		return "duration"
	case celtypes.Timestamp:
		return "timestamp"
	case celtypes.Bytes:
		return "bytes"
	case celtypes.Null:
		return "null"
	case size:
		return "size"
	case *celtypes.Optional:
		return "nothing"
	case *object:
		return v.kind()
	case traits.Lister:
		return "a list"
	case traits.Mapper:
		return "a map"
	}
	return v.Type().TypeName()
}
