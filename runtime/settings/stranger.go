package settings

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pipelang/pipe/lang/diag"
)

// strangers finds names that are nobody's and look like ours: an unknown --set, and a near
// miss in a .env file.
func (r *resolver) strangers(all []*setting) {
	r.unknownFlags(all)
	for _, v := range r.variables {
		if v.kind == Dotenv {
			r.nearMisses(v, all)
		}
	}
	r.hints(all)
}

func (r *resolver) unknownFlags(all []*setting) {
	var names, seen []string
	for _, s := range all {
		names = append(names, s.decl.Name)
	}
	for _, a := range r.sources.Set {
		name, _, _ := strings.Cut(a.Name, ".")
		if slices.Contains(names, name) || slices.Contains(seen, a.Name) {
			continue
		}
		seen = append(seen, a.Name)
		p := Problem{
			Setting: a.Name, Origin: Origin{Kind: Flag, Name: "--set " + a.Name}, Expected: "the name of a setting", Found: quote(a.Name),
			Message: fmt.Sprintf("there is no setting %s", quote(a.Name)), Help: diag.DidYouMean(name, names), Always: true,
		}
		switch {
		case len(names) == 0:
			p.Help = "this file has no settings"
		case p.Help == "":
			p.Help = "there are: " + strings.Join(names, ", ")
		}
		r.loose = append(r.loose, p)
	}
}

// nearMisses reports names one slip away from a setting's variable that no .env file sets
// itself: DB_HOST beside DB_POST is somebody else's.
func (r *resolver) nearMisses(v *variables, all []*setting) {
	for _, name := range v.order {
		if ours(name, all) {
			continue
		}
		for _, s := range all {
			if near(name, s.decl.Variable) && !r.inDotenv(s.decl.Variable) {
				r.loose = append(r.loose, Problem{
					Setting: name, Variable: s.decl.Variable, Origin: v.names[name].origin, Expected: "the variable of a setting", Found: quote(name),
					Message: fmt.Sprintf("%s is the variable of no setting", name), Help: fmt.Sprintf("did you mean %q?", s.decl.Variable), Always: true,
				})
				break
			}
		}
	}
}

// ours reports whether a name belongs to a setting.
func ours(name string, all []*setting) bool {
	return slices.ContainsFunc(all, func(s *setting) bool {
		return name == s.decl.Variable || name == s.decl.Variable+"_FILE" || parted(s.typ) && strings.HasPrefix(name, s.decl.Variable+"__")
	})
}

func (r *resolver) inDotenv(name string) bool {
	for _, v := range r.variables {
		if v.kind != Dotenv {
			continue
		}
		if _, ok := v.lookup(name); ok {
			return true
		}
	}
	return false
}

// near reports whether a name is another but for case, dashes, or one slip of a letter: one
// more, one less, another, or two swapped. Names that differ in a digit are different names.
func near(name, want string) bool {
	a, b := plain(name), plain(want)
	if a == b {
		return true
	}
	if len(b) < 4 || len(a)-len(b) > 1 || len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	x, y := a[i:], b[i:]
	if startsWithDigit(x) || startsWithDigit(y) {
		return false
	}
	switch {
	case len(x) > len(y):
		return x[1:] == y
	case len(x) < len(y):
		return x == y[1:]
	}
	return x[1:] == y[1:] || len(x) > 1 && x[0] == y[1] && x[1] == y[0] && x[2:] == y[2:]
}

func plain(name string) string {
	return strings.NewReplacer("-", "_", ".", "_").Replace(strings.ToUpper(name))
}

func startsWithDigit(s string) bool { return s != "" && s[0] >= '0' && s[0] <= '9' }

// hints says, for a missing setting, which name in a .env file may have been meant.
func (r *resolver) hints(all []*setting) {
	for _, s := range all {
		for i, p := range s.problems {
			if p.Origin.Kind != Unset {
				continue
			}
			if found, at := r.alike(p.Variable, all); found != "" {
				s.problems[i].Help = fmt.Sprintf("%s has %s: did you mean %s?", at, found, p.Variable)
			}
		}
	}
}

// alike is the name that comes closest: in the environment, which is full of names of others,
// but for case and dashes only.
func (r *resolver) alike(want string, all []*setting) (name, at string) {
	for _, v := range r.variables {
		if v.kind != Dotenv {
			for _, n := range v.order {
				if plain(n) == plain(want) && !ours(n, all) {
					return n, "the environment"
				}
			}
			continue
		}
		foreign := slices.DeleteFunc(slices.Clone(v.order), func(n string) bool { return ours(n, all) })
		if found := diag.Suggest(want, foreign); found != "" {
			return found, v.names[found].origin.At
		}
	}
	return "", ""
}
