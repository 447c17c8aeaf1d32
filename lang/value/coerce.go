package value

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pipelang/pipe/lang/token"
	"github.com/pipelang/pipe/lang/types"
)

// MismatchError says that a value, or a part of it, does not fit a type.
type MismatchError struct {
	// Path of the part: ".failures[2].line"; "" for the whole.
	Path string
	// Want is what was expected, as text.
	Want string
	// Found is what was found: a kind of value, or a quoted text. It may quote the value itself.
	Found string
	// Kind is what was found without any of its content, for secrets.
	Kind string
}

// Error is such as "failures[2].line: expected int, found string".
func (e *MismatchError) Error() string {
	s := "expected " + e.Want + ", found " + e.Found
	if p := strings.TrimPrefix(e.Path, "."); p != "" {
		s = p + ": " + s
	}
	return s
}

// Coerce makes a value fit a type: records by width (other fields are dropped, absent ones get
// their default), a whole float becomes an int where one is wanted and an int a float, data is
// read as whatever fits it, durations, sizes and timestamps from text, sizes from bytes, closed sets are
// checked, an absent T? field stays absent. The error is a *MismatchError.
func Coerce(v Value, t *types.Type) (Value, error) {
	return coercer{}.value(v, t, nil)
}

// Unmarshal reads back what Marshal wrote of a value of type t.
func Unmarshal(t *types.Type, raw json.RawMessage) (Value, error) {
	data, err := ParseJSON(raw)
	if err != nil {
		return nil, err
	}
	return coercer{content: true}.value(data, t, nil)
}

// coercer reads values as a type. content admits files, folders and images in data: no program's output may forge them.
type coercer struct{ content bool }

// path is where a value stands in the whole, innermost part first.
type path struct {
	outer *path
	field string
	index int // when field is ""
}

func (p *path) String() string {
	if p == nil {
		return ""
	}
	if p.field != "" {
		return p.outer.String() + "." + p.field
	}
	return p.outer.String() + "[" + strconv.Itoa(p.index) + "]"
}

// mismatch quotes a text that does not fit, unless it is secret.
func mismatch(p *path, t *types.Type, v Value) error {
	kind := kindOf(v)
	found := kind
	if s, ok := text(v); ok && len(s) <= 80 && t.Labels&types.Secret == 0 {
		found = strconv.Quote(s)
	}
	return &MismatchError{Path: p.String(), Want: plainName(t), Found: found, Kind: kind}
}

// wrongKind is for values whose content says nothing.
func wrongKind(p *path, t *types.Type, v Value) error {
	kind := kindOf(v)
	return &MismatchError{Path: p.String(), Want: plainName(t), Found: kind, Kind: kind}
}

// plainName is a type without its labels.
func plainName(t *types.Type) string { return t.WithoutLabels(types.Labels).String() }

func (c coercer) value(v Value, t *types.Type, p *path) (Value, error) {
	if v == nil {
		v = None{}
	}
	switch t.Kind {
	case types.Invalid:
		return v, nil
	case types.Optional:
		if isNone(v) {
			return None{}, nil
		}
		return c.value(v, t.Plain(), p)
	case types.None:
		return None{}, nil
	case types.JSON:
		return toJSON(v, p)
	case types.List:
		return c.list(v, t, p)
	case types.Map:
		return c.mapping(v, t, p)
	case types.Record:
		return c.record(v, t, p)
	case types.File, types.Dir, types.Image:
		return c.stored(v, t, p)
	}
	return scalar(v, t, p)
}

func isNone(v Value) bool {
	switch v := v.(type) {
	case None:
		return true
	case JSON:
		return v.Data == nil
	}
	return false
}

// scalar reads everything without parts.
func scalar(v Value, t *types.Type, p *path) (Value, error) {
	switch t.Kind {
	case types.String, types.URL, types.Path:
		if s, ok := text(v); ok {
			return String(s), nil
		}
	case types.Literals:
		if s, ok := text(v); ok {
			if !slices.Contains(t.Literals, s) {
				return nil, mismatch(p, t, v)
			}
			return String(s), nil
		}
	case types.Bool:
		if b, ok := plain(v).(Bool); ok {
			return b, nil
		}
	case types.Int:
		return integer(v, t, p)
	case types.Float:
		switch n := plain(v).(type) {
		case Float:
			return n, nil
		case Int:
			return Float(n), nil
		}
	default:
		return measured(v, t, p)
	}
	return nil, wrongKind(p, t, v)
}

func integer(v Value, t *types.Type, p *path) (Value, error) {
	switch n := plain(v).(type) {
	case Int:
		return n, nil
	case Float:
		if f := float64(n); f == math.Trunc(f) && f >= -(1<<63) && f < 1<<63 {
			return Int(f), nil
		}
		if t.Labels&types.Secret != 0 {
			return nil, wrongKind(p, t, v)
		}
		return nil, &MismatchError{Path: p.String(), Want: "int", Found: FormatFloat(float64(n)), Kind: "float"}
	}
	return nil, wrongKind(p, t, v)
}

// measured reads durations, sizes, timestamps and bytes, from text too: data holds them so.
func measured(v Value, t *types.Type, p *path) (Value, error) {
	s, isText := text(v)
	switch t.Kind {
	case types.Duration:
		if d, ok := v.(Duration); ok {
			return d, nil
		}
		if d, err := token.ParseDuration(s); isText && err == nil {
			return Duration(d), nil
		}
	case types.Size:
		switch n := plain(v).(type) {
		case Size:
			return n, nil
		case Int:
			return Size(n), nil
		}
		if n, err := token.ParseSize(s); isText && err == nil {
			return Size(n), nil
		}
	case types.Timestamp:
		if x, ok := v.(Timestamp); ok {
			return x, nil
		}
		if x, err := time.Parse(time.RFC3339, s); isText && err == nil {
			return Timestamp(x.UTC()), nil
		}
	case types.Bytes:
		if b, ok := v.(Bytes); ok {
			return b, nil
		}
		if b, err := base64.StdEncoding.DecodeString(s); isText && err == nil {
			return Bytes(b), nil
		}
	}
	if isText {
		return nil, mismatch(p, t, v)
	}
	return nil, wrongKind(p, t, v)
}

func (c coercer) list(v Value, t *types.Type, p *path) (Value, error) {
	var n int
	var at func(int) Value
	switch l := v.(type) {
	case List:
		n, at = len(l), func(i int) Value { return l[i] }
	case JSON:
		d, ok := l.Data.([]any)
		if !ok {
			return nil, wrongKind(p, t, v)
		}
		n, at = len(d), func(i int) Value { return JSON{d[i]} }
	default:
		return nil, wrongKind(p, t, v)
	}
	elem := t.Elem.WithLabels(t.Labels)
	out := make(List, n)
	for i := range n {
		var err error
		if out[i], err = c.value(at(i), elem, &path{outer: p, index: i}); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (c coercer) mapping(v Value, t *types.Type, p *path) (Value, error) {
	fields, ok := members(v)
	if !ok {
		return nil, wrongKind(p, t, v)
	}
	out := make(Map, len(fields))
	for _, k := range slices.Sorted(maps.Keys(fields)) {
		at := &path{outer: p, field: k}
		if t.Labels&types.Secret != 0 { // the keys are secret as well
			at.field = "*"
		}
		x, err := c.value(fields[k], t.Elem.WithLabels(t.Labels), at)
		if err != nil {
			return nil, err
		}
		out[k] = x
	}
	return out, nil
}

func (c coercer) record(v Value, t *types.Type, p *path) (Value, error) {
	fields, ok := members(v)
	if !ok {
		return nil, wrongKind(p, t, v)
	}
	out := make(Record, len(t.Record.Fields))
	for _, f := range t.Record.Fields {
		x, given := fields[f.Name]
		at := &path{outer: p, field: f.Name}
		if !given || isNone(x) {
			var err error
			if x, err = absent(f, at); err != nil {
				return nil, err
			}
			if x == nil {
				continue
			}
		}
		x, err := c.value(x, f.Type.WithLabels(t.Labels), at)
		if err != nil {
			return nil, err
		}
		out[f.Name] = x
	}
	return out, nil
}

// absent is what stands for a field that is not there: its default, or nil for nothing.
func absent(f types.Field, p *path) (Value, error) {
	switch {
	case f.Default != "":
		return Unmarshal(f.Type, json.RawMessage(f.Default))
	case f.Type.Kind == types.Optional, f.HasDefault:
		return nil, nil
	case f.Type.Kind == types.JSON:
		return JSON{}, nil
	}
	return nil, &MismatchError{Path: p.String(), Want: plainName(f.Type), Found: "nothing", Kind: "nothing"}
}

// stored reads files, folders and images.
func (c coercer) stored(v Value, t *types.Type, p *path) (Value, error) {
	switch x := v.(type) {
	case File:
		if t.Kind == types.File {
			return x, nil
		}
	case Dir:
		if t.Kind == types.Dir {
			return x, nil
		}
	case Image:
		if t.Kind == types.Image {
			return x, nil
		}
	case JSON:
		if m, ok := x.Data.(map[string]any); ok && c.content {
			if s, ok := storedOf(m, t); ok {
				return s, nil
			}
		}
	}
	return nil, wrongKind(p, t, v)
}

func storedOf(m map[string]any, t *types.Type) (Value, bool) {
	digest, _ := m["digest"].(string)
	size, _ := m["size"].(int64)
	switch t.Kind {
	case types.File:
		name, ok := m["file"].(string)
		mode, _ := m["mode"].(int64)
		return File{Name: name, Digest: digest, Size: size, Mode: uint32(mode)}, ok
	case types.Dir:
		name, ok := m["dir"].(string)
		files, _ := m["files"].(int64)
		return Dir{Name: name, Digest: digest, Size: size, Files: int(files)}, ok
	}
	ref, ok := m["image"].(string)
	return Image{Ref: ref, Digest: digest}, ok
}

// plain takes a scalar out of data.
func plain(v Value) Value {
	j, ok := v.(JSON)
	if !ok {
		return v
	}
	switch d := j.Data.(type) {
	case bool:
		return Bool(d)
	case int64:
		return Int(d)
	case float64:
		return Float(d)
	case string:
		return String(d)
	}
	return v
}

// text is a string, or a string in data.
func text(v Value) (string, bool) {
	s, ok := plain(v).(String)
	return string(s), ok
}

// members are the fields of a record, a map or an object in data.
func members(v Value) (map[string]Value, bool) {
	switch m := v.(type) {
	case Record:
		return m, true
	case Map:
		return m, true
	case JSON:
		d, ok := m.Data.(map[string]any)
		if !ok {
			return nil, false
		}
		out := make(map[string]Value, len(d))
		for k, x := range d {
			out[k] = JSON{x}
		}
		return out, true
	}
	return nil, false
}

func toJSON(v Value, p *path) (Value, error) {
	if j, ok := v.(JSON); ok {
		return j, nil
	}
	raw, err := Marshal(v)
	if err != nil {
		return nil, &MismatchError{Path: p.String(), Want: "json", Found: err.Error(), Kind: kindOf(v)}
	}
	return ParseJSON(raw)
}

// kindOf names what a value is, without its content.
func kindOf(v Value) string {
	switch v := v.(type) {
	case String:
		return "string"
	case Int:
		return "int"
	case Float:
		return "float"
	case Bool:
		return "bool"
	case Duration:
		return "duration"
	case Size:
		return "size"
	case Timestamp:
		return "timestamp"
	case Bytes:
		return "bytes"
	case List:
		return "a list"
	case Map:
		return "a map"
	case Record:
		return "a record"
	case File:
		return "file"
	case Dir:
		return "dir"
	case Image:
		return "image"
	case JSON:
		switch v.Data.(type) {
		case nil:
			return "null"
		case []any:
			return "a list"
		case map[string]any:
			return "an object"
		}
		return kindOf(plain(v))
	}
	return "nothing"
}
