package settings

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/types"
)

// Declared is what settings are declared with, without any value from outside.
type Declared struct {
	Settings   []plan.SettingDecl
	Types      map[string]*types.Type // resolves named records
	Conditions *plan.Conditions       // what they ask of their fields; nil is nothing
}

// dialect is the JSON Schema that Schema writes.
const dialect = "https://json-schema.org/draft/2020-12/schema"

// Schema is a JSON Schema (draft 2020-12) of the settings as one object, indented: names as in
// the file, documentation as descriptions, defaults of what is not secret. Conditions that
// JSON Schema has no words for are left out, and so is what a profile or program would give.
// It depends on the declarations alone.
func Schema(title string, d Declared) ([]byte, error) {
	w := &schemaWriter{Declared: d, defs: map[string]any{}, names: map[*types.RecordInfo]string{}}
	properties, required := map[string]any{}, []string{}
	var order []string
	for _, s := range d.Settings {
		t, err := types.Parse(s.Type, func(id string) *types.Type { return d.Types[id] })
		if err != nil {
			return nil, fmt.Errorf("setting %s: %w", s.Name, err)
		}
		properties[s.Name] = w.setting(s, t)
		order = append(order, s.Name)
		if needed(s, t) {
			required = append(required, s.Name)
		}
	}
	out := members{
		{"$schema", dialect}, {"title", title}, {"type", "object"},
		{"properties", ordered(order, properties)}, {"required", required}, {"additionalProperties", false},
	}
	if len(w.defs) > 0 {
		out = append(out, member{"$defs", w.defs})
	}
	return indented(out)
}

// needed reports whether a setting must get its value from outside.
func needed(s plan.SettingDecl, t *types.Type) bool {
	return s.Default == nil && s.Exec == nil && t.Kind != types.Optional
}

// members is a JSON object that keeps its order.
type (
	member struct {
		name  string
		value any
	}
	members []member
)

// MarshalJSON writes the members as they stand.
func (m members) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, x := range m {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Quote(x.name)) // names of ours, and of fields: plain words
		b.WriteByte(':')
		raw, err := encoded(x.value)
		if err != nil {
			return nil, err
		}
		b.Write(raw)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func ordered(names []string, of map[string]any) members {
	out := members{}
	for _, n := range names {
		out = append(out, member{n, of[n]})
	}
	return out
}

// encoded is JSON without HTML escapes.
func encoded(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimRight(b.Bytes(), "\n"), err
}

func indented(v any) ([]byte, error) {
	raw, err := encoded(v)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", "  "); err != nil {
		return nil, err
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

// schemaWriter collects the named records that are mentioned.
type schemaWriter struct {
	Declared
	defs  map[string]any
	names map[*types.RecordInfo]string
}

func (w *schemaWriter) setting(s plan.SettingDecl, t *types.Type) members {
	out := w.typ(t)
	bounds(out, t, s.Where)
	describe(out, s.Doc, s.Secret)
	if s.Default != nil && s.Default.Value != nil && !s.Secret {
		out["default"] = s.Default.Value
	}
	return finished(out, t)
}

func describe(schema map[string]any, doc string, secret bool) {
	if doc != "" {
		schema["description"] = doc
	}
	if secret {
		schema["writeOnly"] = true
	}
}

// first are the keywords that people look for first; the others follow by name.
var first = []string{"description", "type", "$ref", "format", "enum"}

// finished admits null where a value is optional, and puts the keywords in their order.
func finished(schema map[string]any, t *types.Type) members {
	if t.Kind == types.Optional {
		admitNull(schema)
	}
	var out members
	for _, k := range first {
		if v, ok := schema[k]; ok {
			out = append(out, member{k, v})
			delete(schema, k)
		}
	}
	rest := make([]string, 0, len(schema))
	for k := range schema {
		rest = append(rest, k)
	}
	slices.Sort(rest)
	return append(out, ordered(rest, schema)...)
}

func admitNull(schema map[string]any) {
	switch {
	case schema["type"] != nil && schema["anyOf"] == nil:
		kinds, several := schema["type"].([]any)
		if !several {
			kinds = []any{schema["type"]}
		}
		schema["type"] = append(slices.Clone(kinds), "null")
		if set, ok := schema["enum"].([]any); ok {
			schema["enum"] = append(slices.Clone(set), nil)
		}
	case schema["$ref"] != nil:
		schema["anyOf"] = []any{map[string]any{"$ref": schema["$ref"]}, map[string]any{"type": "null"}}
		delete(schema, "$ref")
	case schema["anyOf"] != nil:
		schema["anyOf"] = append(slices.Clone(schema["anyOf"].([]any)), map[string]any{"type": "null"})
	}
}

// The texts of durations and sizes as the language writes them.
const (
	durationPattern = `^-?((\d+(\.\d+)?|\.\d+)(ns|us|ms|s|m|h|d))+$`
	sizePattern     = `^(\d+(\.\d+)?|\.\d+)([kKMGT]?B|[KMGT]iB)$`
)

// typ is the schema of a type; it does not say yet that a value may be null.
func (w *schemaWriter) typ(t *types.Type) map[string]any {
	switch t = t.Plain(); t.Kind {
	case types.String:
		return map[string]any{"type": "string"}
	case types.Path:
		return map[string]any{"type": "string", "minLength": int64(1)}
	case types.Int:
		return map[string]any{"type": "integer", "format": "int64"}
	case types.Float:
		return map[string]any{"type": "number"}
	case types.Bool:
		return map[string]any{"type": "boolean"}
	case types.Duration:
		return map[string]any{"type": "string", "pattern": durationPattern}
	case types.Size:
		return map[string]any{"type": []any{"string", "integer"}, "pattern": sizePattern, "minimum": int64(0)}
	case types.Timestamp:
		return map[string]any{"type": "string", "format": "date-time"}
	case types.URL:
		return map[string]any{"type": "string", "format": "uri"}
	case types.Literals:
		return map[string]any{"type": "string", "enum": anyOf(t.Literals)}
	case types.List:
		return map[string]any{"type": "array", "items": finished(w.typ(t.Elem), t.Elem)}
	case types.Map:
		return map[string]any{"type": "object", "additionalProperties": finished(w.typ(t.Elem), t.Elem)}
	case types.Record:
		return w.named(t)
	}
	return map[string]any{}
}

func anyOf(set []string) []any {
	out := make([]any, len(set))
	for i, s := range set {
		out[i] = s
	}
	return out
}

// named refers to a record that has a name, which may hold itself.
func (w *schemaWriter) named(t *types.Type) map[string]any {
	if t.Record.Name == "" {
		return w.record(t)
	}
	name, known := w.names[t.Record]
	if !known {
		name = t.Record.Name
		for n := 2; w.defs[name] != nil; n++ {
			name = t.Record.Name + strconv.Itoa(n)
		}
		w.names[t.Record] = name
		w.defs[name] = map[string]any{} // taken, while its fields are written
		w.defs[name] = finished(w.record(t), t)
	}
	return map[string]any{"$ref": "#/$defs/" + name}
}

func (w *schemaWriter) record(t *types.Type) map[string]any {
	properties, required := map[string]any{}, []string{}
	for _, f := range t.Record.Fields {
		properties[f.Name] = w.field(t, f)
		if mustGive(f) {
			required = append(required, f.Name)
		}
	}
	return map[string]any{
		"type": "object", "properties": ordered(t.FieldNames(), properties), "required": required, "additionalProperties": false,
	}
}

// mustGive reports whether a field that no source gives is a problem.
func mustGive(f types.Field) bool {
	switch f.Type.Kind {
	case types.Optional:
		return false
	case types.Record:
		return f.Default == "" && !completed(f.Type)
	}
	return f.Default == ""
}

func (w *schemaWriter) field(record *types.Type, f types.Field) members {
	out := w.typ(f.Type)
	if c := w.Conditions.Of(record, f.Name); c != nil {
		bounds(out, f.Type, c.Where)
	}
	secret := (f.Type.DeepLabels()|record.Labels)&types.Secret != 0
	describe(out, f.Doc, secret)
	if f.Default != "" && !secret {
		out["default"] = json.RawMessage(f.Default)
	}
	return finished(out, f.Type)
}
