package expr

import (
	"maps"
	"slices"
)

// vars are names in the order in which they became known. Most scopes have a handful, for which a map
// would cost more than it saves.
type vars struct {
	list   []named
	index  map[string]int // places in the list, once it is long
	shared bool           // others have the same list
}

// Names are names that many scopes have, all of the same meaning. They are not changed.
type Names struct{ list []named }

// NamesOf collects names, each once.
func NamesOf(all map[string]Var) Names {
	var n Names
	for _, name := range slices.Sorted(maps.Keys(all)) {
		n.list = append(n.list, named{name, all[name]})
	}
	return n
}

type named struct {
	name string
	Var
}

// handful is how many names are looked through one by one.
const handful = 8

func (v *vars) reserve(n int) {
	v.list = make([]named, 0, n)
	if n > handful {
		v.index = make(map[string]int, n)
	}
}

func (v *vars) find(name string) int {
	if v.index != nil {
		if i, ok := v.index[name]; ok {
			return i
		}
		return -1
	}
	for i := range v.list {
		if v.list[i].name == name {
			return i
		}
	}
	return -1
}

func (v *vars) get(name string) (Var, bool) {
	if i := v.find(name); i >= 0 {
		return v.list[i].Var, true
	}
	return Var{}, false
}

func (v *vars) set(name string, x Var) {
	if v.shared {
		v.list, v.shared = slices.Clone(v.list), false
	}
	if i := v.find(name); i >= 0 {
		v.list[i].Var = x
		return
	}
	if v.list == nil {
		v.list = make([]named, 0, handful/2)
	}
	v.list = append(v.list, named{name, x})
	switch n := len(v.list); {
	case v.index != nil:
		v.index[name] = n - 1
	case n > handful:
		v.index = make(map[string]int, 2*n)
		for i := range v.list {
			v.index[v.list[i].name] = i
		}
	}
}
