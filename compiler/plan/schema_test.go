package plan_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/pipelang/pipe/compiler/plan"
)

// TestSchemaFitsTheStructs holds the published schema to the structs: it is generated from
// them and their comments, and UPDATE=1 rewrites both copies.
func TestSchemaFitsTheStructs(t *testing.T) {
	g := &generator{docs: comments(t), defs: map[string]any{}}
	root := g.schema(reflect.TypeFor[plan.Plan]())
	schema := map[string]any{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "https://pipelang.dev/schema/pipe.plan/v1",
		"title": plan.Version, "$defs": g.defs, "$ref": root["$ref"],
	}
	want, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	for _, file := range []string{"plan.schema.json", "../../docs/plan.schema.json"} {
		if os.Getenv("UPDATE") != "" {
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), string(got)); d != "" {
			t.Errorf("%s does not fit the structs; UPDATE=1 rewrites it: %s", file, d)
		}
	}
}

func compiled(t testing.TB) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(plan.Schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("plan.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("plan.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSchemaAcceptsPlansOnly(t *testing.T) {
	schema := compiled(t)
	accepts := func(text []byte) bool {
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		return schema.Validate(doc) == nil
	}
	good := encode(t, sample(t))
	if !accepts(good) {
		t.Error("a plan is refused")
	}
	for _, edit := range [][2]string{
		{`"entry":`, `"rm": 1, "entry":`},
		{`"pipe.plan/v1"`, `"pipe.plan/v2"`},
		{`"cel": "settings.database_url",`, `"cel": "x", "value": 1,`},
		{`"cel": "settings.database_url",`, ``},
		{`"entry": "ship.pipe"`, `"entry": 1`},
		{`"policy": "latest"`, `"policy": "any"`},
		{`"sha256:`, `"md5:`},
	} {
		bad := strings.Replace(string(good), edit[0], edit[1], 1)
		if bad == string(good) || accepts([]byte(bad)) {
			t.Errorf("%s in place of %s is accepted", edit[1], edit[0])
		}
	}
}

// generator makes a JSON Schema of the structs.
type generator struct {
	docs map[string]string // by struct, and by struct.field
	defs map[string]any
}

func (g *generator) schema(t reflect.Type) map[string]any {
	switch t {
	case reflect.TypeFor[json.RawMessage]():
		return map[string]any{}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return g.schema(t.Elem())
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int:
		return map[string]any{"type": "integer"}
	case reflect.Slice:
		return map[string]any{"type": "array", "items": g.schema(t.Elem())}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": g.schema(t.Elem())}
	case reflect.Struct:
		g.define(t)
		return map[string]any{"$ref": "#/$defs/" + t.Name()}
	}
	panic("a plan has no " + t.String())
}

func (g *generator) define(t reflect.Type) {
	if g.defs[t.Name()] != nil {
		return
	}
	def := map[string]any{"type": "object", "additionalProperties": false, "description": g.docs[t.Name()]}
	g.defs[t.Name()] = def
	properties, required := map[string]any{}, []string{}
	def["properties"] = properties
	for _, f := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" {
			def["oneOf"] = oneOfValueAndCEL
			continue
		}
		s := g.schema(f.Type)
		if doc := g.docs[t.Name()+"."+f.Name]; doc != "" {
			s["description"] = doc
		}
		for k, v := range refined[t.Name()+"."+name] {
			s[k] = v
		}
		properties[name] = s
		if options != "omitempty" {
			required = append(required, name)
		}
	}
	if len(required) > 0 {
		def["required"] = required
	}
	if t == reflect.TypeFor[plan.Expr]() {
		def["oneOf"] = oneOfValueAndCEL
	}
}

var oneOfValueAndCEL = []any{
	map[string]any{"required": []string{"value"}},
	map[string]any{"required": []string{"cel"}},
}

// refined says what the Go types cannot.
var refined = map[string]map[string]any{
	"Plan.schema":   {"const": plan.Version},
	"Plan.digest":   {"pattern": "^sha256:[0-9a-f]{64}$"},
	"Source.digest": {"pattern": "^sha256:[0-9a-f]{64}$"},
	"Plan.late":     {"items": map[string]any{"enum": []string{"ci", "git", "repository", "run"}}},
	"Lock.policy":   {"enum": []string{"latest", "reject"}},
}

// comments are the doc comments of the package's structs and their fields.
func comments(t *testing.T) map[string]string {
	f, err := parser.ParseFile(token.NewFileSet(), "plan.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, d := range f.Decls {
		d, ok := d.(*ast.GenDecl)
		if !ok || d.Tok != token.TYPE {
			continue
		}
		spec := d.Specs[0].(*ast.TypeSpec)
		out[spec.Name.Name] = words(d.Doc, nil)
		s, ok := spec.Type.(*ast.StructType)
		if !ok {
			continue
		}
		for _, field := range s.Fields.List {
			for _, n := range field.Names {
				out[spec.Name.Name+"."+n.Name] = words(field.Doc, field.Comment)
			}
		}
	}
	return out
}

func words(doc, line *ast.CommentGroup) string {
	return strings.Join(strings.Fields(doc.Text()+" "+line.Text()), " ")
}
