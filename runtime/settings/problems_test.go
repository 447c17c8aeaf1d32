package settings

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/compiler/plan"
)

func TestProblems(t *testing.T) {
	type source struct {
		set      []Assignment
		environ  []string
		env      string
		secrets  map[string]string
		notFound bool
	}
	tests := []struct {
		name  string
		from  source
		decls []plan.SettingDecl
		want  []Problem
	}{
		{"missing", source{}, []plan.SettingDecl{decl("a_b", "int", "else must be odd", "where self % 2 == 1")}, []Problem{{
			Setting: "a_b", Variable: "A_B", Origin: Origin{Kind: Unset}, Expected: "int, must be odd", Message: "a_b is missing",
			Help: "set A_B in the environment or in .env, or pass --set a_b=…"}}},
		{"missing secret", source{}, []plan.SettingDecl{decl("key", "secret string", "from API_KEY")}, []Problem{{
			Setting: "key", Variable: "API_KEY", Origin: Origin{Kind: Unset}, Expected: "string", Message: "key is missing",
			Help: "set API_KEY in the environment or in .env, or name a file that holds it in API_KEY_FILE"}}},
		{"missing field", source{environ: []string{"DB__PORT=1"}}, []plan.SettingDecl{decl("db", "m.Database")}, []Problem{{
			Setting: "db.host", Variable: "DB__HOST", Origin: Origin{Kind: Unset}, Expected: "string", Message: "db.host is missing",
			Help: "set DB__HOST in the environment or in .env, or pass --set db.host=…"}}},
		{"line of a file", source{env: "# c\n\nPORT=x\n"}, []plan.SettingDecl{decl("port", "int")}, []Problem{{
			Setting: "port", Variable: "PORT", Origin: Origin{Dotenv, "PORT", ".env:3"}, Expected: "int", Found: `"x"`, Message: `port: expected int, found "x"`}}},
		{"empty", source{env: "PORT="}, []plan.SettingDecl{decl("port", "int?")}, []Problem{{
			Setting: "port", Variable: "PORT", Origin: Origin{Dotenv, "PORT", ".env:1"}, Expected: "int", Found: "an empty text",
			Message: "port: expected int, found an empty text", Help: "give it a value, or unset PORT"}}},
		{"every field", source{environ: []string{"DB__PORT=x", "DB__TLS__STRICT=maybe", `DB={"host": 5}`}}, []plan.SettingDecl{decl("db", "m.Database")}, []Problem{
			{Setting: "db.host", Variable: "DB", Origin: Origin{Kind: Environment, Name: "DB"}, Expected: "string", Found: "int", Message: "db.host: expected string, found int"},
			{Setting: "db.port", Variable: "DB__PORT", Origin: Origin{Kind: Environment, Name: "DB__PORT"}, Expected: "int", Found: `"x"`, Message: `db.port: expected int, found "x"`},
			{Setting: "db.tls.cert", Variable: "DB__TLS__CERT", Origin: Origin{Kind: Unset}, Expected: "path", Message: "db.tls.cert is missing",
				Help: "set DB__TLS__CERT in the environment or in .env, or pass --set db.tls.cert=…"},
			{Setting: "db.tls.strict", Variable: "DB__TLS__STRICT", Origin: Origin{Kind: Environment, Name: "DB__TLS__STRICT"}, Expected: "true or false", Found: `"maybe"`,
				Message: `db.tls.strict: expected true or false, found "maybe"`},
		}},
		{"unknown field", source{env: "DB__HOST=h\nDB__HOTS=x"}, []plan.SettingDecl{decl("db", "m.Database")}, []Problem{{
			Setting: "db", Variable: "DB", Origin: Origin{Dotenv, "DB__HOTS", ".env:2"}, Expected: "Database", Found: `"DB__HOTS"`,
			Message: `setting db has no field "hots"`, Help: `did you mean "host"?`}}},
		{"both forms", source{environ: []string{"A=1", "A_FILE=x"}}, []plan.SettingDecl{decl("a", "string")}, []Problem{{
			Setting: "a", Variable: "A", Origin: Origin{Kind: Environment, Name: "A_FILE"}, Expected: "one of A and A_FILE", Found: `"both"`,
			Message: "setting a is given by A and by A_FILE", Help: "unset one of them"}}},
		{"file that is not there", source{environ: []string{"A_FILE=nope"}}, []plan.SettingDecl{decl("a", "string")}, []Problem{{
			Setting: "a", Variable: "A_FILE", Origin: Origin{Kind: Environment, Name: "A_FILE"}, Expected: "a file that can be read", Found: `"nope"`,
			Message: "the file that A_FILE names cannot be read: no such file or directory", Help: "name a file that holds the value, or set A"}}},
		{"unknown flag", source{set: []Assignment{{"prot", "1"}, {"prot", "2"}, {"zz", "1"}}}, []plan.SettingDecl{decl("port", "int", "default 1")}, []Problem{
			{Setting: "prot", Origin: Origin{Kind: Flag, Name: "--set prot"}, Expected: "the name of a setting", Found: `"prot"`,
				Message: `there is no setting "prot"`, Help: `did you mean "port"?`, Always: true},
			{Setting: "zz", Origin: Origin{Kind: Flag, Name: "--set zz"}, Expected: "the name of a setting", Found: `"zz"`,
				Message: `there is no setting "zz"`, Help: "there are: port", Always: true},
		}},
		{"near miss", source{env: "FOREIGN=1\nDATABSE_URL=x"}, []plan.SettingDecl{decl("database_url", "string?")}, []Problem{{
			Setting: "DATABSE_URL", Variable: "DATABASE_URL", Origin: Origin{Dotenv, "DATABSE_URL", ".env:2"}, Expected: "the variable of a setting", Found: `"DATABSE_URL"`,
			Message: "DATABSE_URL is the variable of no setting", Help: `did you mean "DATABASE_URL"?`, Always: true}}},
		{"hint", source{env: "DATBASE_UR=x"}, []plan.SettingDecl{decl("database_url", "secret string")}, []Problem{{
			Setting: "database_url", Variable: "DATABASE_URL", Origin: Origin{Kind: Unset}, Expected: "string", Message: "database_url is missing",
			Help: ".env:1 has DATBASE_UR: did you mean DATABASE_URL?"}}},
		{"broken line", source{env: "A=1\nhunter2 secret\n"}, []plan.SettingDecl{decl("a", "int")}, []Problem{{
			Setting: ".env", Origin: Origin{Kind: Dotenv, At: ".env:2"}, Expected: "NAME=value", Always: true,
			Message: ".env:2 cannot be read: expected NAME=value", Help: "values with spaces around quotes, or of several lines, stand in quotes; comments start with #"}}},
		{"behind a stronger source", source{env: "A=x\nL=[\nF_FILE=nope", environ: []string{"A=1", "L=1", "F=f"}}, []plan.SettingDecl{decl("a", "int"), decl("l", "[int]"), decl("f", "string")}, nil},
		{"secret misfit", source{environ: []string{"A=hunter2", `B={"hunter2": 1, "port": "hunter2"}`}}, []plan.SettingDecl{decl("a", "secret int"), decl("b", "secret m.Database")}, []Problem{
			{Setting: "a", Variable: "A", Origin: Origin{Kind: Environment, Name: "A"}, Expected: "int", Message: "a: expected int, found other text"},
			{Setting: "b.host", Variable: "B__HOST", Origin: Origin{Kind: Unset}, Expected: "string", Message: "b.host is missing",
				Help: "set B__HOST in the environment or in .env, or name a file that holds it in B__HOST_FILE"},
			{Setting: "b.port", Variable: "B", Origin: Origin{Kind: Environment, Name: "B"}, Expected: "int", Message: "b.port: expected int, found string"},
			{Setting: "b", Variable: "B", Origin: Origin{Kind: Environment, Name: "B"}, Expected: "Database", Message: "b has a field that its type does not have", Help: "it has: host, port, tls, tags"},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			content := map[string]string{}
			if tt.from.env != "" {
				content[".env"] = tt.from.env
			}
			var reached []string
			for _, d := range tt.decls {
				reached = append(reached, d.Name)
			}
			s := resolve(t, Sources{Dir: files(t, content), Environ: tt.from.environ, Set: tt.from.set}, tt.decls...)
			if diff := cmp.Diff(tt.want, s.Problems(reached)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// asking are records whose fields have conditions.
func asking(t *testing.T) Sources {
	t.Helper()
	p := &plan.Plan{Types: map[string]plan.RecordType{
		"m.Kind": {Name: "Kind", Fields: []plan.Field{{Name: "name", Type: "string"}}},
		"m.Pool": {Name: "Pool", Module: "m", Fields: []plan.Field{
			{Name: "host", Type: "string"},
			{Name: "pool", Type: "int", HasDefault: true, Default: []byte("5"), Where: &plan.Expr{CEL: "self > 0", At: "lib/m.pipe:3:1"}, Else: &plan.Expr{Value: []byte(`"must be positive"`)}},
			{Name: "kind", Type: "m.Kind?", Where: &plan.Expr{CEL: `self != Kind{name: "bad"}`}, Else: &plan.Expr{CEL: `"not ${self.name}"`}},
		}},
	}}
	records, err := p.Records()
	if err != nil {
		t.Fatal(err)
	}
	return Sources{Types: records, Conditions: plan.NewConditions(p.Types, []plan.Module{{ID: "m", Records: map[string]string{"Kind": "m.Kind"}}})}
}

// Every source is held to what records ask of their fields, and every problem has its path.
func TestConditionsOfFields(t *testing.T) {
	const fine = `default {"host":"h","pool":1}`
	for _, tt := range []struct {
		name, typ string
		options   []string
		from      Sources
		env       string
		want      []string // "path variable source: message"
	}{
		{"a default", "m.Pool", []string{`default {"host":"h","pool":0}`}, Sources{}, "", []string{"database.pool DATABASE__POOL default: database.pool: must be positive, found 0"}},
		{"a flag", "m.Pool", []string{fine}, set("database.pool", "-1"), "", []string{"database.pool DATABASE__POOL flag: database.pool: must be positive, found -1"}},
		{"the environment", "m.Pool?", nil, env(`DATABASE={"host": "h", "pool": 0}`), "", []string{"database.pool DATABASE__POOL environment: database.pool: must be positive, found 0"}},
		{"a file that hides a default", "m.Pool", []string{fine}, Sources{}, "DATABASE__POOL=0", []string{"database.pool DATABASE__POOL dotenv: database.pool: must be positive, found 0"}},
		{"a profile", "m.Pool", []string{fine, `profile p {"host":"h","pool":-3}`}, Sources{Profile: "p"}, "", []string{"database.pool DATABASE__POOL profile: database.pool: must be positive, found -3"}},
		{"a list", "[m.Pool]", nil, env(`DATABASE=[{"host": "h"}, {"host": "h", "pool": 0, "kind": {"name": "bad"}}]`), "", []string{
			"database[1].pool DATABASE environment: database[1].pool: must be positive, found 0",
			`database[1].kind DATABASE environment: database[1].kind: not bad, found {"name":"bad"}`}},
		{"a map", "{string: m.Pool}", nil, env(`DATABASE={"b": {"host": "h", "pool": 0}, "a": {"host": "h", "pool": -1}}`), "", []string{
			"database.a.pool DATABASE__A__POOL environment: database.a.pool: must be positive, found -1",
			"database.b.pool DATABASE__B__POOL environment: database.b.pool: must be positive, found 0"}},
		{"with other problems", "m.Pool", []string{"where self.pool < 0", "else is no pool"}, env("DATABASE__POOL=0"), "", []string{
			"database.host DATABASE__HOST unset: database.host is missing",
			"database.pool DATABASE__POOL environment: database.pool: must be positive, found 0"}},
		{"a secret", "{string: m.Pool}", []string{"secret"}, env(`DATABASE={"hunter2": {"host": "h", "pool": -77, "kind": {"name": "bad"}}}`), "", []string{
			"database.….pool DATABASE__…__POOL environment: database.….pool: must be positive",
			`database.….kind DATABASE__…__KIND environment: database.….kind: must satisfy self != Kind{name: "bad"}`}},
		{"nothing wrong", "m.Pool?", nil, env(`DATABASE={"host": "h"}`), "", nil},
		{"nothing at all", "m.Pool?", nil, Sources{}, "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			typ, options := tt.typ, tt.options
			if len(options) > 0 && options[0] == "secret" {
				typ, options = "secret "+typ, nil
			}
			from, ask := tt.from, asking(t)
			from.Types, from.Conditions, from.Dir = ask.Types, ask.Conditions, files(t, map[string]string{".env": tt.env})
			var got []string
			s := resolve(t, from, decl("database", typ, options...))
			for _, p := range s.Problems([]string{"database"}) {
				got = append(got, fmt.Sprintf("%s %s %s: %s", p.Setting, p.Variable, p.Origin.Kind, p.Message))
				if strings.Contains(fmt.Sprint(p), "hunter2") || strings.Contains(fmt.Sprint(p), "77") {
					t.Errorf("a secret is told: %+v", p)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if v, known := s.Value("database"); known && (tt.want != nil || v == nil) {
				t.Errorf("the value is %v", v)
			}
		})
	}
}

// Only what is reached counts, and what is wrong anyway.
func TestProblemsOfReachedSettings(t *testing.T) {
	s := resolve(t, Sources{Set: []Assignment{{"none", ""}}}, decl("a", "int"), decl("b", "int"))
	var got []string
	for _, p := range s.Problems([]string{"b"}) {
		got = append(got, p.Setting)
	}
	if diff := cmp.Diff([]string{"none", "b"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestNear(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"database_url", "DATABASE_URL", true}, {"DATABASE-URL", "DATABASE_URL", true}, {"DATABASE_ULR", "DATABASE_URL", true},
		{"DATABASE_UR", "DATABASE_URL", true}, {"DATABASE_URLS", "DATABASE_URL", true}, {"DATABAZE_URL", "DATABASE_URL", true},
		{"DB_HOST", "DB_PORT", false}, {"KEY_1", "KEY_2", false}, {"KEY_10", "KEY_1", false}, {"ABC", "ABD", false}, {"", "PORT", false},
		{"REDIS_URL", "DATABASE_URL", false}, {"PORTT", "PORT", true}, {"PROT", "PORT", true},
	} {
		if got := near(tt.a, tt.b); got != tt.want {
			t.Errorf("%s and %s: %v", tt.a, tt.b, got)
		}
	}
}

// badSecrets are values that fail somewhere: as a type, as JSON, in a condition, in a .env file.
func badSecrets() []string {
	marks := []string{"hunter2", "s3cr3tXYZ", "pässwörd", "AKIAIOSFODNN7", "tok_live_9"}
	forms := []string{"%s", "[%s", `{"%s": 1}`, `{"port": "%s"}`, `["%s", 1]`, `{"host": "h", "tls": "%s"}`, "1,%s", "%s\nsecond", `"%s`, "https://%s:x@"}
	var out []string
	for _, m := range marks {
		for _, f := range forms {
			out = append(out, fmt.Sprintf(f, m))
		}
	}
	return out
}

// Whatever is wrong with a secret, and wherever it stands, no text says any of it.
func TestSecretsAreNeverPrinted(t *testing.T) {
	kinds := []string{"int", "float", "bool", "duration", "size", "timestamp", "url", `"a" | "b"`, "[int]", "[url]", "{string: int}", "{string: {string: int}}", "m.Database", "[m.Database]", "[{string: int}]"}
	var decls []plan.SettingDecl
	for i, k := range kinds {
		if strings.Contains(k, "|") {
			k = "(" + k + ")"
		}
		d := decl(fmt.Sprintf("s%d", i), "secret "+strings.Trim(k, "()"))
		decls = append(decls, d)
	}
	decls = append(decls, decl("text", "secret string", `where int(self) > 1`, `elsecel "is " + self`), decl("list", "secret [string]", "where self[7] == self[0]"))
	secrets := badSecrets()
	if len(secrets) < 50 {
		t.Fatalf("%d secrets", len(secrets))
	}
	for _, bad := range secrets {
		for _, source := range []string{"environment", "dotenv", "raw dotenv", "file", "named file", "flag", "name of a file"} {
			s := place(t, source, decls, bad)
			var b strings.Builder
			set := resolve(t, s, decls...)
			var names []string
			for _, r := range set.All() {
				names = append(names, r.Decl.Name)
				fmt.Fprintln(&b, r.Problem, r.Origin.Kind, r.Origin.Name)
			}
			for _, p := range set.Problems(names) {
				fmt.Fprintf(&b, "%+v\n", p)
			}
			for _, mark := range []string{"hunter2", "s3cr3t", "pässwörd", "AKIA", "tok_live"} {
				if strings.Contains(b.String(), mark) {
					t.Fatalf("%q from %s is printed:\n%s", bad, source, b.String())
				}
			}
		}
	}
}

// place puts one text where every setting is looked for.
func place(t *testing.T, source string, decls []plan.SettingDecl, text string) Sources {
	t.Helper()
	content := map[string]string{}
	s := Sources{}
	var dotenv strings.Builder
	for _, d := range decls {
		switch source {
		case "environment":
			s.Environ = append(s.Environ, d.Variable+"="+text)
		case "dotenv":
			fmt.Fprintf(&dotenv, "%s='%s'\n", d.Variable, text)
		case "raw dotenv":
			fmt.Fprintf(&dotenv, "%s=%s\n", d.Variable, text)
		case "file":
			content["s/"+d.Name] = text
		case "named file":
			content["f/"+d.Name] = text
			s.Environ = append(s.Environ, d.Variable+"_FILE=f/"+d.Name)
		case "name of a file":
			s.Environ = append(s.Environ, d.Variable+"_FILE="+text)
		case "flag":
			s.Set = append(s.Set, Assignment{d.Name, text}, Assignment{d.Name, text})
		}
	}
	content[".env"] = dotenv.String()
	s.Dir = files(t, content)
	if source == "file" {
		s.SecretsDir = filepath.Join(s.Dir, "s")
	}
	return s
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Error(diff)
	}
}
