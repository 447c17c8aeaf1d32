package settings

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pipelang/pipe/compiler/plan"
)

// printed is everything that this package can be made to say of a set.
func printed(t *testing.T, from Sources, set *Set, err error) string {
	t.Helper()
	var b strings.Builder
	things := []any{from, &from, from.Set, set, err}
	var names []string
	if set != nil {
		all := set.All()
		var first []*Problem
		var parts []any
		for _, r := range all {
			names = append(names, r.Decl.Name)
			first = append(first, r.Problem)
			parts = append(parts, r.Origin, r.Shadows, set.Fields(r.Decl.Name))
		}
		things = append(things, all, parts, all[0], &all[0], struct{ In Resolved }{all[0]}, map[string]any{"last": all[len(all)-1]}, first[0])
		for _, p := range first {
			if p != nil {
				things = append(things, *p)
			}
		}
		things = append(things, set.Problems(names))
	}
	text, js := slog.New(slog.NewTextHandler(&b, nil)), slog.New(slog.NewJSONHandler(&b, nil))
	for _, x := range things {
		verbs := []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"}
		if _, plain := x.(Problem); plain {
			verbs = verbs[1:3]
		}
		for _, verb := range verbs {
			fmt.Fprintf(&b, verb+"\n", x)
		}
		raw, _ := json.Marshal(x)
		b.Write(raw)
		text.Info("debug", "thing", x)
		js.Info("debug", "thing", x)
	}
	return b.String()
}

// told reports which form of a secret a text holds.
func told(text, secret string) string {
	quoted, _ := json.Marshal(secret)
	for _, form := range []string{secret, fmt.Sprintf("%q", secret), string(quoted[1 : len(quoted)-1]), hex.EncodeToString([]byte(secret)),
		strings.ToUpper(secret), base64.StdEncoding.EncodeToString([]byte(secret))[:8], strings.Trim(fmt.Sprint([]byte(secret)), "[]")} {
		if strings.Contains(text, form) {
			return form
		}
	}
	return ""
}

// leaky are settings of which parts are secret, all the ways that a value can be wrong among them.
func leaky(t *testing.T) ([]plan.SettingDecl, Sources) {
	t.Helper()
	p := &plan.Plan{Types: map[string]plan.RecordType{
		"m.Login": {Name: "Login", Module: "m", Fields: []plan.Field{
			{Name: "user", Type: "string"},
			{Name: "pin", Type: "secret int?", Where: &plan.Expr{CEL: "self < 10"}},
			{Name: "token", Type: "secret string?", Where: &plan.Expr{CEL: "int(self) > 1"}, Else: &plan.Expr{CEL: `"not ${self}"`}},
			{Name: "mode", Type: `secret ("a" | "b")?`},
			{Name: "keys", Type: "secret [int]?"},
		}},
		"m.Pair": {Name: "Pair", Fields: []plan.Field{{Name: "login", Type: "m.Login"}, {Name: "others", Type: "{string: m.Login}?"}}},
	}}
	types, err := p.Records()
	if err != nil {
		t.Fatal(err)
	}
	for id, typ := range records {
		types[id] = typ
	}
	var decls []plan.SettingDecl
	for i, k := range []string{
		"int", "float", "bool", "duration", "size", "timestamp", "url", "path", `("a" | "b")`, "[int]", "[url]", "[size]", "{string: int}", "{string: {string: int}}",
		"m.Database", "[m.Database]", "[{string: int}]", "int?", "url?", "[int]?", "m.Database?",
	} {
		decls = append(decls, decl(fmt.Sprintf("kind_%d", i), "secret "+k))
	}
	for _, d := range []plan.SettingDecl{
		decl("text", "secret string", `where int(self) > 1`, `elsecel "is " + self`),
		decl("short", "secret string", `where size(self) < 2`, `elsecel "is ${self}"`),
		decl("list", "secret [string]", "where self[7] == self[0]"),
		decl("login", "m.Login"), decl("pair", "m.Pair"), decl("logins", "[m.Login]"), decl("named", "{string: m.Login}"),
		decl("given", "secret int", `exec ["./give"]`), decl("failing", "secret string", `exec ["./fail"]`), decl("gone", "secret m.Login", `exec ["./give"]`),
		decl("preset", "secret int", `default "SECRET"`), decl("by_profile", "secret [int]", `profile prod ["SECRET"]`),
	} {
		d.Secret = true
		decls = append(decls, d)
	}
	return decls, Sources{Types: types, Conditions: plan.NewConditions(p.Types, []plan.Module{{ID: "m", Records: map[string]string{"Login": "m.Login"}}})}
}

// wrong are texts that hold a secret and are no good for at least one type.
func wrong(secret string) map[string]string {
	return map[string]string{
		"alone": secret, "cut JSON list": `["` + secret, "cut JSON object": `{"pin": "` + secret, "key": `{"` + secret + `": 1}`, "number field": `{"port": "` + secret + `"}`,
		"field of a field": `{"login": {"user": "u", "pin": "` + secret + `"}}`, "secret field": `{"user": "u", "pin": "` + secret + `"}`, "refused by its record": `{"user": "u", "token": "` + secret + `"}`,
		"literal field": `{"user": "u", "mode": "` + secret + `"}`, "elements": `{"user": "u", "keys": ["` + secret + `"]}`, "in a list": `[{"user": "u", "pin": "` + secret + `"}]`,
		"in a map": `{"` + secret + `": {"user": "u", "token": "` + secret + `"}}`, "deeper": `{"a": {"` + secret + `": "` + secret + `"}}`, "list": "1," + secret, "JSON list": `["` + secret + `", 1]`,
		"two lines": secret + "\nsecond", "URL": "https://" + secret + ":x@", "port": "https://u:" + secret + "@h:99999/", "number": "1e999" + secret, "control": secret + "\x01\x1b[31m", "spaces": " " + secret + " ",
		"overflow": "99999999999999999999" + secret, "quote": secret + `"`, "deep": strings.Repeat("[", 1100) + `"` + secret + `"` + strings.Repeat("]", 1100),
	}
}

// No text, JSON, verb or log says any of a secret, wherever it stands and whatever is
// wrong with it.
func TestNothingTellsASecret(t *testing.T) {
	t.Parallel()
	decls, base := leaky(t)
	nth := 0
	for i, secret := range []string{"hunter2-prod", "pässwörd✓"} {
		texts := wrong(secret)
		for _, what := range slices.Sorted(maps.Keys(texts)) {
			text := texts[what]
			for j, place := range []string{"flag", "field flag", "environment", "field", "dotenv", "profile dotenv", "open quote", "open quote in front", "file", "named file", "name of a file", "name of a file in dotenv", "program"} {
				if (len(what)+i+j)%2 == 0 { // each text in each place with one of the two
					continue
				}
				if nth++; sampled && nth%4 != 0 {
					continue
				}
				from := base
				dir := plant(t, &from, place, decls, text)
				mine := make([]plan.SettingDecl, len(decls))
				for i, d := range decls {
					mine[i] = d
					if d.Default != nil {
						mine[i].Default = &plan.Expr{Value: bytes.ReplaceAll(d.Default.Value, []byte("SECRET"), []byte(secret))}
					}
					if x, ok := d.Profiles["prod"]; ok {
						mine[i].Profiles = map[string]plan.Expr{"prod": {Value: bytes.ReplaceAll(x.Value, []byte("SECRET"), []byte(secret))}}
					}
				}
				from.Dir = dir
				set, err := Resolve(context.Background(), mine, from)
				if err == nil && place == "program" {
					err = set.Fetch(context.Background(), []string{"given", "failing", "gone"})
				}
				said := printed(t, from, set, err)
				if form := told(said, secret); form != "" {
					at := strings.Index(said, form)
					t.Fatalf("%s in %s is told as %q:\n…%s…", what, place, form, said[max(0, at-300):min(len(said), at+100)])
				}
				if set != nil && len(set.Problems([]string{"kind_0", "preset"})) == 0 {
					t.Errorf("%s in %s is no problem", what, place)
				}
			}
		}
	}
}

// plant puts a text where every setting is looked for, and gives the folder.
func plant(t *testing.T, s *Sources, place string, decls []plan.SettingDecl, text string) string {
	t.Helper()
	var dotenv strings.Builder
	content := map[string]string{"give": "#!/bin/sh\ncat <<'END'\n" + text + "\nEND\n", "fail": "#!/bin/sh\ncat >&2 <<'END'\n" + text + "\nEND\nexit 3\n"}
	s.Profile, s.Environ = "prod", []string{"PATH=" + os.Getenv("PATH")}
	for i, d := range decls {
		name := d.Variable
		switch place {
		case "flag":
			s.Set = append(s.Set, Assignment{d.Name, text}, Assignment{d.Name, text})
		case "field flag":
			s.Set = append(s.Set, Assignment{d.Name + ".pin", text}, Assignment{d.Name + ".login.token", text}, Assignment{d.Name + ".port", text})
		case "environment":
			s.Environ = append(s.Environ, name+"="+text)
		case "field":
			s.Environ = append(s.Environ, name+"__PIN="+text, name+"__LOGIN__TOKEN="+text, name+"__PORT="+text, name+"__TLS="+text, name+"__USER=u")
		case "dotenv", "profile dotenv":
			fmt.Fprintf(&dotenv, "%s='%s'\n", name, text)
		case "open quote":
			fmt.Fprintf(&dotenv, "%s=\"%s\n", name, text)
		case "open quote in front":
			fmt.Fprintf(&dotenv, "%s='%s'%s\n%s\n%s = %s\n", name, text, text, text, text, text)
		case "file":
			content["secrets/"+d.Name], content["secrets/"+d.Name+"__pin"] = text, text
		case "named file":
			file := fmt.Sprintf("f%d", i)
			content[file] = text
			s.Environ = append(s.Environ, name+"_FILE="+file)
		case "name of a file":
			s.Environ = append(s.Environ, name+"_FILE="+text, name+"__PIN_FILE="+text)
		case "name of a file in dotenv":
			fmt.Fprintf(&dotenv, "%s_FILE='%s'\n", name, text)
		}
	}
	content[".env"] = dotenv.String()
	if place == "profile dotenv" {
		content[".env"], content[".env.prod"] = "", dotenv.String()
	}
	dir := files(t, content)
	for _, program := range []string{"give", "fail"} {
		if err := os.Chmod(filepath.Join(dir, program), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if place == "file" {
		s.SecretsDir = filepath.Join(dir, "secrets")
	}
	return dir
}

// What is no secret is shown, so that the test above looks in the right places.
func TestWhatIsNoSecretIsTold(t *testing.T) {
	for _, d := range []plan.SettingDecl{decl("a", "int"), decl("a", "string"), decl("a", "[int]"), decl("a", "string", `where self == ""`)} {
		from := env("A=hunter2-prod")
		if said := printed(t, from, resolve(t, from, d), nil); told(said, "hunter2-prod") == "" {
			t.Errorf("%s is not shown:\n%s", d.Type, said)
		}
	}
}
