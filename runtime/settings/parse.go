package settings

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

// misfit says how a text or datum does not fit a type. found may quote it; kind does not.
type misfit struct{ path, want, found, kind string }

func (m *misfit) Error() string { return "expected " + m.want + ", found " + m.found }

// parse reads a text by type. White space around anything but strings is dropped; an empty
// text is a string only; `null` is no value where a type is optional and not a string or path.
func parse(t *types.Type, s string) (value.Value, error) {
	inner := t.Plain()
	if inner.Kind == types.String {
		return value.String(s), nil
	}
	trimmed := strings.TrimSpace(s)
	if trimmed == "" {
		return nil, &misfit{want: expected(t), found: "an empty text", kind: "an empty text"}
	}
	if t.Kind == types.Optional && trimmed == "null" && inner.Kind != types.Path {
		return value.None{}, nil
	}
	switch inner.Kind {
	case types.Bool:
		return parseBool(inner, trimmed)
	case types.List:
		return parseList(inner, trimmed)
	case types.Map, types.Record, types.JSON:
		return nil, &misfit{want: expected(t) + " as JSON", found: quote(s), kind: "other text"}
	}
	v, err := value.ParseText(inner, trimmed)
	if err != nil {
		return nil, misfitOf(err, t, s)
	}
	if inner.Kind == types.Float && strings.ContainsAny(trimmed, "_xX") {
		return nil, &misfit{want: "a decimal float", found: quote(s), kind: "other text"}
	}
	if want := beyond(inner, v); want != "" {
		return nil, &misfit{want: want, found: quote(s), kind: "other text"}
	}
	return v, nil
}

// beyond is what a scalar that reads well should have been, "" when it is in range.
func beyond(t *types.Type, v value.Value) string {
	switch v := v.(type) {
	case value.Float:
		if math.IsInf(float64(v), 0) || math.IsNaN(float64(v)) {
			return "a finite float"
		}
	case value.Size:
		if v < 0 {
			return "a size of zero or more"
		}
	case value.Timestamp:
		if y := time.Time(v).UTC().Year(); y < 0 || y > 9999 {
			return "a timestamp of the years 0 to 9999 in UTC"
		}
	case value.String:
		if t.Kind != types.URL {
			return ""
		}
		u, err := url.Parse(string(v))
		if err != nil || u.Port() == "" {
			return ""
		}
		if _, err := strconv.ParseUint(u.Port(), 10, 16); err != nil {
			return "a URL whose port is at most 65535"
		}
	}
	return ""
}

var (
	yes = []string{"true", "1", "yes", "on", "t", "y"}
	no  = []string{"false", "0", "no", "off", "f", "n"}
)

func parseBool(t *types.Type, s string) (value.Value, error) {
	word := strings.ToLower(s)
	switch {
	case slices.Contains(yes, word):
		return value.Bool(true), nil
	case slices.Contains(no, word):
		return value.Bool(false), nil
	}
	return nil, &misfit{want: "true or false", found: quote(s), kind: "other text"}
}

// parseList reads elements parted by commas; a list of JSON has become data before.
func parseList(t *types.Type, s string) (value.Value, error) {
	if parted(t.Elem) || t.Elem.Plain().Kind == types.List {
		return nil, &misfit{want: expected(t) + " as JSON", found: quote(s), kind: "other text"}
	}
	return parseElements(t, strings.Split(s, ","))
}

func parseElements(t *types.Type, texts []string) (value.Value, error) {
	out := make(value.List, 0, len(texts))
	for i, part := range texts {
		v, err := parse(t.Elem, strings.TrimSpace(part))
		if err != nil {
			m := misfitOf(err, t.Elem, part)
			m.path = fmt.Sprintf("[%d]%s", i, m.path)
			return nil, m
		}
		out = append(out, v)
	}
	return out, nil
}

// parseJSON reads a text that stands for something with parts.
func parseJSON(t *types.Type, s string) (value.JSON, error) {
	data, err := value.ParseJSON([]byte(s))
	if err == nil {
		return data, nil
	}
	m := &misfit{want: expected(t) + " as JSON", kind: "text that is no JSON"}
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		m.kind += fmt.Sprintf(" from byte %d on", syntax.Offset)
	} else if errors.Is(err, io.ErrUnexpectedEOF) {
		m.kind += ": it ends too early"
	} else if json.Valid([]byte(s)) {
		m.kind = "JSON that is nested too deep, or has a number out of range"
	}
	m.found = quote(s) + ", " + m.kind
	return value.JSON{}, m
}

// isJSON reports whether a text for a type is read as JSON.
func isJSON(t *types.Type, s string) bool {
	s = strings.TrimSpace(s)
	switch t.Plain().Kind {
	case types.Map, types.Record, types.JSON:
		return s != ""
	case types.List:
		return strings.HasPrefix(s, "[") || s == "null" && t.Kind == types.Optional
	}
	return false
}

// fit makes data or a value fit a type.
func fit(t *types.Type, v value.Value) (value.Value, error) {
	out, err := value.Coerce(v, t)
	if err != nil {
		return nil, misfitOf(err, t, "")
	}
	if err := checkTexts(t, out); err != nil {
		return nil, err
	}
	return out, nil
}

// checkTexts applies to data what a text is held to: URLs, paths, ranges.
func checkTexts(t *types.Type, v value.Value) error {
	if want := beyond(t.Plain(), v); want != "" {
		return &misfit{want: want, found: shown(v), kind: "one out of range"}
	}
	switch v := v.(type) {
	case value.String:
		if k := t.Plain().Kind; k == types.URL || k == types.Path {
			if _, err := value.ParseText(t.Plain(), string(v)); err != nil {
				return misfitOf(err, t, string(v))
			}
		}
	case value.List:
		for i, x := range v {
			if err := checkTexts(t.Plain().Elem, x); err != nil {
				m := misfitOf(err, t, "")
				m.path = fmt.Sprintf("[%d]%s", i, m.path)
				return m
			}
		}
	case value.Map:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			if err := checkTexts(t.Plain().Elem, v[k]); err != nil {
				m := misfitOf(err, t, "")
				m.path = "." + k + m.path
				return m
			}
		}
	case value.Record:
		for _, f := range t.Plain().Record.Fields {
			if err := checkTexts(f.Type, v[f.Name]); err != nil {
				m := misfitOf(err, t, "")
				m.path = "." + f.Name + m.path
				return m
			}
		}
	}
	return nil
}

// misfitOf takes over what package value says.
func misfitOf(err error, t *types.Type, s string) *misfit {
	if m, ok := errors.AsType[*misfit](err); ok {
		return m
	}
	if m, ok := errors.AsType[*value.MismatchError](err); ok {
		return &misfit{path: m.Path, want: m.Want, found: m.Found, kind: m.Kind}
	}
	return &misfit{want: expected(t), found: quote(s), kind: "other text"}
}

// expected is a type for people: no labels, and no question mark.
func expected(t *types.Type) string {
	return unlabelled(t.Plain()).String()
}

func unlabelled(t *types.Type) *types.Type {
	out := *t
	out.Labels = 0
	if t.Elem != nil {
		out.Elem = unlabelled(t.Elem)
	}
	return &out
}
