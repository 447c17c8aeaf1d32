package settings

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/value"
)

// verdict is what one side makes of a case.
type verdict struct {
	ok    bool
	value string // canonical JSON
	why   string // it is refused
}

func (o verdict) String() string {
	if o.ok {
		return o.value
	}
	return "refused: " + strings.Join(strings.Fields(o.why), " ")
}

func (o verdict) agrees(p verdict) bool { return o.ok == p.ok && o.value == p.value }

// canonical tells the kinds of values apart that JSON does not.
func canonical(t *testing.T, v any) any {
	switch v := v.(type) {
	case nil, value.None:
		return nil
	case value.String:
		return string(v)
	case value.Int:
		return json.Number(strconv.FormatInt(int64(v), 10))
	case value.Size:
		return json.Number(strconv.FormatInt(int64(v), 10))
	case value.Bool:
		return bool(v)
	case value.Float:
		return map[string]any{"float": fmt.Sprintf("%016x", math.Float64bits(float64(v)))}
	case value.Duration:
		return map[string]any{"duration": time.Duration(v).Microseconds()}
	case value.Timestamp:
		return map[string]any{"timestamp": time.Time(v).UnixMicro()}
	case value.List:
		out := []any{}
		for _, x := range v {
			out = append(out, canonical(t, x))
		}
		return out
	case value.Map:
		return canonicalFields(t, v)
	case value.Record:
		return canonicalFields(t, v)
	}
	t.Fatalf("no canonical form of %T", v)
	return nil
}

func canonicalFields(t *testing.T, m map[string]value.Value) any {
	out := map[string]any{}
	for k, v := range m {
		out[k] = canonical(t, v)
	}
	return out
}

// theirOutcome brings the oracle's answer into the same form.
func theirOutcome(t *testing.T, a answer) verdict {
	if !a.OK {
		return verdict{why: a.Error}
	}
	d := json.NewDecoder(bytes.NewReader(a.Value))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return verdict{ok: true, value: jsonOf(t, v)}
}

func jsonOf(t *testing.T, v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// ourOutcome resolves a case whose files are in dir. spoil damages the sources once they are
// open; nil leaves them.
func (c matrixCase) ourOutcome(t *testing.T, dir string, spoil func(*resolver)) verdict {
	t.Helper()
	content := c.content(inPipe)
	_, records := c.typed()
	s := Sources{Dir: dir, Set: content.set, Types: records}
	for name, v := range content.env {
		s.Environ = append(s.Environ, name+"="+v)
	}
	if content.profile {
		s.Profile = "prod"
	}
	if content.secrets {
		s.SecretsDir = filepath.Join(dir, "secrets")
	}
	return outcomeOf(t, s, c.decl(content.fallback), spoil)
}

func outcomeOf(t *testing.T, s Sources, d plan.SettingDecl, spoil func(*resolver)) verdict {
	t.Helper()
	r := &resolver{ctx: context.Background(), sources: s}
	if err := r.open(); err != nil {
		t.Fatal(err)
	}
	if spoil != nil {
		spoil(r)
	}
	set, err := r.set([]plan.SettingDecl{d})
	if err != nil {
		t.Fatal(err)
	}
	if p := set.Problems([]string{d.Name}); p != nil {
		return verdict{why: p[0].Message}
	}
	v, ok := set.Value(d.Name)
	if !ok {
		t.Fatalf("%s has neither a value nor a problem", d.Name)
	}
	return verdict{ok: true, value: jsonOf(t, canonical(t, v))}
}

// compared is a case with both outcomes.
type compared struct {
	matrixCase
	dir          string
	ours, theirs verdict
}

func (c compared) String() string {
	content := c.content(inPipe)
	return fmt.Sprintf("%v\n\tset %q env %q files %q default %s\n\tpipe:   %v\n\tpython: %v", c.matrixCase, content.set, content.env, content.files, content.fallback, c.ours, c.theirs)
}

// compareAll writes the files of all cases, and asks both sides.
func compareAll(t *testing.T, cases []matrixCase) []compared {
	t.Helper()
	root := t.TempDir()
	out := make([]compared, len(cases))
	questions := make([]question, len(cases))
	for i, c := range cases {
		dir := filepath.Join(root, strconv.Itoa(i))
		writeContent(t, filepath.Join(dir, "ours"), c.content(inPipe))
		writeContent(t, filepath.Join(dir, "theirs"), c.content(inPython))
		out[i] = compared{matrixCase: c, dir: filepath.Join(dir, "ours")}
		questions[i] = c.question(filepath.Join(dir, "theirs"))
	}
	for i, a := range ask(t, questions) {
		out[i].theirs = theirOutcome(t, a)
		out[i].ours = out[i].ourOutcome(t, out[i].dir, nil)
	}
	return out
}

func writeContent(t *testing.T, dir string, c content) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if c.secrets {
		if err := os.MkdirAll(filepath.Join(dir, "secrets"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range c.files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
