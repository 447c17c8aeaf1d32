package script

import (
	"fmt"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"github.com/pipelang/pipe/lang/source"
)

// array is a variable that bash fills with several elements, and the function and the shell that do.
type array struct {
	name, within string
	shell        int32
	from         int32 // where it is filled: what the command that fills it is given, is read before
}

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
	if !slices.ContainsFunc(w.arrays, func(r array) bool { return r.name == name && r.within == w.within && r.shell == w.shell }) {
		w.arrays = append(w.arrays, array{name, w.within, w.shell, w.filled})
	}
}

// endOf is where a statement ends with all that it is given.
func endOf(s *syntax.Stmt) int32 {
	end := spanOf(s).End
	for _, r := range s.Redirs {
		if r.Hdoc != nil {
			end = max(end, spanOf(r.Hdoc).End)
		}
	}
	return end
}

// firstElement finds an array that is read as if it were one value, which is its first element. Whether there is one is
// asked like that, too.
func (w *walker) firstElement(p *syntax.ParamExp, at place, alone bool) bool {
	if len(w.arrays) == 0 || p.Param == nil || p.Index != nil || p.Length || p.Names != 0 || p.Exp != nil || p.Repl != nil || p.Slice != nil || p.Excl {
		return false
	}
	name, span := p.Param.Value, spanOf(p)
	if !slices.ContainsFunc(w.arrays, func(r array) bool {
		return r.name == name && (r.within == "" || r.within == w.within) && r.from <= span.Start && w.inShell(w.shell, r.shell)
	}) || w.asksWhether(span) {
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
