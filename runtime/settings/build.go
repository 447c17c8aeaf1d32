package settings

import (
	"strings"

	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

// build makes a value of type t of what sources say; path names it in messages. What is
// wrong is noted, part by part, and the result is nil.
func (s *setting) build(t *types.Type, n *node, path string) value.Value {
	switch {
	case n == nil && t.Kind == types.Optional:
		return value.None{}
	case n == nil && t.Kind == types.Record && path != s.decl.Name && completed(t):
		return s.record(t, &node{}, path)
	case n == nil:
		s.missing(t, path)
		return nil
	case n.fault != nil:
		s.problem(*n.fault)
		return nil
	case n.fields != nil:
		return s.parts(t, n, path)
	}
	v, err := n.leaf(t)
	if err != nil {
		s.problem(s.misfit(misfitOf(err, t, ""), t, path, n.origin, n.variable))
		return nil
	}
	return v
}

// completed reports whether a record needs nothing from outside.
func completed(t *types.Type) bool {
	for _, f := range t.Record.Fields {
		if f.Default == "" && f.Type.Kind != types.Optional {
			return false
		}
	}
	return true
}

// leaf reads what has no parts of its own.
func (n *node) leaf(t *types.Type) (value.Value, error) {
	switch {
	case n.texts != nil:
		return parseElements(t.Plain(), n.texts)
	case n.text != nil && isJSON(t, *n.text):
		data, err := parseJSON(t, *n.text)
		if err != nil {
			return nil, err
		}
		return fit(t, data)
	case n.text != nil:
		return parse(t, *n.text)
	case n.data != nil:
		return fit(t, *n.data)
	}
	return fit(t, n.value)
}

func (s *setting) parts(t *types.Type, n *node, path string) value.Value {
	switch inner := t.Plain(); inner.Kind {
	case types.Record:
		return s.record(inner, n, path)
	case types.Map:
		out := value.Map{}
		for _, name := range n.names() {
			out[name] = s.build(inner.Elem, n.fields[name], path+"."+s.key(name))
		}
		return out
	}
	s.problem(s.misfit(&misfit{want: expected(t), found: "an object", kind: "an object"}, t, path, n.origin, n.variable))
	return nil
}

// key is a map's key in a message; one that came with a secret may be part of it.
func (s *setting) key(name string) string {
	if s.decl.Secret {
		return hiddenKey
	}
	return name
}

func (s *setting) record(t *types.Type, n *node, path string) value.Value {
	out := value.Record{}
	for _, f := range t.Record.Fields {
		v := s.field(f, n.fields[f.Name], path+"."+f.Name)
		if _, none := v.(value.None); !none && v != nil {
			out[f.Name] = v
		}
	}
	for _, name := range n.names() {
		if _, known := t.Field(name); !known {
			s.unknown(t, n.fields[name], path, name)
		}
	}
	return out
}

func (s *setting) field(f types.Field, n *node, path string) value.Value {
	if n == nil && f.Default != "" {
		v, err := value.Unmarshal(f.Type, []byte(f.Default))
		if err != nil {
			s.problem(s.misfit(misfitOf(err, f.Type, ""), f.Type, path, Origin{Kind: Default}, ""))
			return nil
		}
		return v
	}
	return s.build(f.Type, n, path)
}

// unknown reports a field that a record does not have: it would be dropped in silence.
func (s *setting) unknown(t *types.Type, n *node, path, name string) {
	p := Problem{Setting: path, Variable: s.variableOf(path), Origin: n.origin, Expected: expected(t), Found: quote(name)}
	if s.decl.Secret {
		p.Found = ""
		p.Message = path + " has a field that its type does not have"
	} else {
		p.Message = path + " has no field " + quote(name)
		p.Help = diag.DidYouMean(name, t.FieldNames())
	}
	if p.Help == "" {
		p.Help = "it has: " + strings.Join(t.FieldNames(), ", ")
	}
	s.problem(p)
}

// variableOf is the variable that gives a part: DATABASE__HOST for database.host.
func (s *setting) variableOf(path string) string {
	rest := strings.TrimPrefix(path, s.decl.Name)
	if i := strings.IndexByte(rest, '['); i >= 0 {
		rest = rest[:i]
	}
	return s.decl.Variable + strings.ToUpper(strings.ReplaceAll(rest, ".", "__"))
}
