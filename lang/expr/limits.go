package expr

import (
	"strings"

	"github.com/google/cel-go/common/functions"
	"github.com/google/cel-go/common/operators"
	celtypes "github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

// What one evaluation may do, so that no expression hangs a run or fills its memory.
const (
	costLimit = 3_000_000 // one for a call, and one for ten bytes of text that it makes
	maxText   = 64 << 20  // bytes of one text
	maxList   = 1_000_000 // elements of a list that is put together
	maxValue  = 1_000_000 // parts of one result
)

// growing are the functions whose result may be far larger than what they are given. bound says
// how large, in bytes or elements, before anything is made; with fewer arguments than least there is
// no such function.
var growing = map[string]struct {
	least int
	bound func(args []ref.Val) int
	limit int
}{
	operators.Add:   {2, sumOf, maxText},
	"replace":       {3, replaced, maxText},
	"join":          {1, joinedSize, maxText},
	"format":        {2, formatted, maxText},
	"regex.replace": {3, func(a []ref.Val) int { return (textSize(a[0]) + 1) * max(1, textSize(a[2])) }, maxText},
	"lists.range":   {1, func(a []ref.Val) int { n, _ := a[0].(celtypes.Int); return int(n) }, maxList},
}

// limited is a function that refuses to make what is too large.
func limited(name string, o *functions.Overload) *functions.Overload {
	g, ok := growing[name]
	if !ok {
		return o
	}
	refuses := func(args ...ref.Val) ref.Val {
		if len(args) < g.least {
			return nil
		}
		limit, unit := g.limit, "bytes of text"
		if _, list := args[0].(traits.Lister); list && name == operators.Add || name == "lists.range" {
			limit, unit = maxList, "elements"
		}
		switch n := g.bound(args); {
		case n > limit:
			return celtypes.NewErr("%s would make %d %s: an expression may make %d", spoken(name), n, unit, limit)
		case n < 0 && name != "lists.range":
			return celtypes.NewErr("%s would make more %s than can be counted: an expression may make %d", spoken(name), unit, limit)
		}
		return nil
	}
	out := *o
	if f := o.Unary; f != nil {
		out.Unary = func(a ref.Val) ref.Val {
			if err := refuses(a); err != nil {
				return err
			}
			return f(a)
		}
	}
	if f := o.Binary; f != nil {
		out.Binary = func(a, b ref.Val) ref.Val {
			if err := refuses(a, b); err != nil {
				return err
			}
			return f(a, b)
		}
	}
	if f := o.Function; f != nil {
		out.Function = func(args ...ref.Val) ref.Val {
			if err := refuses(args...); err != nil {
				return err
			}
			return f(args...)
		}
	}
	return &out
}

// textSize is the size of a text, or of all texts in a list.
func textSize(v ref.Val) int {
	switch v := v.(type) {
	case celtypes.String:
		return len(v)
	case celtypes.Bytes:
		return len(v)
	case traits.Lister:
		n := 0
		for it := v.Iterator(); it.HasNext() == celtypes.True && n <= maxText; {
			n += textSize(it.Next())
		}
		return n
	}
	return 16
}

func sumOf(args []ref.Val) int {
	if a, ok := args[0].(traits.Lister); ok {
		b, ok := args[1].(traits.Lister)
		if !ok {
			return 0
		}
		x, _ := a.Size().(celtypes.Int)
		y, _ := b.Size().(celtypes.Int)
		return int(x + y)
	}
	return textSize(args[0]) + textSize(args[1])
}

func replaced(args []ref.Val) int {
	s, _ := args[0].(celtypes.String)
	old, _ := args[1].(celtypes.String)
	return len(s) + strings.Count(string(s), string(old))*textSize(args[2])
}

func joinedSize(args []ref.Val) int {
	n := textSize(args[0])
	if l, ok := args[0].(traits.Lister); ok && len(args) > 1 {
		count, _ := l.Size().(celtypes.Int)
		n += int(count) * textSize(args[1])
	}
	return n
}

func formatted(args []ref.Val) int {
	return textSize(args[0]) + textSize(args[1])
}
