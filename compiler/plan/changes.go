package plan

import (
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// Change says that a step is no longer what it was.
type Change struct {
	Path string
	// Fields are what differs, by their names in JSON with spaces; those of the op stand behind "op".
	Fields []string
	// List says that of a step with `for` only the list differs, or of one that calls a pipeline only
	// what that says of itself: what is in it may be what it was.
	List bool
}

// manners are fields that say how a step is run, and nothing of what it does.
var manners = map[string]bool{"doc": true, "retry": true, "timeout": true, "grace": true, "locks": true, "after": true, "order edges": true,
	"approve": true, "allow failure": true, "cached": true, "idempotent": true, "narrow": true, "keep": true}

// Changes names the steps of b that differ from those of a in what they do, in the order of the
// text. Late expressions count by what they read, too: a setting, a parameter or a let that is
// another one changes the steps that name it.
func Changes(a, b *Plan) []Change {
	was := map[string]*Step{}
	for s := range a.Graph.All() {
		was[s.Path] = s
	}
	names := changedNames(a, b)
	var out []Change
	for s := range b.Graph.All() {
		if before := was[s.Path]; before != nil {
			if c := changeOf(a, b, before, s, names); len(c.Fields) > 0 {
				out = append(out, c)
			}
		}
	}
	return out
}

func changeOf(a, b *Plan, before, now *Step, names *regexp.Regexp) Change {
	c := Change{Path: now.Path, List: true}
	for _, f := range changed(reflect.ValueOf(headOnly(before)), reflect.ValueOf(headOnly(now))) {
		if !manners[f] {
			c.Fields = append(c.Fields, f)
			c.List = c.List && (f == "for" && sameLoops(before.For, now.For) || f == "graph" && before.Graph != nil && now.Graph != nil)
		}
	}
	for _, f := range changed(reflect.ValueOf(a.Ops[before.Op]), reflect.ValueOf(b.Ops[now.Op])) {
		if !manners[f] {
			c.Fields, c.List = append(c.Fields, "op "+f), false
		}
	}
	for _, f := range fieldsNaming(reflect.ValueOf(headOnly(now)), names) {
		c.Fields, c.List = append(c.Fields, f), c.List && f == "for"
	}
	for _, f := range fieldsNaming(reflect.ValueOf(b.Ops[now.Op]), names) {
		c.Fields, c.List = append(c.Fields, "op "+f), false
	}
	slices.Sort(c.Fields)
	c.Fields = slices.Compact(c.Fields)
	return c
}

// headOnly is a step without the steps of the pipeline that it calls.
func headOnly(s *Step) Step {
	c := *s
	if c.Graph != nil {
		g := *c.Graph
		g.Steps, g.OnFailure, g.Finally = nil, nil, nil
		c.Graph = &g
	}
	return c
}

// sameLoops reports whether only what is looped over differs.
func sameLoops(a, b []Loop) bool {
	return slices.EqualFunc(a, b, func(x, y Loop) bool { return x.Var == y.Var && x.Type == y.Type })
}

// changedNames matches what late expressions name of the settings, parameters and lets that
// differ; nil when none does.
func changedNames(a, b *Plan) *regexp.Regexp {
	var words []string
	was := settingValues(a)
	for name, v := range settingValues(b) {
		if old, known := was[name]; known && old != v {
			words = append(words, `settings\.`+regexp.QuoteMeta(name))
		}
	}
	params := paramValues(a)
	for name, v := range paramValues(b) {
		if params[name] != v {
			words = append(words, regexp.QuoteMeta(name))
		}
	}
	words = append(words, changedLets(a, b, words)...)
	return anyOf(words)
}

func anyOf(words []string) *regexp.Regexp {
	if len(words) == 0 {
		return nil
	}
	slices.Sort(words)
	return regexp.MustCompile(`(^|[^.\w])(` + strings.Join(slices.Compact(words), "|") + `)\b`)
}

// changedLets are the lets that differ, and those that read what does.
func changedLets(a, b *Plan, words []string) []string {
	was, now := allLets(a), allLets(b)
	var out []string
	done := map[string]bool{}
	for again := true; again; {
		again = false
		names := anyOf(append(slices.Clone(words), out...))
		for _, id := range slices.Sorted(maps.Keys(now)) {
			l := now[id]
			if done[id] || string(placeless(reflect.ValueOf(was[id]))) == string(placeless(reflect.ValueOf(l))) && !(names != nil && names.MatchString(l.Value.CEL)) {
				continue
			}
			done[id], again = true, true
			out = append(out, regexp.QuoteMeta(l.Name))
		}
	}
	return out
}

func allLets(p *Plan) map[string]Let {
	out := map[string]Let{}
	for _, m := range p.Modules {
		for _, l := range m.Lets {
			out[m.ID+" "+l.Name] = l
		}
	}
	for _, l := range p.Graph.Lets {
		out["/"+l.Name] = l
	}
	for s := range p.Graph.All() {
		if s.Graph != nil {
			for _, l := range s.Graph.Lets {
				out[s.Path+"/"+l.Name] = l
			}
		}
	}
	return out
}

// fieldsNaming are the fields of a struct in which a late expression names one of these.
func fieldsNaming(v reflect.Value, names *regexp.Regexp) []string {
	if names == nil {
		return nil
	}
	var out []string
	for i := range v.NumField() {
		name := strings.ReplaceAll(field("", v.Type().Field(i)), "_", " ")
		if manners[name] {
			continue
		}
		found := false
		c := reflect.New(v.Type().Field(i).Type).Elem()
		c.Set(v.Field(i))
		walk("", c, func(_ string, v reflect.Value) bool {
			if x, ok := v.Addr().Interface().(*Expr); ok && names.MatchString(x.CEL) {
				found = true
			}
			return !found
		})
		if found {
			out = append(out, name)
		}
	}
	return out
}
