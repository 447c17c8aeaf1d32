package plan

import (
	"path"
	"slices"
	"strings"
)

// Step finds a step by its path, wherever it stands.
func (p *Plan) Step(at string) (*Step, bool) {
	for s := range p.Graph.All() {
		if s.Path == at {
			return s, true
		}
	}
	return nil, false
}

// Paths are the paths of all steps, in the order of the text.
func (p *Plan) Paths() []string {
	var out []string
	for s := range p.Graph.All() {
		out = append(out, s.Path)
	}
	return out
}

// Module finds a module's values by its ID; a module without any is the zero Module with that ID.
func (p *Plan) Module(id string) Module {
	i := slices.IndexFunc(p.Modules, func(m Module) bool { return m.ID == id })
	if i < 0 {
		return Module{ID: id}
	}
	return p.Modules[i]
}

// Setting finds a setting by its name.
func (p *Plan) Setting(name string) (Setting, bool) {
	i := slices.IndexFunc(p.Settings, func(s Setting) bool { return s.Name == name })
	if i < 0 {
		return Setting{}, false
	}
	return p.Settings[i], true
}

// Named finds a step of the graph itself by the name that its expressions use.
func (g *Graph) Named(name string) (*Step, bool) {
	for _, part := range [][]Step{g.Steps, g.OnFailure, g.Finally} {
		if i := slices.IndexFunc(part, func(s Step) bool { return s.Name == name }); i >= 0 {
			return &part[i], true
		}
	}
	return nil, false
}

// Resolve makes a path or glob relative to the repository's root, slash-separated: one that
// starts with "/" is so already, any other is relative to folder. A leading "!" stays.
func Resolve(folder, name string) string {
	rest, negated := strings.CutPrefix(name, "!")
	var out string
	if root, ok := strings.CutPrefix(rest, "/"); ok {
		out = path.Clean(root)
	} else {
		out = path.Join(folder, rest)
	}
	if out == "" {
		out = "."
	}
	if negated {
		return "!" + out
	}
	return out
}

// Anchor writes a path or glob that is relative to a folder from the repository's root on,
// with a leading "/"; one that starts there already is not changed. A leading "!" stays.
func Anchor(folder, name string) string {
	rest, negated := strings.CutPrefix(name, "!")
	if strings.HasPrefix(rest, "/") {
		return name
	}
	out := path.Join("/", folder, rest)
	if negated {
		return "!" + out
	}
	return out
}

// Relative writes a path or glob that is relative to folder, or to the repository's root when
// it starts with "/", as seen from another folder. What is relative to that one already stays
// as it is written. A leading "!" stays.
func Relative(from, folder, name string) string {
	rest, negated := strings.CutPrefix(name, "!")
	if !strings.HasPrefix(rest, "/") && path.Clean("/"+from) == path.Clean("/"+folder) {
		return name
	}
	have, want := parts(from), parts(Resolve(folder, rest))
	same := 0
	for same < len(have) && same < len(want) && have[same] == want[same] {
		same++
	}
	out := append(slices.Repeat([]string{".."}, len(have)-same), want[same:]...)
	rel := path.Join(out...)
	if rel == "" {
		rel = "."
	}
	if negated {
		rel = "!" + rel
	}
	return rel
}

// parts are the folders on a way from the root.
func parts(name string) []string {
	clean := strings.Trim(path.Clean("/"+name), "/")
	if clean == "" {
		return nil
	}
	return strings.Split(clean, "/")
}
