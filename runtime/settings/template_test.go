package settings

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

// documented are settings of every kind, with a secret default that must never be seen.
func documented() []plan.SettingDecl {
	decls := []plan.SettingDecl{
		decl("environment", `"dev" | "prod"`, `default "dev"`, "from DEPLOY_ENV", `profile live "prod"`),
		decl("port", "int", "default 8000", "where self >= 1 && self <= 65535", "else must be a TCP port"),
		decl("database_url", "secret string", "where self.size() > 3"),
		decl("password", "secret string", `default "hunter2-default"`, `profile live "hunter2-live"`),
		decl("api_key", "secret string", `exec ["op","read","key"]`),
		decl("patience", "duration", `default "1h30m"`),
		decl("memory", "size", "default 1572864"),
		decl("ratio", "float", "default 0.25"),
		decl("since", "timestamp?"),
		decl("site", "url"),
		decl("folder", "path", `default "a b"`),
		decl("hosts", "[string]", `default ["a","b c"]`),
		decl("labels", "{string: string}", `default {"x":"it's"}`),
		decl("text", "string", `default "say \"hi\" \\ # 'no'\n\tend "`),
		decl("empty", "string", `default ""`),
		decl("braces", "string", `default "${HOME}"`),
		decl("computed", "string", `defaultcel git.branch + "x"`),
		decl("db", "m.Database"),
		decl("spare", "m.Database?"),
		decl("given", "m.Database", `default {"host":"h1","port":1}`),
		decl("tls", "m.AllTLS"),
	}
	decls[0].Doc = "Where this run deploys to.\nOne of two."
	decls[2].Doc = "Connection string.\nFORGED=1\x1b[31m\rFORGED=2"
	return decls
}

func declaredTypes() map[string]*types.Type {
	out := map[string]*types.Type{}
	for id, t := range records {
		out[id] = t
	}
	all := types.NewRecord("AllTLS", "m.AllTLS")
	all.SetFields([]types.Field{{Name: "strict", Type: types.BoolType, HasDefault: true, Default: "true", Doc: "Whether it is strict."}})
	out["m.AllTLS"] = all
	return out
}

func template(t *testing.T) string {
	t.Helper()
	text, err := Template("Settings of a.pipe", Declared{Settings: documented(), Types: declaredTypes()})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestTemplateText(t *testing.T) {
	golden(t, "testdata/template.env", template(t))
}

// Whoever fills in the lines without a value, and nothing else, has settings that are valid.
func TestTemplateNeedsOnlyWhatIsRequired(t *testing.T) {
	text := template(t)
	fill := map[string]string{"DATABASE_URL": "postgres://h", "SITE": "https://h", "DB__HOST": "h"}
	for _, line := range strings.Split(text, "\n") {
		name, v, ok := strings.Cut(line, "=")
		if !ok || strings.HasPrefix(line, "#") || v != "" {
			continue
		}
		if fill[name] == "" {
			t.Errorf("%s is to be filled in, and needs no value", name)
		}
		text = strings.Replace(text, line+"\n", name+"="+fill[name]+"\n", 1)
		delete(fill, name)
	}
	if len(fill) > 0 {
		t.Errorf("no line asks for %v", fill)
	}
	decls := documented()
	for i := range decls {
		if decls[i].Name == "computed" { // by what only a run knows
			decls[i].Default = &plan.Expr{Value: []byte(`""`)}
		}
	}
	set := resolve(t, Sources{Dir: files(t, map[string]string{".env": text}), Types: declaredTypes()}, decls...)
	for _, p := range set.Problems(names(decls)) {
		t.Error(p.Message)
	}
	if v, _ := set.Known("db"); !cmp.Equal(v, value.Value(value.Record{"host": value.String("h"), "port": value.Int(5432)})) {
		t.Errorf("db is %v", v)
	}
}

func names(decls []plan.SettingDecl) (out []string) {
	for _, d := range decls {
		out = append(out, d.Name)
	}
	return out
}

// A default that stands as a comment is the default: taking the mark away changes nothing.
func TestTemplateDefaultsReadBack(t *testing.T) {
	comment := regexp.MustCompile(`(?m)^# ([A-Z_]+=.)`)
	text := comment.ReplaceAllString(template(t), "$1")
	// A field of an optional record makes the record be there, and ask for its other fields.
	text = regexp.MustCompile(`(?m)^\w+__TLS__.*$`).ReplaceAllString(text, "")
	decls := documented()
	with := resolve(t, Sources{Dir: files(t, map[string]string{".env": text}), Types: declaredTypes()}, decls...)
	without := resolve(t, Sources{Types: declaredTypes()}, decls...)
	compared := 0
	for _, d := range decls {
		if d.Secret || d.Default == nil || d.Default.Value == nil {
			continue
		}
		got, ok := with.Known(d.Name)
		want, _ := without.Known(d.Name)
		if !ok || !cmp.Equal(got, want) {
			t.Errorf("%s is %v with its default written out, and %v without", d.Name, got, want)
		}
		if r := with.find(d.Name); d.Name != "braces" && r.origin.Kind != Dotenv {
			t.Errorf("%s has no line with its default", d.Name)
		}
		compared++
	}
	if compared < 9 {
		t.Errorf("only %d defaults were compared", compared)
	}
}

func TestTemplateHidesSecretsAndForgesNothing(t *testing.T) {
	text := template(t)
	if strings.Contains(text, "hunter2") || strings.ContainsAny(text, "\x1b\r") {
		t.Errorf("it shows what it must not:\n%s", text)
	}
	bindings, faults := parseDotenv([]byte(text))
	if len(faults) > 0 {
		t.Errorf("it does not parse: %v", faults)
	}
	for _, b := range bindings {
		if strings.Contains(b.name, "FORGED") {
			t.Errorf("documentation became the variable %s", b.name)
		}
	}
}

func TestSizeText(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 1: "1", 1000: "1kB", 1024: "1KiB", 1572864: "1536KiB", 512 << 20: "512MiB", 3e9: "3GB", -1024: "-1024", 1 << 40: "1TiB", 1001: "1001"} {
		if got := sizeText(n); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
	}
}
