package settings

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

// longestFound is how much of an offending text is shown, in characters.
const longestFound = 60

// problem notes what is wrong, once.
func (s *setting) problem(p Problem) {
	same := func(q Problem) bool { return q.Setting == p.Setting && q.Message == p.Message }
	if !slices.ContainsFunc(s.problems, same) {
		s.problems = append(s.problems, p)
	}
}

// misfit is a value that does not fit the type of a part.
func (s *setting) misfit(m *misfit, t *types.Type, path string, o Origin, variable string) Problem {
	found := m.found
	if s.decl.Secret {
		found = m.kind
	} else {
		path += m.path
	}
	p := Problem{Setting: path, Variable: variable, Origin: o, Expected: m.want, Found: found}
	if variable == "" {
		p.Variable = s.variableOf(path)
	}
	if path == s.decl.Name {
		p.Expected = withComplaint(m.want, s.decl.Else)
	}
	p.Message = fmt.Sprintf("%s: expected %s, found %s", path, m.want, found)
	if s.decl.Secret {
		p.Found = ""
	}
	if m.kind == "an empty text" {
		p.Help = fmt.Sprintf("give it a value, or unset %s", p.Variable)
		if t.Plain().Kind == types.List {
			p.Help = "an empty list is written []"
		}
	}
	return p
}

// missing notes that a part has no value.
func (s *setting) missing(t *types.Type, path string) {
	p := Problem{Setting: path, Variable: s.variableOf(path), Origin: Origin{Kind: Unset}, Expected: expected(t)}
	if path == s.decl.Name {
		p.Expected = s.expected()
	}
	p.Message = path + " is missing"
	p.Help = fmt.Sprintf("set %s in the environment or in .env", p.Variable)
	if s.decl.Secret {
		p.Help += fmt.Sprintf(", or name a file that holds it in %s_FILE", p.Variable)
	} else {
		p.Help += fmt.Sprintf(", or pass --set %s=…", path)
	}
	s.problem(p)
}

// violated is a value that its `where` refuses.
func (s *setting) violated(complaint string, v value.Value) Problem {
	p := Problem{Setting: s.decl.Name, Variable: s.decl.Variable, Origin: s.origin}
	p.Expected = expected(s.typ) + ", " + complaint
	p.Message = s.decl.Name + " " + complaint
	if !s.decl.Secret {
		p.Found = shown(v)
		p.Message += ", found " + p.Found
	}
	return p
}

// expected is the type and, where it is a literal, what `else` says.
func (s *setting) expected() string { return withComplaint(expected(s.typ), s.decl.Else) }

func withComplaint(want string, complaint *plan.Expr) string {
	if complaint == nil || complaint.Value == nil {
		return want
	}
	text, err := strconv.Unquote(string(complaint.Value))
	if err != nil {
		return want
	}
	return want + ", " + text
}

// shown is a value as people write it: strings quoted, all else as JSON.
func shown(v value.Value) string {
	raw, err := value.Marshal(v)
	if err != nil {
		return "a value that has no JSON"
	}
	return clipped(string(raw))
}

// quote shows a text on one line, without characters that move a terminal's cursor.
func quote(s string) string {
	r := []rune(s)
	if len(r) > longestFound {
		return strconv.Quote(string(r[:longestFound])) + "…"
	}
	return strconv.Quote(s)
}

func clipped(s string) string {
	r := []rune(s)
	if len(r) > longestFound {
		s = string(r[:longestFound]) + "…"
	}
	var b strings.Builder
	for _, c := range s {
		if strconv.IsPrint(c) {
			b.WriteRune(c)
		} else {
			fmt.Fprintf(&b, `\u%04x`, c)
		}
	}
	return b.String()
}
