package expr

import (
	celtypes "github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"

	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

// conversion is int(x), duration(x) and the like: text is read as a setting's would be.
func conversion(to ref.Type, t *types.Type) func(ref.Val) ref.Val {
	return func(v ref.Val) ref.Val {
		s, ok := v.(celtypes.String)
		if !ok {
			out := v.ConvertToType(to)
			if celtypes.IsError(out) {
				return celtypes.NewErr("%s cannot be made into %s", runKind(v), t)
			}
			return out
		}
		x, err := value.ParseText(t, string(s))
		if err != nil {
			return celtypes.WrapErr(err)
		}
		out := toCEL(x)
		if celtypes.IsError(finite(out)) {
			return celtypes.NewErr("expected a finite float, found %q", string(s))
		}
		return out
	}
}

// runIndex is x[i]. Past a .? it gives an optional, as CEL has it.
func runIndex(x, i ref.Val) ref.Val {
	optional := false
	if o, ok := x.(*celtypes.Optional); ok {
		if !o.HasValue() {
			return o
		}
		x, optional = o.GetValue(), true
	}
	out := element(x, i)
	switch {
	case !optional:
		return out
	case celtypes.IsError(out):
		return celtypes.OptionalNone
	}
	return celtypes.OptionalOf(out)
}

func element(x, i ref.Val) ref.Val {
	switch x := x.(type) {
	case traits.Mapper:
		if v, ok := x.Find(i); ok {
			return v
		}
		return newDataError("there is no such key", "there is no key %q", cut(text(i)))
	case traits.Lister:
		n, err := celtypes.IndexOrError(i)
		if err != nil {
			return celtypes.NewErr("%s is no index of a list", runKind(i))
		}
		if size := x.Size().(celtypes.Int); n < 0 || celtypes.Int(n) >= size {
			return newDataError("the index is out of range", "index %d is out of range for a list of %d", n, int64(size))
		}
		return x.Get(celtypes.Int(n))
	}
	return celtypes.NewErr("%s cannot be indexed by %s", runKind(x), runKind(i))
}

// runSum adds the whole numbers of a list; that of none is 0.
func runSum(v ref.Val) ref.Val {
	list, ok := v.(traits.Lister)
	if !ok {
		return celtypes.NewErr("%s has no sum", runKind(v))
	}
	var total ref.Val = celtypes.Int(0)
	for it := list.Iterator(); it.HasNext() == celtypes.True; {
		n, ok := it.Next().(celtypes.Int)
		if !ok {
			return celtypes.NewErr("sum() adds whole numbers only")
		}
		if total = total.(celtypes.Int).Add(n); celtypes.IsError(total) {
			return errTooLarge()
		}
	}
	return total
}

// runEncode is the canonical JSON of a value.
func runEncode(v ref.Val) ref.Val {
	x, err := fromCEL(v)
	if err != nil {
		return celtypes.WrapErr(err)
	}
	raw, err := value.Marshal(x)
	switch {
	case err != nil:
		return celtypes.WrapErr(err)
	case len(raw) > maxText:
		return celtypes.NewErr("json.encode would make more than an expression may: at most %d bytes of text", maxText)
	}
	return celtypes.String(raw)
}

func text(v ref.Val) string {
	if s, ok := runText(v).(celtypes.String); ok {
		return string(s)
	}
	return runKind(v)
}
