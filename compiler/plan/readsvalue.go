package plan

import (
	"reflect"
	"regexp"
	"slices"
)

// onlyEnds are the functions that ask how a step ended, and not for its value.
var onlyEnds = lazily(`\b(succeeded|failed|skipped)\(\s*\w+\s*\)`)

// ReadsValue reports whether an expression may read the value of a step, which is named by its path.
// It says yes where it is not sure.
func (p *Plan) ReadsValue(path string) bool {
	for s, g := range p.Graph.All() {
		if s.Path == path {
			return p.reads(g, s.Name)
		}
	}
	return false
}

// reads looks at a graph and at the ops that were written in its steps, which see what those do.
func (p *Plan) reads(g *Graph, name string) bool {
	word := anyOf([]string{regexp.QuoteMeta(name)})
	found := false
	look := func(_ string, v reflect.Value) bool {
		if x, ok := v.Addr().Interface().(*Expr); ok && x.CEL != "" {
			found = found || word.MatchString(onlyEnds().ReplaceAllString(x.CEL, ""))
		}
		return !found
	}
	walk("", reflect.ValueOf(g).Elem(), look)
	for s := range g.All() {
		if op := p.Ops[s.Op]; op.Inline {
			walk("", reflect.ValueOf(&op).Elem(), look)
		}
	}
	return found
}

// Naming are the late expressions of a step and of its op that name something, each as it stands in the
// plan with its place.
func (p *Plan) Naming(path, name string) []string {
	s, ok := p.Step(path)
	if !ok {
		return nil
	}
	names := anyOf([]string{regexp.QuoteMeta(name)})
	var out []string
	head, op := headOnly(s), p.Ops[s.Op]
	for _, v := range []reflect.Value{reflect.ValueOf(&head).Elem(), reflect.ValueOf(&op).Elem()} {
		walk("", v, func(_ string, v reflect.Value) bool {
			if x, ok := v.Addr().Interface().(*Expr); ok && names.MatchString(x.CEL) {
				if text := clean(x.CEL) + " (" + x.At + ")"; !slices.Contains(out, text) {
					out = append(out, text)
				}
			}
			return true
		})
	}
	return out
}
