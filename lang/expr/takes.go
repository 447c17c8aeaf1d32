package expr

import (
	"slices"
	"strings"

	celtypes "github.com/google/cel-go/common/types"

	"github.com/pipelang/pipe/lang/types"
)

// takes says what a function may be given, as in "it takes (int) or (int, int)"; "" when that cannot be said
// in the words of the language. ts are the types that it was given, of a method its own value's first.
func (l *language) takes(fn string, member bool, ts []*types.Type) string {
	if member && len(ts) < 2 {
		return "" // it is the value itself that does not fit
	}
	var forms []string
	for _, o := range l.overloads[fn] {
		args := o.ArgTypes()
		if o.IsMemberFunction() != member || member && (len(ts) == 0 || !receives(args[0], ts[0])) {
			continue
		}
		if member {
			args = args[1:]
		}
		words := make([]string, len(args))
		for i, a := range args {
			words[i] = wordOf(a)
		}
		form := "(" + strings.Join(words, ", ") + ")"
		if !slices.Contains(words, "") && !slices.Contains(forms, form) {
			forms = append(forms, form)
		}
	}
	const readable = 4
	if len(forms) == 0 || len(forms) > readable {
		return ""
	}
	slices.SortStableFunc(forms, func(a, b string) int { return len(a) - len(b) })
	return "it takes " + strings.Join(forms, " or ")
}

// receives says that a method's first argument may be of a type.
func receives(arg *celtypes.Type, t *types.Type) bool {
	switch arg.Kind() {
	case celtypes.StringKind:
		return t.IsText()
	case celtypes.ListKind:
		return t.Kind == types.List
	case celtypes.MapKind:
		return t.Kind == types.Map
	}
	return wordOf(arg) == t.Plain().String()
}

// wordOf is a type of CEL as it is called here; "" when it has no name that people know.
func wordOf(t *celtypes.Type) string {
	switch t.Kind() {
	case celtypes.StringKind, celtypes.IntKind, celtypes.BoolKind, celtypes.BytesKind:
		return t.TypeName()
	case celtypes.DoubleKind:
		return "float"
	case celtypes.TimestampKind:
		return "timestamp"
	case celtypes.DurationKind:
		return "duration"
	case celtypes.TypeParamKind:
		return "any value"
	case celtypes.ListKind:
		if elem := wordOf(t.Parameters()[0]); elem == "any value" {
			return "a list"
		} else if elem != "" {
			return "[" + elem + "]"
		}
	case celtypes.MapKind:
		return "a map"
	}
	return ""
}
