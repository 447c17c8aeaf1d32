package plan

import (
	"reflect"
	"regexp"
)

// onlyEnds are the functions that ask how a step ended, and not for its value.
var onlyEnds = regexp.MustCompile(`\b(succeeded|failed|skipped)\(\s*\w+\s*\)`)

// ReadsValue reports whether an expression may read the value of a step, which is named by its path.
// It says yes where it is not sure.
func (p *Plan) ReadsValue(path string) bool {
	for s, g := range p.Graph.All() {
		if s.Path == path {
			return g.reads(s.Name)
		}
	}
	return false
}

func (g *Graph) reads(name string) bool {
	word := regexp.MustCompile(`(^|[^.\w])` + regexp.QuoteMeta(name) + `\b`)
	found := false
	walk("", reflect.ValueOf(g).Elem(), func(_ string, v reflect.Value) bool {
		if x, ok := v.Addr().Interface().(*Expr); ok && x.CEL != "" {
			found = found || word.MatchString(onlyEnds.ReplaceAllString(x.CEL, ""))
		}
		return !found
	})
	return found
}
