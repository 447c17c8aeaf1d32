package settings

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/value"
)

// decodedTypes are what FuzzDecode reads texts as.
var decodedTypes = []string{
	"string", "int", "float", "bool", "duration", "size", "timestamp", "url", "path", `"a" | "b"`, "string?", "int?", "url?", "[string]", "[int]", "[float]?", "[[int]]",
	"{string: int}", "{string: [size]}", "m.Database", "m.Database?", "[m.Database]", "{string: m.TLS}", "[{string: timestamp}]", `[("a" | "b")?]`,
}

// decodeTexts are seeds for every type.
var decodeTexts = []string{
	"", " ", "null", "1", "-0", "007", "1e3", "0x1p-2", "1_0", "nan", "true", "ON", "10m", "1h30m", "-1s", "512MiB", "-5", "9223372036854775808", "2025-01-02T03:04:05Z",
	"https://h:99999/", "https://u:p@h/x?y=1", "a", "a,b", ",", "[]", "[1, 2.0]", `["a", null]`, "[[1], []]", "{}", `{"a": 1}`, `{"host": "h"}`, `{"host": "h", "tls": {"cert": "c"}, "x": 1}`,
	`[{"host": "h", "port": 1}]`, `{"a": {"cert": "c", "strict": null}}`, `{"a":1}{"b":2}`, `["` + "\xff" + `"]`, "[1e999]", "\u2028", "１",
}

// Whatever a text is, it is a value that survives its canonical JSON, or one problem; a secret
// is taken and refused as anything else is, and its text is in no message.
func FuzzDecode(f *testing.F) {
	for kind := range decodedTypes {
		for _, text := range decodeTexts {
			f.Add(uint8(kind), text)
		}
	}
	dir := f.TempDir()
	one := func(t *testing.T, typ, text string, secret bool) (Resolved, []Problem) {
		d := plan.SettingDecl{Name: "x", Type: plan.Type(typ), Variable: "X", Secret: secret}
		set, err := Resolve(context.Background(), []plan.SettingDecl{d}, Sources{Dir: dir, Environ: []string{"X=" + text}, Types: records})
		if err != nil {
			t.Fatal(err)
		}
		return set.All()[0], set.Problems([]string{"x"})
	}
	const mark = "q7Zx9"
	f.Fuzz(func(t *testing.T, kind uint8, text string) {
		typ := decodedTypes[int(kind)%len(decodedTypes)]
		got, problems := one(t, typ, text, false)
		if (got.Value == nil) != (len(problems) > 0) {
			t.Fatalf("%s of %q: %v and %v", typ, text, got.Value, problems)
		}
		if got.Value != nil {
			raw, err := value.Marshal(got.Value)
			if err != nil {
				t.Fatalf("%s of %q has no JSON: %v", typ, text, err)
			}
			again, err := value.Unmarshal(got.Type, raw)
			if err != nil || !value.Equal(again, got.Value) && !strings.Contains(string(raw), "\ufffd") {
				t.Errorf("%s of %q: %s reads back as %v, %v", typ, text, raw, again, err)
			}
		}
		hidden, refused := one(t, typ, text, true)
		if !cmp.Equal(hidden.Value == nil, got.Value == nil) || len(refused) != len(problems) {
			t.Errorf("%s of %q: %v, as a secret %v", typ, text, problems, refused)
		}
		for _, marked := range []string{text + mark, strings.ReplaceAll(text, `"`, `"`+mark)} {
			if _, refused := one(t, typ, marked, true); strings.Contains(fmt.Sprintf("%+v", refused), mark) {
				t.Errorf("%s of %q: its text is told: %+v", typ, marked, refused)
			}
		}
	})
}
