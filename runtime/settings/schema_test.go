package settings

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/types"
)

// everything is a record with a field of every type, some with conditions.
func everything() Declared {
	below := types.NewRecord("Below", "m.Below")
	below.SetFields([]types.Field{{Name: "n", Type: types.IntType}, {Name: "next", Type: types.OptionalOf(below)}})
	all := types.NewRecord("All", "m.All")
	all.SetFields([]types.Field{
		{Name: "port", Type: types.IntType, Doc: "A port."},
		{Name: "share", Type: types.FloatType},
		{Name: "on", Type: types.BoolType, HasDefault: true, Default: "true"},
		{Name: "wait", Type: types.DurationType, HasDefault: true, Default: `"1s"`},
		{Name: "memory", Type: types.OptionalOf(types.SizeType)},
		{Name: "since", Type: types.OptionalOf(types.TimestampType)},
		{Name: "site", Type: types.OptionalOf(types.URLType)},
		{Name: "folder", Type: types.OptionalOf(types.PathType)},
		{Name: "env", Type: types.OptionalOf(types.LiteralsOf("dev", "prod"))},
		{Name: "word", Type: types.OptionalOf(types.StringType)},
		{Name: "code", Type: types.OptionalOf(types.StringType)},
		{Name: "level", Type: types.OptionalOf(types.IntType)},
		{Name: "list", Type: types.OptionalOf(types.ListOf(types.IntType))},
		{Name: "counts", Type: types.OptionalOf(types.MapOf(types.IntType))},
		{Name: "below", Type: types.OptionalOf(below)},
		{Name: "token", Type: types.OptionalOf(types.StringType.WithLabels(types.Secret)), HasDefault: true, Default: `"hunter2"`},
	})
	ask := func(cel string) *plan.Expr { return &plan.Expr{CEL: cel, At: "m.pipe:1:1"} }
	conditions := plan.NewConditions(map[string]plan.RecordType{"m.All": {Name: "All", Module: "m", Fields: []plan.Field{
		{Name: "port", Where: ask("self >= 1 && 65535 >= self && self != 13")},
		{Name: "share", Where: ask("self > 0.0 && (self < 1.5)")},
		{Name: "word", Where: ask(`size(self) <= 3 && self != ""`)},
		{Name: "code", Where: ask(`self.matches(r"^[a-z]+-[0-9]{2}$")`)},
		{Name: "level", Where: ask("self in [1, 2, 3]")},
		{Name: "list", Where: ask("self.size() >= 1 && self.size() < 3")},
		{Name: "counts", Where: ask("size(self) == 1 || size(self) == 2")},
	}}}, []plan.Module{{ID: "m"}})
	return Declared{
		Settings: []plan.SettingDecl{decl("all", "m.All")},
		Types:    map[string]*types.Type{"m.All": all, "m.Below": below}, Conditions: conditions,
	}
}

func compiledSchema(t *testing.T, d Declared) (*jsonschema.Schema, string) {
	t.Helper()
	raw, err := Schema("Settings of a.pipe", d)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("settings.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("settings.json")
	if err != nil {
		t.Fatalf("%v\n%s", err, raw)
	}
	return s, string(raw)
}

// What the schema admits, Resolve admits, and the other way round.
func TestSchemaAgreesWithResolve(t *testing.T) {
	d := everything()
	schema, _ := compiledSchema(t, d)
	for _, tt := range []struct {
		field, json string
		valid       bool
	}{
		{"port", `80`, true}, {"port", `65535`, true}, {"port", `0`, false}, {"port", `65536`, false}, {"port", `80.0`, true},
		{"port", `80.5`, false}, {"port", `"80"`, false}, {"port", `null`, false}, {"port", ``, false}, {"port", `[80]`, false},
		{"share", `1`, true}, {"share", `0.5`, true}, {"share", `0`, false}, {"share", `1.5`, false}, {"share", `"1"`, false},
		{"on", `false`, true}, {"on", ``, true}, {"on", `"yes"`, false}, {"on", `1`, false}, {"on", `null`, false},
		{"wait", `"1h30m"`, true}, {"wait", `"-1.5s"`, true}, {"wait", `".5d"`, true}, {"wait", `"10"`, false}, {"wait", `"1 h"`, false},
		{"wait", `""`, false}, {"wait", `10`, false}, {"wait", `"1.h"`, false}, {"wait", `"1h\n"`, false},
		{"memory", `"512MiB"`, true}, {"memory", `"1.5GB"`, true}, {"memory", `"1kB"`, true}, {"memory", `1024`, true}, {"memory", `0`, true}, {"memory", `-1`, false}, {"memory", `null`, true},
		{"memory", `"1KB"`, true}, {"memory", `"1kiB"`, false}, {"memory", `"1024"`, false}, {"memory", `"1MiB1KiB"`, false}, {"memory", `true`, false},
		{"since", `"2025-01-02T03:04:05Z"`, true}, {"since", `"2025-01-02T03:04:05.5+02:00"`, true}, {"since", `"2025-01-02"`, false}, {"since", `null`, true},
		{"site", `"https://example.com/x?y=1"`, true}, {"site", `"example.com"`, false}, {"site", `""`, false}, {"site", `5`, false},
		{"folder", `"a b"`, true}, {"folder", `""`, false}, {"folder", `null`, true},
		{"env", `"dev"`, true}, {"env", `"Dev"`, false}, {"env", `null`, true}, {"env", `1`, false},
		{"word", `"äöü"`, true}, {"word", `"äöüß"`, false}, {"word", `""`, false}, {"word", `null`, true},
		{"code", `"ab-12"`, true}, {"code", `"ab-123"`, false}, {"code", `"AB-12"`, false}, {"code", `"ab-12\n"`, false},
		{"level", `2`, true}, {"level", `4`, false}, {"level", `null`, true},
		{"list", `[1]`, true}, {"list", `[1, 2]`, true}, {"list", `[]`, false}, {"list", `[1, 2, 3]`, false}, {"list", `["1"]`, false}, {"list", `1`, false},
		{"counts", `{"a": 1}`, true}, {"counts", `{"a": "1"}`, false}, {"counts", `[]`, false},
		{"below", `{"n": 1}`, true}, {"below", `{"n": 1, "next": {"n": 2, "next": null}}`, true}, {"below", `{"n": 1, "next": {}}`, false},
		{"below", `{}`, false}, {"below", `{"n": 1, "m": 2}`, false}, {"below", `null`, true},
		{"token", `"x"`, true}, {"token", `1`, false}, {"other", `1`, false},
	} {
		whole := map[string]json.RawMessage{"port": []byte("1"), "share": []byte("1.25")}
		if whole[tt.field] = []byte(tt.json); tt.json == "" {
			delete(whole, tt.field)
		}
		text, err := json.Marshal(whole)
		if err != nil {
			t.Fatal(err)
		}
		instance, err := jsonschema.UnmarshalJSON(strings.NewReader(`{"all": ` + string(text) + `}`))
		if err != nil {
			t.Fatal(err)
		}
		fits := schema.Validate(instance)
		set := resolve(t, Sources{Set: []Assignment{{"all", string(text)}}, Types: d.Types, Conditions: d.Conditions}, d.Settings...)
		_, resolves := set.Known("all")
		if d.Settings[0].Secret { // Known gives no secrets
			_, resolves = set.Value("all")
		}
		if (fits == nil) != tt.valid || resolves != tt.valid {
			t.Errorf("%s: %s should be %v; the schema says %v, and the settings %v", tt.field, tt.json, tt.valid, fits, set.Problems([]string{"all"}))
		}
	}
}

// The template's settings as one object, with a condition of a setting itself.
func TestSchemaOfSettings(t *testing.T) {
	decls := documented()
	schema, text := compiledSchema(t, Declared{Settings: decls, Types: declaredTypes()})
	golden(t, "testdata/settings.schema.json", text)
	if strings.Contains(text, "hunter2") {
		t.Error("the default of a secret is in the schema")
	}
	for instance, valid := range map[string]bool{
		`{"database_url": "postgres://h", "site": "https://h", "db": {"host": "h"}, "tls": {}}`:                true,
		`{"database_url": "pos", "site": "https://h", "db": {"host": "h"}, "tls": {}}`:                         false, // its condition
		`{"database_url": "postgres://h", "site": "https://h", "db": {"host": "h"}, "tls": {}, "port": 0}`:     false,
		`{"database_url": "postgres://h", "site": "https://h", "db": {"host": "h"}, "tls": {}, "prot": 1}`:     false, // unknown
		`{"site": "https://h", "db": {"host": "h"}, "tls": {}}`:                                                false, // missing
		`{"database_url": "postgres://h", "site": "https://h", "db": {"port": 1}, "tls": {}}`:                  false,
		`{"database_url": "postgres://h", "site": "https://h", "db": {"host": "h"}, "tls": {}, "spare": null}`: true,
	} {
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(instance))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(doc); (err == nil) != valid {
			t.Errorf("%s should be %v: %v", instance, valid, err)
		}
	}
}

// A condition that JSON Schema has no words for leaves the schema as wide as the type.
func TestSchemaLeavesOutWhatItCannotSay(t *testing.T) {
	for _, where := range []string{
		`self == 1 || self == 5`, `self % 2 == 0`, `self < size("x")`, `self.matches(r"(?i)a")`, `!(self > 3)`, `self + 1 > 2`, `other > 3`, `self >= 1 ? true : false`,
	} {
		_, text := compiledSchema(t, Declared{Settings: []plan.SettingDecl{decl("n", "int", "where "+where)}})
		for _, word := range []string{"inimum", "aximum", "pattern", "enum", "const"} {
			if strings.Contains(text, word) {
				t.Errorf("%s became %s", where, text)
			}
		}
	}
}
