package lower

import (
	"path"
	"strings"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

// anchor makes a path that is relative to a folder start from the repository's root, with a
// leading "/"; below the root's own folder it may stay as it is written.
func anchor(folder, name string) string {
	rest, negated := strings.CutPrefix(name, "!")
	if folder == "" || strings.HasPrefix(rest, "/") {
		return name
	}
	out := path.Join("/", folder, rest)
	if negated {
		return "!" + out
	}
	return out
}

// anchored applies anchor to every string of a value.
func anchored(folder string, v value.Value) value.Value {
	switch v := v.(type) {
	case value.String:
		return value.String(anchor(folder, string(v)))
	case value.List:
		out := make(value.List, len(v))
		for i := range v {
			out[i] = anchored(folder, v[i])
		}
		return out
	}
	return v
}

// paths is opt for paths and globs, which are relative to the module's folder.
func (s spot) paths(x ast.Expr, want *types.Type) (*plan.Expr, value.Value) {
	if x == nil {
		return nil, nil
	}
	out, v := s.fold(x, want)
	if v == nil {
		return &out, nil
	}
	v = anchored(s.module.Load.Folder, v)
	out = s.constant(v)
	return &out, v
}

// argument anchors a path that is handed from one module to another: it is relative to the caller's.
func (s spot) argument(v value.Value, t *types.Type, callee string) value.Value {
	if v == nil || !holdsPath(t) || s.module.Load.Folder == callee {
		return v
	}
	if s.module.Load.Folder == "" {
		return rooted(v)
	}
	return anchored(s.module.Load.Folder, v)
}

func holdsPath(t *types.Type) bool {
	t = t.Plain()
	return t.Kind == types.Path || t.Kind == types.List && holdsPath(t.Elem)
}

// rooted writes a path that is relative to the root with a leading "/".
func rooted(v value.Value) value.Value {
	switch v := v.(type) {
	case value.String:
		if !strings.HasPrefix(string(v), "/") {
			return value.String(path.Join("/", string(v)))
		}
	case value.List:
		out := make(value.List, len(v))
		for i := range v {
			out[i] = rooted(v[i])
		}
		return out
	}
	return v
}
