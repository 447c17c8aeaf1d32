package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/runtime/secret"
	"github.com/pipelang/pipe/runtime/settings"
)

// declsOf are secret texts by name and variable.
func declsOf(pairs ...string) (out []plan.SettingDecl) {
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, plan.SettingDecl{Name: pairs[i], Variable: pairs[i+1], Type: "secret string", Secret: true})
	}
	return out
}

func assigned(pairs ...string) (out []settings.Assignment) {
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, settings.Assignment{Name: pairs[i], Value: pairs[i+1]})
	}
	return out
}

func shownProblems(width int, found ...settings.Problem) string {
	var out bytes.Buffer
	a := &app{Environment: Environment{Err: &out, ErrWidth: width}, masker: secret.NewMasker()}
	a.showProblems(nil, found)
	return out.String()
}

func problem(i int) settings.Problem {
	name := fmt.Sprintf("setting_%d", i)
	p := settings.Problem{Setting: name, Variable: strings.ToUpper(name), Expected: "int, must be a TCP port", Message: name + " is missing", Help: "set it"}
	p.Origin.Kind = settings.Unset
	if i%2 == 0 {
		p.Origin = settings.Origin{Kind: settings.Dotenv, At: ".env:3"}
		p.Found, p.Message = strings.Repeat("y", 300), name+": expected int, found "+strings.Repeat("y", 300)
	}
	return p
}

// However many there are and however narrow it is, each is named and no line is too long.
func TestProblemsFitAnyTerminal(t *testing.T) {
	var many []settings.Problem
	for i := range 200 {
		many = append(many, problem(i))
	}
	for _, width := range []int{20, 40, 72, 80, 120, 200} {
		text := shownProblems(width, many...)
		for line := range strings.Lines(text) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > width && !strings.HasPrefix(line, "200 problems") {
				t.Fatalf("width %d: %d columns: %s", width, n, line)
			}
		}
		if joined := strings.Join(strings.Fields(text), ""); !strings.Contains(joined, "100settingshavenovalue") || !strings.Contains(joined, "setting_199") {
			t.Errorf("width %d does not say everything:\n%s", width, text)
		}
	}
}

// Nothing that came from outside acts on the terminal.
func TestProblemsAreInert(t *testing.T) {
	hostile := "\x1b]0;pwned\x07\x1b[2J\r\nforged: all is well\u202e"
	text := shownProblems(80, settings.Problem{
		Setting: hostile, Variable: hostile, Origin: settings.Origin{Kind: settings.Dotenv, At: hostile}, Expected: hostile, Found: hostile, Message: hostile, Help: hostile,
	})
	if strings.ContainsAny(text, "\x1b\x07\r\u202e") || strings.Contains(text, "\nforged") {
		t.Errorf("%q", text)
	}
	if strings.Count(strings.Join(strings.Fields(text), ""), `\x1b]0;pwned`) < 2 {
		t.Errorf("what was found cannot be seen:\n%s", text)
	}
}

// A name of a megabyte does not fill the screen with itself.
func TestProblemsAreShort(t *testing.T) {
	long := strings.Repeat("n", 1<<20)
	text := shownProblems(80, settings.Problem{Setting: long, Variable: long, Origin: settings.Origin{Kind: settings.Flag}, Expected: "x", Found: long, Message: long, Help: long})
	if len(text) > 16<<10 || !strings.Contains(text, "…") {
		t.Errorf("%d bytes", len(text))
	}
}

// A hostile value is as inert in the table of settings as in the one of problems.
func TestSettingsAreInert(t *testing.T) {
	hostile := "\x1b[31mred\r\nforged: all is well\u202e"
	for _, args := range [][]string{{"settings"}, {"settings", "--long"}, {"settings", "--format", "json"}} {
		e, out, errs := settingsModule(t, "name: string\nport: int = 1\nsite: url = \"https://h\"", "NAME="+hostile, "PORT="+hostile, "SITE="+hostile)
		if code := Main(args, e); code != ExitFailed {
			t.Errorf("%v: exit code %d, want %d", args, code, ExitFailed)
		}
		if text := out.String() + errs.String(); strings.ContainsAny(text, "\x1b\r\u202e") || strings.Contains(text, "\nforged") {
			t.Errorf("%v: %q", args, text)
		}
	}
}

// A secret is in no form of the output: neither a good one, nor a bad one, nor one that another value quotes.
func TestSettingsShowNoSecret(t *testing.T) {
	decls := "token: secret string where self.size() > 100 else \"too short: ${self}\"\nkeys: {string: secret string}\ndb: secret int\nquoted: string"
	for _, args := range [][]string{{"settings"}, {"settings", "--long"}, {"settings", "--format", "json"}, {"settings", "--template"}, {"settings", "--schema"}} {
		e, out, errs := settingsModule(t, decls, "TOKEN="+hunter, `KEYS={"hunter2key": "hunter2val"}`, "DB=hunter2db", "QUOTED=see "+hunter)
		Main(args, e)
		if text := out.String() + errs.String(); strings.Contains(text, "hunter2") {
			t.Errorf("%v:\n%s", args, text)
		}
	}
}

// The JSON form says everything, and names what no text says.
func TestSettingsJSON(t *testing.T) {
	e, out, errs := settingsModule(t, "/// A port.\nport: int = 1\ntoken: secret string\nspare: string?\nlabels: {string: string} = {\"a\": \"1\"}\nbad: int", "TOKEN="+hunter, "LABELS__B=2", "BAD=x")
	if code := Main([]string{"settings", "--format", "json", "--set", "port=5"}, e); code != ExitFailed || errs.Len() > 0 {
		t.Errorf("exit code %d, standard error %q", code, errs)
	}
	var got settingsDoc
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	flag, env, byDefault := originJSON{Kind: "flag", Name: "--set port"}, originJSON{Kind: "environment", Name: "TOKEN"}, originJSON{Kind: "default"}
	want := settingsDoc{
		Schema: settingsVersion,
		Settings: []settingJSON{
			{Name: "port", Type: "int", Doc: "A port.", Variable: "PORT", State: "set", Value: []byte("5"), Source: flag, Shadows: []originJSON{byDefault}, NeededBy: []string{}},
			{Name: "token", Type: "secret string", Variable: "TOKEN", Secret: true, State: "set", Source: env, Shadows: []originJSON{}, NeededBy: []string{}},
			{Name: "spare", Type: "string?", Variable: "SPARE", State: "unset", Source: originJSON{Kind: "unset"}, Shadows: []originJSON{}, NeededBy: []string{}},
			{Name: "labels", Type: "{string: string}", Variable: "LABELS", State: "set", Value: []byte(`{"a":"1","b":"2"}`),
				Source: originJSON{Kind: "environment", Name: "LABELS__B"}, Shadows: []originJSON{byDefault}, NeededBy: []string{},
				Fields: []fieldJSON{{[]string{"a"}, byDefault}, {[]string{"b"}, originJSON{Kind: "environment", Name: "LABELS__B"}}}},
			{Name: "bad", Type: "int", Variable: "BAD", State: "invalid", Source: originJSON{Kind: "environment", Name: "BAD"}, Shadows: []originJSON{}, NeededBy: []string{}},
		},
		Problems: []problemJSON{{Setting: "bad", Variable: "BAD", Source: originJSON{Kind: "environment", Name: "BAD"}, Expected: "int", Found: `"x"`, Message: `bad: expected int, found "x"`}},
	}
	compact := cmp.Transformer("compact", func(raw json.RawMessage) string {
		var b bytes.Buffer
		if json.Compact(&b, raw) != nil {
			return string(raw)
		}
		return b.String()
	})
	if d := cmp.Diff(want, got, compact); d != "" {
		t.Error(d)
	}
}
