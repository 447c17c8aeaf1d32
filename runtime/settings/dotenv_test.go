package settings

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
)

var outside = map[string]string{"OUTSIDE": "outside", "BOTH": "from environment"}

func outsideOf(name string) (string, bool) { v, ok := outside[name]; return v, ok }

// values is what a file sets, and what is wrong with it.
func values(data string) (map[string]string, []string) {
	bindings, faults := parseDotenv([]byte(data))
	bindings, grown := expand(bindings, outsideOf)
	out := map[string]string{}
	for _, b := range bindings {
		if b.hasVal {
			out[b.name] = b.value
		}
	}
	var errs []string
	for _, f := range append(faults, grown...) {
		errs = append(errs, f.Error())
	}
	return out, errs
}

type dotenvCase struct {
	Name, In string
	Want     map[string]string
}

func dotenvCases(t testing.TB) []dotenvCase {
	t.Helper()
	data, err := os.ReadFile("testdata/dotenv.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []dotenvCase
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	return cases
}

// What the cases want is what python-dotenv 1.2.4 gives for them. Those where a line of theirs is
// no binding are in TestDotenvDeviations.
func TestDotenvDialect(t *testing.T) {
	for _, tt := range dotenvCases(t) {
		t.Run(tt.Name, func(t *testing.T) {
			got, errs := values(tt.In)
			if errs != nil {
				t.Errorf("errors %q", errs)
			}
			if diff := cmp.Diff(tt.Want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDotenvDeviations(t *testing.T) {
	utf16le := "\xff\xfe"
	for _, u := range utf16.Encode([]rune("A=é\r\nB=2")) {
		utf16le += string([]byte{byte(u), byte(u >> 8)})
	}
	var utf16be string
	for i := 0; i < len(utf16le); i += 2 {
		utf16be += string([]byte{utf16le[i+1], utf16le[i]})
	}
	tests := []struct {
		name, in string
		want     map[string]string
		errs     []string
	}{
		{"byte order mark", "\ufeffA=1", map[string]string{"A": "1"}, nil},
		{"UTF-16, little end first", utf16le, map[string]string{"A": "é", "B": "2"}, nil},
		{"UTF-16, big end first", utf16be, map[string]string{"A": "é", "B": "2"}, nil},
		{"backslash before the last quote", `A='C:\dir\'` + "\nB=1", map[string]string{"B": "1"}, []string{"line 1: a value in quotes without its end: expected a closing '"}},
		{"colon", "A: b", map[string]string{}, []string{"line 1: expected NAME=value"}},
		{"two words", "A=1\nname value\nB=2", map[string]string{"A": "1", "B": "2"}, []string{"line 2: expected NAME=value"}},
		{"no name", "=1\nB=2", map[string]string{"B": "2"}, []string{"line 1: expected NAME=value, found no name"}},
		{"export and no name", "export =1", map[string]string{}, []string{"line 1: expected NAME=value, found no name"}},
		{"text after quotes", "A='b'c\nB=2", map[string]string{"B": "2"}, []string{"line 1: text after the closing quote: expected the end of the line"}},
		{"open double quotes", "A=1\nB=\"x\nC=3\n", map[string]string{"A": "1", "C": "3"}, []string{"line 2: a value in quotes without its end: expected a closing \""}},
		{"open single quotes", "A='", map[string]string{}, []string{"line 1: a value in quotes without its end: expected a closing '"}},
		{"open quoted name", "'A=1\nB=2", map[string]string{"B": "2"}, []string{"line 1: a quoted name without its end: expected 'NAME'=value"}},
		{"fault after several lines", "A='1\n2'\n=\n", map[string]string{"A": "1\n2"}, []string{"line 3: expected NAME=value, found no name"}},
		{"two faults", "=1\n=2", map[string]string{}, []string{"line 1: expected NAME=value, found no name", "line 2: expected NAME=value, found no name"}},
		{"latin-1", "A=1\nB=\xe9", map[string]string{}, []string{"line 2: bytes that are no UTF-8: save the file in UTF-8"}},
		{"zero byte", "A=1\n\nB=\x00", map[string]string{}, []string{"line 3: a zero byte: the file is no text, or UTF-16 without a byte order mark"}},
		{"growing", "A=" + strings.Repeat("x", 1<<10) + doubling(40), nil, []string{"line 15: values grow beyond 16 MiB by ${…}"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, errs := values(tt.in)
			if diff := cmp.Diff(tt.errs, errs); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.want, got); tt.want != nil && diff != "" {
				t.Error(diff)
			}
		})
	}
}

// doubling is a file whose last value is 2ⁿ times the first.
func doubling(n int) string {
	var b strings.Builder
	for i := range n {
		name := strings.Repeat("B", i+1)
		before := name[1:]
		if before == "" {
			before = "A"
		}
		b.WriteString("\n" + name + "=${" + before + "}${" + before + "}")
	}
	return b.String()
}

func FuzzDotenv(f *testing.F) {
	for _, c := range dotenvCases(f) {
		f.Add([]byte(c.In))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		bindings, faults := parseDotenv(data)
		lines := 1 + strings.Count(strings.ReplaceAll(string(data), "\r", "\n"), "\n")
		for _, b := range bindings {
			if b.name == "" || b.line < 1 || b.line > lines {
				t.Errorf("binding %+v in %d lines", b, lines)
			}
		}
		for _, e := range faults {
			if e.line < 1 || e.line > lines {
				t.Errorf("fault at line %d of %d", e.line, lines)
			}
		}
		// A quoted copy of every value reads back as that value.
		for _, b := range bindings {
			if strings.ContainsAny(b.value, "\\\r") {
				continue
			}
			again, errs := parseDotenv([]byte(`A="` + strings.ReplaceAll(b.value, `"`, `\"`) + `"`))
			if len(errs) > 0 || len(again) != 1 || again[0].value != b.value {
				t.Errorf("%q reads back as %+v, %v", b.value, again, errs)
			}
		}
		expand(bindings, func(string) (string, bool) { return "", false })
	})
}
