package settings

import (
	"maps"
	"slices"

	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

// node is what sources say of a setting, or of a field: one of text, several texts, data of
// JSON, a value, or fields.
type node struct {
	text   *string
	texts  []string // --set more than once
	data   *value.JSON
	value  value.Value
	fields map[string]*node
	fault  *Problem // what is wrong already; it counts when no stronger source speaks

	origin   Origin
	variable string // that said it, for messages; "" where no variable did
}

func textNode(text string, o Origin, variable string) *node {
	return &node{text: &text, origin: o, variable: variable}
}

// valueNode parts records and maps, so that stronger sources can override their fields.
func valueNode(v value.Value, o Origin) *node {
	switch v := v.(type) {
	case value.Record:
		return fieldsOf(v, o)
	case value.Map:
		return fieldsOf(v, o)
	}
	return &node{value: v, origin: o}
}

func fieldsOf(m map[string]value.Value, o Origin) *node {
	n := &node{fields: map[string]*node{}, origin: o}
	for k, v := range m {
		n.fields[k] = valueNode(v, o)
	}
	return n
}

// dataNode parts objects of JSON.
func dataNode(d any, o Origin, variable string) *node {
	n := &node{origin: o, variable: variable}
	m, ok := d.(map[string]any)
	if !ok {
		n.data = &value.JSON{Data: d}
		return n
	}
	n.fields = map[string]*node{}
	for k, v := range m {
		n.fields[k] = dataNode(v, o, variable)
	}
	return n
}

// merge lays a stronger node over a weaker one: fields are merged, all else is replaced. What
// is wrong with the weaker one counts where its fields would have.
func merge(weak, strong *node) *node {
	switch {
	case weak == nil:
		return strong
	case strong == nil:
		return weak
	case weak.fault != nil && strong.fields != nil:
		return weak
	case weak.fields == nil || strong.fields == nil:
		return strong
	}
	out := *strong
	out.fields = maps.Clone(weak.fields)
	for k, f := range strong.fields {
		out.fields[k] = merge(out.fields[k], f)
	}
	return &out
}

// put lays a node at a path of fields below n.
func (n *node) put(path []string, leaf *node) *node {
	if len(path) == 0 {
		return merge(n, leaf)
	}
	below := &node{origin: leaf.origin, fields: map[string]*node{path[0]: (*node)(nil).put(path[1:], leaf)}}
	return merge(n, below)
}

// names of the fields, sorted.
func (n *node) names() []string { return slices.Sorted(maps.Keys(n.fields)) }

// parted reports whether values of a type are merged field by field.
func parted(t *types.Type) bool {
	k := t.Plain().Kind
	return k == types.Record || k == types.Map
}
