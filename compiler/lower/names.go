package lower

import (
	"github.com/pipelang/pipe/lang/expr"
	"github.com/pipelang/pipe/lang/value"
)

// names is what is known of the names of a scope. A name that no scope holds is late.
type names struct {
	outer *names
	vars  map[string]*name
	// graph says that these are names of a pipeline, which differ from call to call.
	graph bool
}

// name is what is known of a name.
type name struct {
	value value.Value // nil while it is late
	// use is told of every mention; it makes the value of a let on the first one.
	use    func(*name)
	status expr.Status // of a step that will never run
	graph  bool
}

func (n *names) child(graph bool) *names {
	return &names{outer: n, graph: graph}
}

func (n *names) set(id string, x *name) {
	x.graph = n.graph
	if n.vars == nil {
		n.vars = map[string]*name{}
	}
	n.vars[id] = x
}

// late declares names without a value.
func (n *names) late(ids ...string) {
	for _, id := range ids {
		n.set(id, &name{})
	}
}

// find gives nil for a name that no scope holds.
func (n *names) find(id string) *name {
	for in := n; in != nil; in = in.outer {
		if x := in.vars[id]; x != nil {
			return x
		}
	}
	return nil
}
