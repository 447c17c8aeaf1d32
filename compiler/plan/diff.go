package plan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Diff says in which ways plan b drifted from plan a, one line each: sources, settings,
// parameters, steps, ops. It is empty when the digests are equal. Places in files are left
// out: they move with every line, and the source is named anyway.
func Diff(a, b *Plan) []string {
	if a.Digest == b.Digest && a.Digest != "" {
		return nil
	}
	d := &differ{}
	d.heads(a, b)
	d.sources(a.Sources, b.Sources)
	d.values("setting", settingValues(a), settingValues(b))
	d.values("parameter", paramValues(a), paramValues(b))
	d.values("pin", a.Pins, b.Pins)
	d.parts("type", byID(a.Types), byID(b.Types))
	d.parts("module", modules(a), modules(b))
	d.parts("op", byID(a.Ops), byID(b.Ops))
	d.parts("step", steps(a), steps(b))
	if fields := changed(reflect.ValueOf(a.Graph), reflect.ValueOf(b.Graph), "steps", "on_failure", "finally"); len(fields) > 0 {
		d.addf("pipeline %s changed: %s", b.Pipeline, strings.Join(fields, ", "))
	}
	if fields := changed(reflect.ValueOf(a.Effects), reflect.ValueOf(b.Effects)); len(fields) > 0 {
		d.addf("effects changed: %s", strings.Join(fields, ", "))
	}
	if len(d.lines) == 0 && !sameDigest(a, b) {
		d.addf("places in the files moved")
	}
	return d.lines
}

func sameDigest(a, b *Plan) bool {
	x, errA := Digest(a)
	y, errB := Digest(b)
	return errA == nil && errB == nil && x == y
}

type differ struct{ lines []string }

func (d *differ) addf(format string, args ...any) {
	d.lines = append(d.lines, clean(fmt.Sprintf(format, args...)))
}

func (d *differ) heads(a, b *Plan) {
	for _, x := range []struct{ what, a, b string }{
		{"schema", a.Schema, b.Schema},
		{"language", a.Language, b.Language},
		{"entry", a.Entry, b.Entry},
		{"pipeline", a.Pipeline, b.Pipeline},
		{"profile", a.Profile, b.Profile},
	} {
		if x.a != x.b {
			d.addf("%s was %q, is %q", x.what, x.a, x.b)
		}
	}
}

func (d *differ) sources(a, b []Source) {
	was, is := map[string]string{}, map[string]string{}
	for _, s := range a {
		was[s.Path] = s.Digest
	}
	for _, s := range b {
		is[s.Path] = s.Digest
	}
	for _, name := range unionKeys(was, is) {
		switch {
		case was[name] == "":
			d.addf("source %s was added", name)
		case is[name] == "":
			d.addf("source %s was removed", name)
		case was[name] != is[name]:
			d.addf("source %s changed", name)
		}
	}
}

// values compares things that have a text each.
func (d *differ) values(what string, was, is map[string]string) {
	for _, name := range unionKeys(was, is) {
		a, before := was[name]
		b, now := is[name]
		switch {
		case !before:
			d.addf("%s %s was added: %s", what, name, shorten(b, 80))
		case !now:
			d.addf("%s %s was removed", what, name)
		case a != b:
			d.addf("%s %s was %s, is %s", what, name, shorten(a, 80), shorten(b, 80))
		}
	}
}

// parts compares structs field by field.
func (d *differ) parts(what string, was, is map[string]reflect.Value) {
	for _, name := range unionKeys(was, is) {
		a, before := was[name]
		b, now := is[name]
		switch {
		case !before:
			d.addf("%s %s was added", what, name)
		case !now:
			d.addf("%s %s was removed", what, name)
		default:
			if fields := changed(a, b); len(fields) > 0 {
				d.addf("%s %s changed: %s", what, name, strings.Join(fields, ", "))
			}
		}
	}
}

func settingValues(p *Plan) map[string]string {
	out := map[string]string{}
	for _, s := range p.Settings {
		switch {
		case s.Secret:
			out[s.Name] = string(s.Type) + " from " + s.Variable
		case s.Value == nil:
			out[s.Name] = "unset"
		default:
			out[s.Name] = string(s.Value)
		}
	}
	return out
}

func paramValues(p *Plan) map[string]string {
	out := map[string]string{}
	for _, x := range p.Params {
		out[x.Name] = string(x.Type)
		if x.Value != nil {
			out[x.Name] = x.Value.String()
		}
	}
	return out
}

func byID[T any](m map[string]T) map[string]reflect.Value {
	out := map[string]reflect.Value{}
	for id, x := range m {
		out[id] = reflect.ValueOf(x)
	}
	return out
}

func modules(p *Plan) map[string]reflect.Value {
	out := map[string]reflect.Value{}
	for _, m := range p.Modules {
		out[m.ID] = reflect.ValueOf(m)
	}
	return out
}

// steps are all steps by path; a graph inside one is compared by its own head and steps.
func steps(p *Plan) map[string]reflect.Value {
	out := map[string]reflect.Value{}
	for s := range p.Graph.All() {
		c := *s
		if c.Graph != nil {
			g := *c.Graph
			g.Steps, g.OnFailure, g.Finally = nil, nil, nil
			c.Graph = &g
		}
		out[s.Path] = reflect.ValueOf(c)
	}
	return out
}

// changed names the fields of two structs of one type that differ, by their JSON names.
func changed(a, b reflect.Value, except ...string) []string {
	var out []string
	for i := range a.NumField() {
		name := field("", a.Type().Field(i))
		if name == "at" || slices.Contains(except, name) {
			continue
		}
		if !bytes.Equal(placeless(a.Field(i)), placeless(b.Field(i))) {
			out = append(out, strings.ReplaceAll(name, "_", " "))
		}
	}
	return out
}

// placeless is JSON without places in files.
func placeless(v reflect.Value) []byte {
	var text bytes.Buffer
	if writeValue(&text, v.Interface()) != nil {
		return nil
	}
	var data any
	if json.Unmarshal(text.Bytes(), &data) != nil {
		return text.Bytes()
	}
	dropPlaces(data)
	text.Reset()
	_ = writeValue(&text, data) // it has just been read
	return text.Bytes()
}

func dropPlaces(data any) {
	switch x := data.(type) {
	case map[string]any:
		delete(x, "at")
		for key, v := range x {
			if key != "value" || isLate(v) {
				dropPlaces(v)
			}
		}
	case []any:
		for _, v := range x {
			dropPlaces(v)
		}
	}
}

// isLate tells an expression from a value, in which "at" may be anything.
func isLate(data any) bool {
	m, ok := data.(map[string]any)
	cel, _ := m["cel"].(string)
	return ok && cel != "" && m["at"] != nil && len(m) == 2
}

func unionKeys[T any](a, b map[string]T) []string {
	all := maps.Clone(a)
	if all == nil {
		all = map[string]T{}
	}
	maps.Copy(all, b)
	return slices.Sorted(maps.Keys(all))
}
