package settings

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/types"
)

// layer is what one source says of a setting; nil nodes say nothing.
type layer struct {
	node   *node
	origin Origin
}

// flags is what --set says of a setting.
func (r *resolver) flags(s *setting) layer {
	var n *node
	for _, a := range r.sources.Set {
		path := strings.Split(a.Name, ".")
		if path[0] != s.decl.Name {
			continue
		}
		if s.decl.Secret {
			s.raw = append(s.raw, a.Value) // a later one may replace it
		}
		o := Origin{Kind: Flag, Name: "--set " + a.Name}
		t, ok := descend(s.typ, path[1:])
		if !ok {
			s.problem(unknownField(s, a.Name, path, o))
			continue
		}
		leaf := s.read(t, a.Value, o, "")
		if old := n.at(path[1:]); old != nil && t.Plain().Kind == types.List {
			leaf = repeated(old, a.Value, o)
		}
		n = n.put(path[1:], leaf)
	}
	return layerOf(n)
}

func layerOf(n *node) layer {
	if n == nil {
		return layer{}
	}
	return layer{n, n.origin}
}

// repeated is a list that is given element by element.
func repeated(old *node, text string, o Origin) *node {
	texts := old.texts
	if texts == nil && old.text != nil {
		texts = []string{*old.text}
	}
	return &node{texts: append(slices.Clone(texts), text), origin: o}
}

// at is the node at a path of fields, nil when there is none.
func (n *node) at(path []string) *node {
	for _, name := range path {
		if n == nil {
			return nil
		}
		n = n.fields[name]
	}
	return n
}

// descend follows a path of fields through a type.
func descend(t *types.Type, path []string) (*types.Type, bool) {
	for _, name := range path {
		switch inner := t.Plain(); inner.Kind {
		case types.Record:
			f, ok := inner.Field(name)
			if !ok {
				return nil, false
			}
			t = f.Type
		case types.Map:
			t = inner.Elem
		default:
			return nil, false
		}
	}
	return t, true
}

func unknownField(s *setting, given string, path []string, o Origin) Problem {
	at, names := path[0], []string(nil)
	for i := range path {
		t, ok := descend(s.typ, path[1:i+1])
		if !ok {
			break
		}
		at, names = strings.Join(path[:i+1], "."), t.Plain().FieldNames()
	}
	field := strings.TrimPrefix(strings.TrimPrefix(strings.Join(path, "."), at), ".")
	p := Problem{Setting: s.decl.Name, Variable: s.decl.Variable, Origin: o, Expected: expected(s.typ), Found: quote(given)}
	p.Message = fmt.Sprintf("setting %s has no field %q", at, field)
	p.Help = diag.DidYouMean(strings.ToLower(field), names)
	if p.Help == "" && names != nil {
		p.Help = "it has: " + strings.Join(names, ", ")
	}
	return p
}

// fromVariables is what the environment or a .env file says of a setting: NAME, NAME_FILE, and
// NAME__FIELD for a record's field. A name for a field is stronger than one for the whole.
func (r *resolver) fromVariables(s *setting, v *variables) layer {
	n := r.oneVariable(s, v, s.decl.Variable, s.typ)
	if !parted(s.typ) {
		return layerOf(n)
	}
	prefix := s.decl.Variable + "__"
	for _, name := range v.order {
		rest, ok := strings.CutPrefix(name, prefix)
		if !ok {
			continue
		}
		path, t, ok := fieldPath(s.typ, rest)
		// A map has any key, and still NAME__KEY_FILE names a file.
		if file := strings.TrimSuffix(rest, "_FILE"); file != rest && (!ok || keyOfMap(s.typ, path)) {
			if path, t, ok = fieldPath(s.typ, file); ok {
				name = strings.TrimSuffix(name, "_FILE")
			}
		}
		if !ok {
			given := append([]string{s.decl.Name}, strings.Split(strings.ToLower(rest), "__")...)
			s.problem(unknownField(s, name, given, v.names[name].origin))
			continue
		}
		if leaf := r.oneVariable(s, v, name, t); leaf != nil {
			n = n.put(path, leaf)
		}
	}
	return layerOf(n)
}

// keyOfMap reports whether a path ends at a key that no type declares.
func keyOfMap(t *types.Type, path []string) bool {
	whole, ok := descend(t, path[:len(path)-1])
	return ok && whole.Plain().Kind == types.Map
}

// fieldPath reads HOST or TLS__CERT as a path of fields of a type.
func fieldPath(t *types.Type, rest string) ([]string, *types.Type, bool) {
	inner := t.Plain()
	switch inner.Kind {
	case types.Map:
		key, more, deeper := strings.Cut(rest, "__")
		if key == "" {
			return nil, nil, false
		}
		if !deeper {
			return []string{strings.ToLower(key)}, inner.Elem, true
		}
		path, leaf, ok := fieldPath(inner.Elem, more)
		return append([]string{strings.ToLower(key)}, path...), leaf, ok
	case types.Record:
		for _, f := range inner.Record.Fields {
			more, ok := strings.CutPrefix(rest, strings.ToUpper(f.Name))
			if !ok {
				continue
			}
			if more == "" {
				return []string{f.Name}, f.Type, true
			}
			if more, ok = strings.CutPrefix(more, "__"); !ok {
				continue
			}
			if path, leaf, ok := fieldPath(f.Type, more); ok {
				return append([]string{f.Name}, path...), leaf, true
			}
		}
	}
	return nil, nil, false
}

// oneVariable reads NAME or the file that NAME_FILE names. Both at once are a problem.
func (r *resolver) oneVariable(s *setting, v *variables, name string, t *types.Type) *node {
	plain, ok := v.names[name]
	file, named := v.names[name+"_FILE"]
	switch {
	case ok && named:
		return faulty(Problem{
			Setting: s.decl.Name, Variable: name, Origin: file.origin, Expected: "one of " + name + " and " + name + "_FILE", Found: quote("both"),
			Message: fmt.Sprintf("setting %s is given by %s and by %s_FILE", s.decl.Name, name, name), Help: "unset one of them",
		})
	case ok:
		return s.read(t, plain.value, plain.origin, name)
	case named:
		return r.fromFile(s, t, file, name, v.dir)
	}
	return nil
}

// fromFile reads what a NAME_FILE names.
func (r *resolver) fromFile(s *setting, t *types.Type, file variable, name, dir string) *node {
	path := file.value
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	o := file.origin
	text, err := readValue(path)
	if err != nil {
		p := Problem{
			Setting: s.decl.Name, Variable: name + "_FILE", Origin: o, Expected: "a file that can be read",
			Message: fmt.Sprintf("the file that %s_FILE names cannot be read: %v", name, bare(err)),
			Help:    fmt.Sprintf("name a file that holds the value, or set %s", name),
		}
		// Whoever puts the secret itself there must not see it printed.
		if !s.decl.Secret {
			p.Found = quote(file.value)
		}
		return faulty(p)
	}
	if o.At == "" {
		o.At = file.value
	}
	return s.read(t, text, o, name)
}

// withoutBreak drops the line break that editors end a file with.
func withoutBreak(s string) string {
	return strings.TrimSuffix(strings.TrimSuffix(s, "\n"), "\r")
}

// fromSecrets is what the secrets directory says of a setting.
func (r *resolver) fromSecrets(s *setting) layer {
	var n *node
	own := []string{strings.ToLower(s.decl.Name), strings.ToLower(s.decl.Variable)}
	for _, name := range own {
		if path, ok := r.secretFiles[name]; ok && n == nil {
			n = r.secretFile(s, s.typ, path)
		}
	}
	if !parted(s.typ) {
		return layerOf(n)
	}
	for _, name := range r.secretNames {
		for _, prefix := range own {
			rest, ok := strings.CutPrefix(name, prefix+"__")
			if !ok {
				continue
			}
			if path, t, ok := fieldPath(s.typ, strings.ToUpper(rest)); ok {
				n = n.put(path, r.secretFile(s, t, r.secretFiles[name]))
			}
			break
		}
	}
	return layerOf(n)
}

func (r *resolver) secretFile(s *setting, t *types.Type, path string) *node {
	o := Origin{Kind: File, Name: filepath.Base(path), At: path}
	text, err := readValue(path)
	if err != nil {
		return faulty(Problem{
			Setting: s.decl.Name, Variable: s.decl.Variable, Origin: o, Expected: "a file that can be read",
			Message: fmt.Sprintf("the secret's file %s cannot be read: %v", path, bare(err)),
		})
	}
	return s.read(t, text, o, "")
}

// read makes a node of a text, parting it where it is JSON for something with fields.
func (s *setting) read(t *types.Type, text string, o Origin, name string) *node {
	if !parted(t) || !isJSON(t, text) {
		return textNode(text, o, name)
	}
	data, err := parseJSON(t, text)
	if _, ok := data.Data.(map[string]any); ok && err == nil {
		return dataNode(data.Data, o, name)
	}
	if err == nil && data.Data != nil {
		_, err = fit(t, data) // it is no object
	}
	if err == nil {
		return dataNode(nil, o, name)
	}
	n := faulty(s.misfit(misfitOf(err, t, text), t, s.decl.Name, o, name))
	n.texts = []string{text}
	return n
}

func faulty(p Problem) *node { return &node{fault: &p, origin: p.Origin} }
