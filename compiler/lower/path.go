package lower

import (
	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

// anchored applies plan.Anchor to every string of a value.
func anchored(folder string, v value.Value) value.Value {
	switch v := v.(type) {
	case value.String:
		return value.String(plan.Anchor(folder, string(v)))
	case value.List:
		out := make(value.List, len(v))
		for i := range v {
			out[i] = anchored(folder, v[i])
		}
		return out
	}
	return v
}

// paths is opt for paths and globs, which are relative to the module's folder. At the root
// they stay as they are written.
func (s spot) paths(x ast.Expr, want *types.Type) (*plan.Expr, value.Value) {
	if x == nil {
		return nil, nil
	}
	out, v := s.fold(x, want)
	if v == nil {
		return &out, nil
	}
	if folder := s.module.Load.Folder; folder != "" {
		v = anchored(folder, v)
		out = s.constant(v)
	}
	return &out, v
}

// moved tells whether a path is handed from a folder to another: it is relative to the caller's.
func (s spot) moved(t *types.Type, callee string) bool {
	return holdsPath(t) && s.module.Load.Folder != callee
}

func holdsPath(t *types.Type) bool {
	t = t.Plain()
	return t.Kind == types.Path || t.Kind == types.List && holdsPath(t.Elem)
}
