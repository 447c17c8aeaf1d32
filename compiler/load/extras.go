package load

import (
	"maps"
	"slices"

	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/source"
)

// LockExtra is what pipe lock pins beside what the pipelines name.
type LockExtra struct {
	// Images are the names that an image which only the run knows may come to.
	Images []string `toml:"images"`
}

func (r *configReader) lock(v any, at source.Span) (out LockExtra) {
	table, ok := v.(map[string]any)
	if !ok {
		r.add(diag.TypeMismatch, r.value(at), "write a table: [lock]", "lock: expected a table, found %s", tomlKind(v))
		return out
	}
	for _, key := range slices.Sorted(maps.Keys(table)) {
		at := r.key("lock", key)
		list, isList := table[key].([]any)
		switch {
		case key != "images":
			r.unknown(at, key, "lock", []string{"images"})
		case !isList || len(textsOf(list)) != len(list):
			r.add(diag.TypeMismatch, r.value(at), `write images = ["name:tag"]`, "images: expected a list of names, found %s", tomlKind(table[key]))
		default:
			out.Images = textsOf(list)
		}
	}
	return out
}

func (r *configReader) truth(v any, at source.Span, key string) (b, ok bool) {
	b, ok = v.(bool)
	if !ok {
		r.add(diag.TypeMismatch, r.value(at), "", "%s: expected true or false, found %s", key, tomlKind(v))
	}
	return b, ok
}
