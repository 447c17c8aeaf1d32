package plan

import (
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"
)

// Exprs visits every expression of a plan, in the order of its JSON. Where is its place:
// "graph.steps[2].when[0]". The expressions must not be changed.
func (p *Plan) Exprs(visit func(where string, x *Expr)) {
	walk("", reflect.ValueOf(p).Elem(), func(where string, v reflect.Value) bool {
		x, ok := v.Addr().Interface().(*Expr)
		if ok {
			visit(where, x)
		}
		return !ok
	})
}

// TypeTexts visits the text of every type of a plan, as Exprs does.
func (p *Plan) TypeTexts(visit func(where string, t Type)) {
	walk("", reflect.ValueOf(p).Elem(), func(where string, v reflect.Value) bool {
		if t, ok := v.Addr().Interface().(*Type); ok {
			visit(where, *t)
		}
		return true
	})
}

// walk goes through structs by reflection, so that no field is ever forgotten here. It goes
// into what visit wants it to, and shows it structs, and texts of a type of their own.
func walk(where string, v reflect.Value, visit func(string, reflect.Value) bool) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			walk(where, v.Elem(), visit)
		}
	case reflect.Slice:
		if k := v.Type().Elem().Kind(); k == reflect.String || k == reflect.Uint8 {
			return
		}
		for i := range v.Len() {
			walk(fmt.Sprintf("%s[%d]", where, i), v.Index(i), visit)
		}
	case reflect.Map:
		for _, key := range sortedKeys(v) {
			// What a map holds has no address, so a copy is visited.
			c := reflect.New(v.Type().Elem()).Elem()
			c.Set(v.MapIndex(key))
			walk(fmt.Sprintf("%s[%q]", where, key.String()), c, visit)
		}
	case reflect.Struct:
		if visit(where, v) {
			for i := range v.NumField() {
				if f := v.Field(i); holds(f) {
					walk(field(where, v.Type().Field(i)), f, visit)
				}
			}
		}
	case reflect.String:
		visit(where, v)
	}
}

// holds reports whether walk may find anything in a field: to say where it is takes longer than to look.
func holds(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer:
		return !v.IsNil()
	case reflect.Slice, reflect.Map:
		return v.Len() > 0
	case reflect.String:
		return v.Type() != reflect.TypeFor[string]()
	}
	return v.Kind() == reflect.Struct
}

func sortedKeys(m reflect.Value) []reflect.Value {
	keys := m.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	return keys
}

// field is the place of a field by its JSON name; one that is embedded stands where its struct does.
func field(where string, f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	switch {
	case name == "":
		return where
	case where == "":
		return name
	}
	return where + "." + name
}

// All are all steps of a graph and of the graphs inside it, in the order of the text,
// each with the graph that it stands in.
func (g *Graph) All() iter.Seq2[*Step, *Graph] {
	return func(yield func(*Step, *Graph) bool) { g.each(yield) }
}

func (g *Graph) each(yield func(*Step, *Graph) bool) bool {
	for _, part := range [][]Step{g.Steps, g.OnFailure, g.Finally} {
		for i := range part {
			s := &part[i]
			if !yield(s, g) || s.Graph != nil && !s.Graph.each(yield) {
				return false
			}
		}
	}
	return true
}
