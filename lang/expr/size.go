package expr

import (
	"fmt"
	"math/bits"
	"reflect"

	celtypes "github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

// size is a number of bytes while an expression runs.
type size int64

var sizeRun = celtypes.NewTypeValue("size", traits.AdderType, traits.SubtractorType, traits.ComparerType, traits.MultiplierType, traits.DividerType)

func (s size) ConvertToNative(t reflect.Type) (any, error) {
	return nil, fmt.Errorf("size has no native form %v", t)
}
func (s size) ConvertToType(t ref.Type) ref.Val {
	if t == celtypes.IntType {
		return celtypes.Int(s)
	}
	return celtypes.NewErr("a size cannot be made into %s", t.TypeName())
}
func (s size) Equal(other ref.Val) ref.Val { return celtypes.Bool(other == ref.Val(s)) }
func (s size) Type() ref.Type              { return sizeRun }
func (s size) Value() any                  { return int64(s) }

// Add is size + size.
func (s size) Add(other ref.Val) ref.Val {
	o, ok := other.(size)
	if !ok {
		return misfit("+", s, other)
	}
	sum := s + o
	if (sum > s) != (o > 0) {
		return errTooLarge()
	}
	return sum
}

// Subtract is size - size.
func (s size) Subtract(other ref.Val) ref.Val {
	o, ok := other.(size)
	if !ok {
		return misfit("-", s, other)
	}
	diff := s - o
	if (diff < s) != (o > 0) {
		return errTooLarge()
	}
	return diff
}

// Compare orders sizes.
func (s size) Compare(other ref.Val) ref.Val {
	o, ok := other.(size)
	if !ok {
		return misfit("<", s, other)
	}
	return celtypes.Int(s).Compare(celtypes.Int(o))
}

func errTooLarge() ref.Val { return celtypes.NewErr("the result is too large") }

// times multiplies without overflow.
func times(a, b int64) (int64, bool) {
	hi, lo := bits.Mul64(magnitude(a), magnitude(b))
	if hi != 0 || lo > 1<<63-1 {
		return 0, false
	}
	if (a < 0) != (b < 0) {
		return -int64(lo), true
	}
	return int64(lo), true
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}
