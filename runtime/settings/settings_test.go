package settings

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

// decl is a setting as the compiler hands it over. Options are "secret", "default JSON",
// "where CEL", "else TEXT", "from VARIABLE", "exec JSON", "profile NAME JSON".
func decl(name, typ string, options ...string) plan.SettingDecl {
	d := plan.SettingDecl{Name: name, Type: plan.Type(typ), Variable: strings.ToUpper(name)}
	d.Secret = strings.Contains(typ, "secret")
	for _, o := range options {
		word, rest, _ := strings.Cut(o, " ")
		known := &plan.Expr{Value: []byte(rest)}
		switch word {
		case "default":
			d.Default = known
		case "defaultcel":
			d.Default = &plan.Expr{CEL: rest}
		case "where":
			d.Where = &plan.Expr{CEL: rest}
		case "else":
			d.Else = &plan.Expr{Value: []byte(`"` + rest + `"`)}
		case "elsecel":
			d.Else = &plan.Expr{CEL: rest}
		case "from":
			d.Variable = rest
		case "exec":
			d.Exec = known
		case "profile":
			profile, x, _ := strings.Cut(rest, " ")
			if d.Profiles == nil {
				d.Profiles = map[string]plan.Expr{}
			}
			d.Profiles[profile] = plan.Expr{Value: []byte(x)}
		default:
			panic("unknown option " + o)
		}
	}
	return d
}

// records are the named types of the tests.
var records = func() map[string]*types.Type {
	tls := types.NewRecord("TLS", "m.TLS")
	tls.SetFields([]types.Field{{Name: "cert", Type: types.PathType}, {Name: "strict", Type: types.BoolType, HasDefault: true, Default: "true"}})
	db := types.NewRecord("Database", "m.Database")
	db.SetFields([]types.Field{
		{Name: "host", Type: types.StringType},
		{Name: "port", Type: types.IntType, HasDefault: true, Default: "5432"},
		{Name: "tls", Type: types.OptionalOf(tls)},
		{Name: "tags", Type: types.OptionalOf(types.ListOf(types.StringType))},
	})
	return map[string]*types.Type{"m.TLS": tls, "m.Database": db}
}()

// files writes a folder.
func files(t *testing.T, content map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range content {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func resolve(t *testing.T, s Sources, decls ...plan.SettingDecl) *Set {
	t.Helper()
	if s.Types == nil {
		s.Types = records
	}
	if s.Dir == "" {
		s.Dir = t.TempDir()
	}
	set, err := Resolve(context.Background(), decls, s)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func set(name, v string) Sources { return Sources{Set: []Assignment{{name, v}}} }

func env(kv ...string) Sources { return Sources{Environ: kv} }

// Each source in turn is taken away, and the next one wins.
func TestPrecedence(t *testing.T) {
	d := decl("level", "string", `default "default"`, `profile prod "profile"`)
	order := []struct{ kind, value string }{
		{Flag, "flag"}, {Environment, "environment"}, {Dotenv, "profile file"}, {Dotenv, "file"}, {File, "secret file"}, {Profile, "profile"}, {Default, "default"},
	}
	for first := range order {
		s := Sources{Profile: "prod"}
		content := map[string]string{"s/unrelated": ""}
		if first <= 0 {
			s.Set = []Assignment{{"level", "flag"}}
		}
		if first <= 1 {
			s.Environ = []string{"LEVEL=environment"}
		}
		if first <= 2 {
			content[".env.prod"] = "LEVEL=profile file"
		}
		if first <= 3 {
			content[".env"] = "\nLEVEL=file"
		}
		if first <= 4 {
			content["s/level"] = "secret file\n"
		}
		if first > 5 {
			s.Profile = ""
		}
		s.Dir = files(t, content)
		s.SecretsDir = filepath.Join(s.Dir, "s")
		got := resolve(t, s, d).All()[0]
		if got.Value != value.String(order[first].value) || got.Origin.Kind != order[first].kind {
			t.Errorf("from source %d on: %v by %v", first, got.Value, got.Origin)
		}
		var shadows []string
		for _, o := range got.Shadows {
			shadows = append(shadows, o.Kind)
		}
		var want []string
		for _, o := range order[first+1:] {
			want = append(want, o.kind)
		}
		if diff := cmp.Diff(want, shadows); diff != "" {
			t.Errorf("from source %d on: %s", first, diff)
		}
	}
}

func TestOrigins(t *testing.T) {
	dir := files(t, map[string]string{".env": "# x\nA='1\n2'\nB=b\n", ".env.dev": "C=c", "secret": "d\r\n"})
	s := Sources{Dir: dir, Profile: "dev", Environ: []string{"D_FILE=secret"}, Set: []Assignment{{"e", "1"}, {"e", "2"}}}
	got := resolve(t, s, decl("a", "string"), decl("b", "string"), decl("c", "string"), decl("d", "string"), decl("e", "string"), decl("f", "string?")).All()
	want := []Origin{
		{Dotenv, "A", ".env:2"}, {Dotenv, "B", ".env:4"}, {Dotenv, "C", ".env.dev:1"},
		{Environment, "D_FILE", "secret"}, {Flag, "--set e", ""}, {Unset, "", ""},
	}
	values := []value.Value{value.String("1\n2"), value.String("b"), value.String("c"), value.String("d"), value.String("2"), value.None{}}
	for i, r := range got {
		if r.Origin != want[i] || r.Value != values[i] {
			t.Errorf("%s: %v by %+v", r.Decl.Name, r.Value, r.Origin)
		}
	}
}

func TestTypes(t *testing.T) {
	list := func(vs ...value.Value) value.List { return append(value.List{}, vs...) }
	tests := []struct {
		typ, text string
		want      value.Value
		err       string // part of the message
	}{
		{"string", "", value.String(""), ""},
		{"string", " a ", value.String(" a "), ""},
		{"string", "null", value.String("null"), ""},
		{"string?", "", value.String(""), ""},
		{"string?", "null", value.String("null"), ""},
		{"int", "42", value.Int(42), ""},
		{"int", " 42\n", value.Int(42), ""},
		{"int", "-7", value.Int(-7), ""},
		{"int", "", nil, "expected int, found an empty text"},
		{"int", "4.2", nil, `expected int, found "4.2"`},
		{"int", "0x10", nil, "expected int"},
		{"int", "9223372036854775808", nil, "expected int"},
		{"int", "null", nil, "expected int"},
		{"int?", "null", value.None{}, ""},
		{"int?", "", nil, "an empty text"},
		{"int?", "x", nil, `expected int, found "x"`},
		{"float", "1", value.Float(1), ""},
		{"float", "1.5e3", value.Float(1500), ""},
		{"float", "1_0.5", nil, "a decimal float"},
		{"float", "0x1p-2", nil, "a decimal float"},
		{"float", "nan", nil, "a finite float"},
		{"float", "-inf", nil, "a finite float"},
		{"bool", "true", value.Bool(true), ""},
		{"bool", "TRUE", value.Bool(true), ""},
		{"bool", "yes", value.Bool(true), ""},
		{"bool", "1", value.Bool(true), ""},
		{"bool", "off", value.Bool(false), ""},
		{"bool", "n", value.Bool(false), ""},
		{"bool", "2", nil, "expected true or false"},
		{"duration", "1h30m", value.Duration(90 * time.Minute), ""},
		{"duration", "2d", value.Duration(48 * time.Hour), ""},
		{"duration", "10", nil, "a duration such as 10m"},
		{"size", "512MiB", value.Size(512 << 20), ""},
		{"size", "100", value.Size(100), ""},
		{"size", "-5", nil, "a size of zero or more"},
		{"[size]", "[1, -5]", nil, "[1]: expected a size of zero or more"},
		{"size", "5 apples", nil, "a size such as 512MiB"},
		{"timestamp", "2025-01-02T03:04:05Z", value.Timestamp(time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC)), ""},
		{"timestamp", "0000-01-01T00:00:00+01:00", nil, "of the years 0 to 9999"},
		{"timestamp", "yesterday", nil, "a timestamp such as"},
		{"url", "https://example.com/x", value.String("https://example.com/x"), ""},
		{"url", "https://h:65535/x", value.String("https://h:65535/x"), ""},
		{"url", "https://h:65536/x", nil, "a URL whose port is at most 65535"},
		{"{string: url}", `{"a": "https://h:99999"}`, nil, "x.a: expected a URL whose port"},
		{"url", "example.com", nil, "a URL such as"},
		{"url?", "null", value.None{}, ""},
		{"url?", "", nil, "an empty text"},
		{"path", "a/b", value.String("a/b"), ""},
		{"path", "", nil, "an empty text"},
		{`"a" | "b"`, "a", value.String("a"), ""},
		{`"a" | "b"`, "c", nil, `expected "a" | "b", found "c"`},
		{`("a" | "b")?`, "b", value.String("b"), ""},
		{"[string]", "a, b,c", list(value.String("a"), value.String("b"), value.String("c")), ""},
		{"[string]", `["a,b", ""]`, list(value.String("a,b"), value.String("")), ""},
		{"[string]", "[]", list(), ""},
		{"[string]", "", nil, "an empty text"},
		{"[string]", "[1]", nil, "expected string, found int"},
		{"[string]", `["a"`, nil, "as JSON"},
		{"[int]", "1,2", list(value.Int(1), value.Int(2)), ""},
		{"[int]", "1,x", nil, `[1]: expected int, found "x"`},
		{"[int]", "[1, 2.0]", list(value.Int(1), value.Int(2)), ""},
		{"[int]", "[1, 2.5]", nil, "expected int, found 2.5"},
		{"[bool]", "yes,no", list(value.Bool(true), value.Bool(false)), ""},
		{"[url]", `["https://a", "b"]`, nil, "[1]: expected a URL"},
		{"[duration]", "1s,2m", list(value.Duration(time.Second), value.Duration(2*time.Minute)), ""},
		{"[int]?", "null", value.None{}, ""},
		{"[[int]]", "[[1], [2]]", list(list(value.Int(1)), list(value.Int(2))), ""},
		{"[[int]]", "1,2", nil, "[[int]] as JSON"},
		{"{string: int}", `{"a": 1}`, value.Map{"a": value.Int(1)}, ""},
		{"{string: int}", `{"a": "x"}`, nil, "x.a: expected int"},
		{"{string: int}", "{}", value.Map{}, ""},
		{"{string: int}", "a=1", nil, "{string: int} as JSON"},
		{"{string: int}", "[1]", nil, "expected {string: int}"},
		{"{string: int}?", "null", value.None{}, ""},
		{"m.Database", `{"host": "h"}`, value.Record{"host": value.String("h"), "port": value.Int(5432)}, ""},
		{"m.Database", `{"host": "h", "port": 1, "tls": {"cert": "c"}}`, value.Record{"host": value.String("h"), "port": value.Int(1),
			"tls": value.Record{"cert": value.String("c"), "strict": value.Bool(true)}}, ""},
		{"m.Database", `{"host": "h", "tls": null}`, value.Record{"host": value.String("h"), "port": value.Int(5432)}, ""},
		{"m.Database", `{}`, nil, "x.host is missing"},
		{"m.Database", `{"host": null}`, nil, "x.host: expected string, found null"},
		{"m.Database", `{"host": "h", "prot": 1}`, nil, `x has no field "prot"`},
		{"m.Database", `{"host": "h"`, nil, "text that is no JSON: it ends too early"},
		{"m.Database?", "null", value.None{}, ""},
		{"{ a: int, b: string? }", `{"a": 1}`, value.Record{"a": value.Int(1)}, ""},
		{"[m.TLS]", `[{"cert": "c"}]`, list(value.Record{"cert": value.String("c"), "strict": value.Bool(true)}), ""},
	}
	for _, tt := range tests {
		for _, source := range []Sources{env("X=" + tt.text), set("x", tt.text)} {
			got := resolve(t, source, decl("x", tt.typ)).All()[0]
			if tt.err != "" {
				if got.Value != nil || got.Problem == nil || !strings.Contains(got.Problem.Message, tt.err) {
					t.Errorf("%s of %q: %v, problem %+v, want %q", tt.typ, tt.text, got.Value, got.Problem, tt.err)
				}
				continue
			}
			if diff := cmp.Diff(tt.want, got.Value, cmp.Comparer(func(a, b value.Timestamp) bool { return time.Time(a).Equal(time.Time(b)) })); diff != "" || got.Problem != nil {
				t.Errorf("%s of %q: %s, problem %+v", tt.typ, tt.text, diff, got.Problem)
			}
		}
	}
}

func TestFlagsMakeLists(t *testing.T) {
	s := Sources{Set: []Assignment{{"x", "1"}, {"x", "2"}, {"x", "3"}}}
	if diff := cmp.Diff(value.Value(value.List{value.Int(1), value.Int(2), value.Int(3)}), resolve(t, s, decl("x", "[int]")).All()[0].Value); diff != "" {
		t.Error(diff)
	}
	s = Sources{Set: []Assignment{{"x", "a,b"}, {"x", "c"}}}
	if diff := cmp.Diff(value.Value(value.List{value.String("a,b"), value.String("c")}), resolve(t, s, decl("x", "[string]")).All()[0].Value); diff != "" {
		t.Error(diff)
	}
}

func TestRecordsMerge(t *testing.T) {
	dir := files(t, map[string]string{
		".env":      `DB={"host": "from file", "port": 1, "tags": ["a"]}`,
		".env.prod": "DB__TLS__CERT=c\nDB__TAGS=x,y",
		"s/db__tls": `{"cert": "weaker", "strict": false}`,
		"port":      "7\n",
	})
	s := Sources{Dir: dir, Profile: "prod", SecretsDir: filepath.Join(dir, "s"), Environ: []string{"DB__PORT_FILE=port"}, Set: []Assignment{{"db.host", "flag"}}}
	got := resolve(t, s, decl("db", "m.Database", `default {"host": "default", "port": 9}`)).All()[0]
	want := value.Record{
		"host": value.String("flag"), "port": value.Int(7), "tags": value.List{value.String("x"), value.String("y")},
		"tls": value.Record{"cert": value.String("c"), "strict": value.Bool(false)},
	}
	if diff := cmp.Diff(value.Value(want), got.Value); diff != "" || got.Problem != nil {
		t.Errorf("%s, problem %+v", diff, got.Problem)
	}
	m := resolve(t, env("L__Team=a", "L__ENV=b"), decl("l", "{string: string}", `default {"env": "x", "tier": "y"}`)).All()[0]
	if diff := cmp.Diff(value.Value(value.Map{"team": value.String("a"), "env": value.String("b"), "tier": value.String("y")}), m.Value); diff != "" {
		t.Error(diff)
	}
}

// A source of a record that is no record would have given fields, and is a problem behind others too.
func TestBrokenPartsOfRecords(t *testing.T) {
	for _, tt := range []struct{ dotenv, environ, want string }{
		{`DB={broken`, "DB__HOST=h", "db: expected Database as JSON, found \"{broken\", text that is no JSON from byte 2 on"},
		{`DB=7`, "DB__HOST=h", "db: expected Database, found int"},
		{`DB=[1]`, `DB={"host": "h"}`, "db: expected Database, found a list"},
		{`DB={broken`, "DB=null", ""},
		{"DB__HOST=a\nDB__HOST", "X=", "db is missing"},
	} {
		typ := "m.Database"
		if tt.want == "" {
			typ += "?"
		}
		s := resolve(t, Sources{Dir: files(t, map[string]string{".env": tt.dotenv}), Environ: []string{tt.environ}}, decl("db", typ))
		got := ""
		if p := s.Problems([]string{"db"}); p != nil {
			got = p[0].Message
		}
		if got != tt.want {
			t.Errorf("%s behind %s: %q, want %q", tt.dotenv, tt.environ, got, tt.want)
		}
	}
}

func TestDefaultsAndProfiles(t *testing.T) {
	port := decl("port", "int", "default 70000", "where self >= 1 && self <= 65535", "else must be a TCP port", "profile prod 443")
	got := resolve(t, Sources{}, port).All()[0]
	if got.Problem == nil || got.Problem.Message != "port must be a TCP port, found 70000" || got.Problem.Origin.Kind != Default {
		t.Errorf("default: %+v", got.Problem)
	}
	got = resolve(t, Sources{Profile: "prod"}, port).All()[0]
	if got.Value != value.Int(443) || got.Origin != (Origin{Kind: Profile, Name: "prod"}) {
		t.Errorf("profile: %+v", got)
	}
	got = resolve(t, Sources{}, decl("size", "int", "defaultcel 2 + 3")).All()[0]
	if got.Value != value.Int(5) {
		t.Errorf("computed default: %+v, %+v", got.Value, got.Problem)
	}
	// A default that cannot be evaluated matters only where it wins.
	late := decl("late", "string", "defaultcel text(\"VERSION\")")
	if got = resolve(t, Sources{}, late).All()[0]; got.Problem == nil || !strings.Contains(got.Problem.Message, "not known before the run") {
		t.Errorf("late default: %+v", got.Problem)
	}
	if got = resolve(t, env("LATE=x"), late).All()[0]; got.Value != value.String("x") || len(got.Shadows) != 1 {
		t.Errorf("late default behind a variable: %+v", got)
	}
}

type host map[string]string

func (h host) Call(_ context.Context, f string, args []value.Value) (value.Value, error) {
	return value.String(h[string(args[0].(value.String))]), nil
}

func TestDefaultsReadTheRepository(t *testing.T) {
	s := Sources{Host: host{"VERSION": "1.2"}}
	if got := resolve(t, s, decl("v", "string", `defaultcel text("VERSION")`)).All()[0]; got.Value != value.String("1.2") {
		t.Errorf("%+v, %+v", got.Value, got.Problem)
	}
}

func TestConditions(t *testing.T) {
	tests := []struct {
		d       plan.SettingDecl
		text    string
		message string
	}{
		{decl("n", "int", "where self > 1"), "2", ""},
		{decl("n", "int", "where self > 1"), "1", "n must satisfy self > 1, found 1"},
		{decl("n", "int?", "where self > 1", "else too small"), "1", "n too small, found 1"},
		{decl("n", "int?", "where self > 1", "else too small"), "null", ""},
		{decl("n", "string", `where self.startsWith("a")`, `elsecel "is " + self`), "b", `n is b, found "b"`},
		{decl("n", "[int]", "where self.all(x, x > 0)"), "1,0", "n must satisfy self.all(x, x > 0), found [1,0]"},
		{decl("n", "string", "where int(self) > 0"), "x", "the where of n cannot be evaluated"},
		{decl("n", "m.Database", "where self.port > 10"), `{"host": "h", "port": 3}`, "n must satisfy self.port > 10"},
		{decl("n", "secret string", "where size(self) > 8", "else is too short"), "hunter2", "n is too short"},
		{decl("n", "secret string", `where self == ""`, `elsecel "is " + self`), "hunter2", `n must satisfy self == ""`},
	}
	for _, tt := range tests {
		got := resolve(t, env("N="+tt.text), tt.d).All()[0]
		message := ""
		if got.Problem != nil {
			message = got.Problem.Message
		}
		if tt.message == "" != (message == "") || !strings.HasPrefix(message, tt.message) {
			t.Errorf("%s of %q: %q, want %q", tt.d.Where.CEL, tt.text, message, tt.message)
		}
	}
}

func TestKnownAndSecrets(t *testing.T) {
	s := resolve(t, env("A=1", "B=hunter2", `C={"host": "db", "port": 5}`, "D=x", "E=prefix,hunter3"),
		decl("a", "int"), decl("b", "secret string"), decl("c", "secret m.Database"), decl("d", "secret int"), decl("e", "secret [string]"), decl("f", "secret url?"), decl("g", "string?"))
	if v, ok := s.Known("a"); !ok || v != value.Int(1) {
		t.Errorf("a: %v", v)
	}
	for _, name := range []string{"b", "c", "f", "none"} {
		if v, ok := s.Known(name); ok {
			t.Errorf("%s is known: %v", name, v)
		}
	}
	if v, ok := s.Known("g"); !ok || v != (value.None{}) {
		t.Errorf("g: %v", v)
	}
	if v, ok := s.Value("b"); !ok || v != value.String("hunter2") {
		t.Errorf("b: %v", v)
	}
	if v, ok := s.Value("f"); !ok || v != (value.None{}) {
		t.Errorf("f: %v", v)
	}
	// The refused text of d is masked too.
	want := []string{"5", "db", "hunter2", "hunter3", "prefix", "prefix,hunter3", "x"}
	got := s.Secrets()
	for _, text := range want {
		if !strings.Contains(strings.Join(got, "\n"), text) {
			t.Errorf("%q is not among the secrets %q", text, got)
		}
	}
}

func TestUnreadableSources(t *testing.T) {
	tests := map[string]struct {
		s    Sources
		want string
	}{
		"secrets directory": {Sources{Dir: t.TempDir(), SecretsDir: "/nowhere/at/all"}, "read the secrets directory"},
		"profile":           {Sources{Dir: t.TempDir(), Profile: "../x"}, "cannot name a file"},
	}
	for name, tt := range tests {
		if _, err := Resolve(context.Background(), nil, tt.s); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", name, err, tt.want)
		}
	}
	if _, err := Resolve(context.Background(), []plan.SettingDecl{decl("x", "m.None")}, Sources{Dir: t.TempDir()}); err == nil {
		t.Error("an unknown type is no error")
	}
}

// BenchmarkResolve loads and validates 200 settings from four sources.
func BenchmarkResolve(b *testing.B) {
	dir := b.TempDir()
	var decls []plan.SettingDecl
	var environ []string
	var dotenv, prod strings.Builder
	for i := range 200 {
		name := fmt.Sprintf("setting_%d", i)
		d := decl(name, []string{"string", "int", "duration", "[string]", "m.Database"}[i%5])
		text := []string{"text", "42", "10m", "a,b,c", `{"host": "h"}`}[i%5]
		if i%5 == 1 {
			d.Where = &plan.Expr{CEL: "self >= 1 && self <= 65535"}
		}
		switch i % 4 {
		case 0:
			environ = append(environ, d.Variable+"="+text)
		case 1:
			fmt.Fprintf(&dotenv, "%s='%s'\n", d.Variable, text)
		case 2:
			fmt.Fprintf(&prod, "%s='%s'\n", d.Variable, text)
		case 3:
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				b.Fatal(err)
			}
		}
		decls = append(decls, d)
	}
	for name, text := range map[string]string{".env": dotenv.String(), ".env.prod": prod.String()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	s := Sources{Dir: dir, SecretsDir: dir, Profile: "prod", Environ: environ, Types: records}
	for b.Loop() {
		set, err := Resolve(context.Background(), decls, s)
		if err != nil {
			b.Fatal(err)
		}
		if p := set.Problems([]string{"setting_1"}); p != nil {
			b.Fatal(p)
		}
	}
}
