package cli

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/secret"
	"github.com/pipelang/pipe/runtime/settings"
)

// warnShort names the secrets that are too short to be told from other text, and shows none.
func warnShort(set *settings.Set, bus *event.Bus) {
	for _, r := range set.All() {
		for _, name := range shortSecrets(r.Decl.Name, r.Value, r.Type, false) {
			bus.Publish(event.Event{Type: event.Notice, Text: fmt.Sprintf("the secret %s is short: it is masked only as it stands, or not at all", name)})
		}
	}
}

// shortSecrets are the names of what a type declares secret and is short, but for what is empty.
func shortSecrets(name string, v value.Value, t *types.Type, hidden bool) []string {
	t = t.Plain()
	hidden = hidden || t.Labels&types.Secret != 0
	var out []string
	switch v := v.(type) {
	case nil, value.None, value.Bool, value.JSON:
	case value.List:
		for i, e := range v {
			out = append(out, shortSecrets(fmt.Sprintf("%s[%d]", name, i), e, elem(t), hidden)...)
		}
	case value.Map:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			out = append(out, shortSecrets(name+"."+k, v[k], elem(t), hidden)...)
		}
	case value.Record:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			inner := types.InvalidType
			if f, ok := t.Field(k); ok {
				inner = f.Type
			}
			out = append(out, shortSecrets(name+"."+k, v[k], inner, hidden)...)
		}
	default:
		if text, ok := value.Env(v); ok && hidden && text != "" && secret.Short(text) {
			out = append(out, name)
		}
	}
	return out
}

func elem(t *types.Type) *types.Type {
	if t.Elem == nil {
		return types.InvalidType
	}
	return t.Elem
}
