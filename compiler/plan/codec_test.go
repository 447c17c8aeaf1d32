package plan_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/compiler/plan"
)

func encode(t testing.TB, p *plan.Plan) []byte {
	t.Helper()
	text, err := plan.Encode(p)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestDecodeGivesBackWhatWasEncoded(t *testing.T) {
	p := sample(t)
	text := encode(t, p)
	q, err := plan.Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(p, q); d != "" {
		t.Error(d)
	}
	if again := encode(t, q); !bytes.Equal(text, again) {
		t.Error("a second encoding differs")
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, text); err != nil {
		t.Fatal(err)
	}
	if q, err = plan.Decode(compact.Bytes()); err != nil || q.Digest != p.Digest {
		t.Errorf("white space changes the plan: %v", err)
	}
}

func TestASealedPlanIsWhatEncodingGives(t *testing.T) {
	p := sample(t)
	want, text := p.Digest, encode(t, p)
	p.Digest = "of another time"
	sealed, err := plan.Seal(p)
	if err != nil || p.Digest != want {
		t.Fatalf("digest %s, want %s: %v", p.Digest, want, err)
	}
	if again, err := plan.Indent(sealed); err != nil || !bytes.Equal(again, text) {
		t.Errorf("the sealed form, indented, is not what Encode gives: %v", err)
	}
	if q, err := plan.Decode(sealed); err != nil || q.Digest != want {
		t.Errorf("the sealed form cannot be read: %v", err)
	}
}

// TestCanonicalFormIsThatOfEncodingJSON holds the fields that are written apart to what one call writes.
func TestCanonicalFormIsThatOfEncodingJSON(t *testing.T) {
	for _, p := range []*plan.Plan{sample(t), {}, {Ops: map[string]plan.Op{"b<&>\u2028\"": {Doc: "<&>"}, "a\xff": {}, "": {}}, Graph: plan.Graph{Steps: []plan.Step{{}}}}} {
		sealed, err := plan.Seal(p)
		if err != nil {
			t.Fatal(err)
		}
		var want bytes.Buffer
		e := json.NewEncoder(&want)
		e.SetEscapeHTML(false)
		if err := e.Encode(p); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want.String(), string(sealed)+"\n"); d != "" {
			t.Error(d)
		}
	}
}

func TestEncodingIsReadable(t *testing.T) {
	text := string(encode(t, sample(t)))
	if !strings.HasSuffix(text, "}\n") || !strings.Contains(text, `$marker\" < in && true`) {
		t.Error("expected a newline at the end and no HTML escapes")
	}
}

func TestDigestCoversEverything(t *testing.T) {
	a := sample(t)
	for name, change := range map[string]func(*plan.Plan){
		"source":  func(p *plan.Plan) { p.Sources[0].Digest = plan.DigestOf(nil) },
		"setting": func(p *plan.Plan) { p.Settings[0].Value = json.RawMessage(`"x"`) },
		"place":   func(p *plan.Plan) { p.Graph.Steps[0].At = "ship.pipe:1:1" },
		"script": func(p *plan.Plan) {
			p.Ops["ship.pipe.pytest"].Runs[0].Script = "true"
		},
	} {
		b := sample(t)
		change(b)
		seal(t, b)
		if a.Digest == b.Digest {
			t.Errorf("%s is not covered", name)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	good := string(encode(t, sample(t)))
	replace := func(from, to string) string {
		if !strings.Contains(good, from) {
			t.Fatalf("the sample has no %s", from)
		}
		return strings.Replace(good, from, to, 1)
	}
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", "unexpected end"},
		{"no JSON", "pipeline: x\n", "line 1"},
		{"a late syntax error", replace(`"entry": "ship.pipe",`, `"entry": "ship.pipe"`), "line 8"},
		{"another value", `[1]`, "no schema"},
		{"no schema", `{"pipeline": "x"}`, "no schema"},
		{"another version", replace("pipe.plan/v1", "pipe.plan/v2"), `its schema is "pipe.plan/v2", this version reads "pipe.plan/v1"`},
		{"an unknown field", replace(`"entry":`, `"rm": 1, "entry":`), `unknown field "rm"`},
		{"a field twice", replace(`"entry":`, `"entry": "x", "entry":`), "canonical form"},
		{"a field in other letters", replace(`"entry":`, `"Entry":`), "canonical form"},
		{"a null", replace(`"entry": "ship.pipe"`, `"entry": null`), "canonical form"},
		{"a wrong type", replace(`"entry": "ship.pipe"`, `"entry": 7`), "cannot unmarshal number"},
		{"an edit", replace("poetry check", "rm -rf"), "it was changed after it was made"},
		{"more behind it", good + "{}", "line"},
		{"no digest", replace(sample(t).Digest, ""), "it was changed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := plan.Decode([]byte(c.text))
			if p != nil || !errors.Is(err, plan.ErrNotPlan) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("expected %q, found %v", c.want, err)
			}
			if err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("more than one line: %v", err)
			}
		})
	}
}

// FuzzDecode decodes some ten thousand texts a second. Go makes each that is new as small as it can for up to a minute
// and counts nothing meanwhile, so that -fuzzminimizetime 10x is worth giving.
func FuzzDecode(f *testing.F) {
	f.Add(encode(f, sample(f)))
	f.Add([]byte(`{"schema":"pipe.plan/v1"}`))
	f.Add([]byte(`{"schema":"pipe.plan/v1","graph":{"steps":[{"graph":{"steps":[{"never":true}]}}]}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := plan.Decode(text)
		if err == nil {
			if q, err := plan.Decode(encode(t, p)); err != nil || !cmp.Equal(p, q) {
				t.Errorf("what was decoded cannot be decoded again: %v", err)
			}
		}
		// A digest cannot be guessed, so the rest is tried without it.
		p = &plan.Plan{}
		if json.Unmarshal(text, p) == nil {
			_ = plan.Validate(p)
			plan.Diff(p, &plan.Plan{})
			for _, render := range renderers {
				if err := render(&bytes.Buffer{}, p); err != nil {
					t.Error(err)
				}
			}
		}
	})
}
