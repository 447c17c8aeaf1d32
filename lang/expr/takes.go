package expr

import (
	"fmt"
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

// receivers are the types that have a method, in pipe's words; nothing where the value's own has it.
func (l *language) receivers(fn string, t *types.Type) (out []string) {
	for _, o := range l.overloads[fn] {
		args := o.ArgTypes()
		if !o.IsMemberFunction() {
			continue
		}
		word := wordOf(args[0])
		if receives(args[0], t) || word == "" {
			return nil
		}
		if !slices.Contains(out, word) {
			out = append(out, word)
		}
	}
	return out
}

// noMethod says that a value's type does not have a method that others have.
func noMethod(fn string, ts []*types.Type, others []string) (message, help string) {
	switch t := ts[0].Plain(); {
	case fn == "contains" && t.Kind == types.List:
		help = "whether an element is there is asked by in: x in list"
	case slices.Contains(others, "string") && printable(t):
		help = "make a string of it: string(…)." + fn + "(…)"
	default:
		help = "it is one of " + strings.Join(others, ", ")
	}
	return fmt.Sprintf("%s is no function of %s", fn, plainly(ts[0].Plain())), help
}

// printable says that string() makes a text of a value.
func printable(t *types.Type) bool {
	switch t.Kind {
	case types.Int, types.Float, types.Bool, types.Duration, types.Size, types.Timestamp:
		return true
	}
	return false
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
