package script

import (
	"fmt"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/pipelang/pipe/lang/source"
)

// array is a variable that bash fills with several elements, and the function that does.
type array struct{ name, within string }

// fills notes what an assignment makes of a variable: an array of several elements, or something else.
func (w *walker) fills(a *syntax.Assign) {
	if w.dialect != Bash || a.Name == nil {
		return
	}
	switch {
	case a.Array != nil && (a.Append || len(a.Array.Elems) != 1 || w.mayBeMany(a.Array.Elems[0])):
		w.fillsName(a.Name.Value)
	case a.Index == nil && a.Array == nil:
		w.isOne(a.Name.Value)
	}
}

// isOne notes that what is read by a name alone has just been given to it.
func (w *walker) isOne(name string) {
	if len(w.arrays) > 0 {
		w.arrays = slices.DeleteFunc(w.arrays, func(r array) bool { return r.name == name })
	}
}

// mayBeMany says that one word in the parentheses may be several elements.
func (w *walker) mayBeMany(e *syntax.ArrayElem) bool {
	if e.Value == nil {
		return false
	}
	text, static := literal(e.Value.Parts)
	return !static || strings.ContainsAny(text, "*?[{")
}

func (w *walker) fillsName(name string) {
	if r := (array{name, w.within}); !slices.Contains(w.arrays, r) {
		w.arrays = append(w.arrays, r)
	}
}

// firstElement finds an array that is read as if it were one value, which is its first element. Whether there is one is
// asked like that, too.
func (w *walker) firstElement(p *syntax.ParamExp, at place, alone bool) bool {
	if len(w.arrays) == 0 || p.Param == nil || p.Index != nil || p.Length || p.Names != 0 || p.Exp != nil || p.Repl != nil || p.Slice != nil || p.Excl {
		return false
	}
	name, span := p.Param.Value, spanOf(p)
	if !slices.ContainsFunc(w.arrays, func(r array) bool { return r.name == name && (r.within == "" || r.within == w.within) }) || w.asksWhether(span) {
		return false
	}
	r := Risk{
		Kind: FirstElement, At: span, Name: name, FixMessage: "take all elements",
		Message: fmt.Sprintf("$%s is only the first element of the array", name), Help: fmt.Sprintf(`"${%s[@]}" is all of them`, name),
	}
	quoted := strings.HasSuffix(w.text[:span.Start], `"`) && strings.HasPrefix(w.text[span.End:], `"`)
	switch {
	case at != whole && alone:
		r.Edits = []Edit{{span, `"${` + name + `[@]}"`}}
	case quoted && at == whole:
		r.Edits = []Edit{{span, `${` + name + `[@]}`}}
	}
	w.risk(r)
	return true
}

// maxTest is how long a test is, in bytes, in which an array may be asked for.
const maxTest = 1 << 10

// asksWhether says that a place stands in a test, as far as its line tells.
func (w *walker) asksWhether(at source.Span) bool {
	line := w.text[max(at.Start-maxTest, 0):at.Start]
	line = line[strings.LastIndexByte(line, '\n')+1:]
	return strings.LastIndexByte(line, '[') > strings.LastIndexByte(line, ']') || strings.Contains(" "+line, " test ")
}
