package lower

import (
	"maps"
	"slices"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/value"
)

// effects gathers what a plan reads and changes.
type effects struct {
	globs, inherit, images, changes map[string]bool
	network                         bool
}

func newEffects() effects {
	return effects{globs: map[string]bool{}, inherit: map[string]bool{}, images: map[string]bool{}, changes: map[string]bool{}}
}

// files adds globs that are relative to a folder.
func (e *effects) files(folder string, globs []string) {
	for _, g := range globs {
		e.globs[plan.Resolve(folder, g)] = true
	}
}

// op adds what a step that calls an op does.
func (e *effects) op(o *plan.Op, image, inputs, network value.Value) {
	for _, n := range o.Inherit {
		e.inherit[n] = true
	}
	e.image(true, image)
	if o.InPlace {
		e.changes["repository"] = true
	}
	if o.Native {
		return
	}
	if network != value.String("none") {
		e.network = true
	}
	if list, ok := inputs.(value.List); ok {
		e.files(o.Folder, stringsOf(list))
	} else {
		e.globs["**"] = true
	}
}

// native adds what a step changes that calls an op which pipe implements.
func (e *effects) native(o *check.Op, args map[string]value.Value) {
	does, ok := check.NativeEffect(o)
	if !ok {
		return
	}
	e.network = true
	if folder, ok := args[does.Reads].(value.String); ok && args[does.Instead] == (value.None{}) {
		e.files("", []string{plan.Resolve(plan.Resolve("", string(folder)), "**")})
	}
	changes := does.Changes(func(param string) string {
		name, _ := args[param].(value.String)
		return string(name)
	})
	if changes != "" {
		e.changes[changes] = true
	}
}

// image adds what is named as an image and known.
func (e *effects) image(is bool, v value.Value) {
	if ref, ok := v.(value.String); ok && is {
		e.images[string(ref)] = true
	}
}

func stringsOf(list value.List) []string {
	var out []string
	for _, v := range list {
		if s, ok := v.(value.String); ok {
			out = append(out, string(s))
		}
	}
	return out
}

// all is the effects as the plan holds them; secrets are those among the settings reached.
func (e *effects) all(secrets []string) plan.Effects {
	slices.Sort(secrets)
	return plan.Effects{
		Files: sorted(e.globs), Secrets: secrets, Inherit: sorted(e.inherit), Images: sorted(e.images),
		Network: e.network, Changes: sorted(e.changes),
	}
}

// sorted is nil for an empty set, as a decoded plan has it.
func sorted(set map[string]bool) []string { return slices.Sorted(maps.Keys(set)) }
