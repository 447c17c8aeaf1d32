package lower_test

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/compiler/load"
	"github.com/pipelang/pipe/compiler/lower"
	"github.com/pipelang/pipe/compiler/plan"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/types"
	"github.com/pipelang/pipe/lang/value"
)

// source is a repository for a test, and what its pipeline is bound to.
type source struct {
	files    map[string]string
	entry    string // "main.pipe" when empty
	pipeline string // "main" when empty
	profile  string
	args     map[string]string
	settings map[string]string // what --set would say; defaults are found
	std      fstest.MapFS
}

// one is a repository of one file.
func one(text string) source { return source{files: map[string]string{"main.pipe": text}} }

// program loads and checks the repository in a folder of its own.
func (s source) program(t testing.TB) *check.Program {
	t.Helper()
	dir := t.TempDir()
	files := maps.Clone(s.files)
	files["pipe.toml"] = ""
	for name, text := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	entry := s.entry
	if entry == "" {
		entry = "main.pipe"
	}
	std := s.std
	if std == nil {
		std = fstest.MapFS{}
	}
	var diags diag.List
	loaded, err := load.Load(filepath.Join(dir, filepath.FromSlash(entry)), load.Options{Std: std}, &diags)
	if err != nil {
		t.Fatal(err)
	}
	p := check.Check(loaded, &diags)
	for _, d := range diags.Sorted() {
		if d.Severity == diag.Error {
			at := ""
			if d.File != nil {
				at = d.File.Name + ": " + d.File.Slice(d.Span)
			}
			t.Errorf("%s: %s (%s)", at, d.Message, d.Help)
		}
	}
	if t.Failed() {
		t.FailNow()
	}
	return p
}

func (s source) draft(t testing.TB) *lower.Draft {
	t.Helper()
	name := s.pipeline
	if name == "" {
		name = "main"
	}
	d, err := lower.New(s.program(t), name)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// values finds what the draft is bound to, as the command line would.
func (s source) values(t testing.TB, d *lower.Draft) lower.Values {
	t.Helper()
	args := map[string]value.Value{}
	for _, p := range d.Params() {
		if text, ok := s.args[p.Name]; ok {
			args[p.Name] = parse(t, p.Type, text)
		}
	}
	known := map[string]value.Value{}
	for _, decl := range d.Settings() {
		typ, err := types.Parse(decl.Type, func(id string) *types.Type { return d.Types()[id] })
		if err != nil {
			t.Fatal(err)
		}
		x := decl.Default
		if override, ok := decl.Profiles[s.profile]; ok {
			x = &override
		}
		switch text, set := s.settings[decl.Name]; {
		case set:
			known[decl.Name] = parse(t, typ, text)
		case x != nil && x.Value != nil:
			if known[decl.Name], err = value.Unmarshal(typ, x.Value); err != nil {
				t.Fatal(err)
			}
		case typ.Kind == types.Optional:
			known[decl.Name] = value.None{}
		}
	}
	return lower.Values{Profile: s.profile, Args: args, Setting: func(name string) (value.Value, bool) {
		v, ok := known[name]
		return v, ok
	}}
}

func parse(t testing.TB, typ *types.Type, text string) value.Value {
	t.Helper()
	v, err := value.ParseText(typ, text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// bind makes the plan, which must succeed.
func (s source) bind(t testing.TB) (*plan.Plan, []string) {
	t.Helper()
	d := s.draft(t)
	p, reached, err := d.Bind(s.values(t, d))
	if err != nil {
		t.Fatal(err)
	}
	if err := plan.Validate(p); err != nil {
		t.Errorf("the plan is not valid: %v", err)
	}
	return p, reached
}

// encode gives a plan's text after holding it to everything that plans promise.
func encode(t testing.TB, p *plan.Plan) []byte {
	t.Helper()
	text, err := plan.Encode(p)
	if err != nil {
		t.Fatal(err)
	}
	q, err := plan.Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(p, q); d != "" {
		t.Errorf("what is decoded differs: %s", d)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema(t).Validate(doc); err != nil {
		t.Errorf("the schema refuses the plan: %v", err)
	}
	return text
}

func schema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(plan.Schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("plan", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("plan")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestGoldenPlans lowers testdata/plan/*.txtar. The comment of an archive says why it is
// there; its lines that start with a keyword say what the pipeline is bound to.
func TestGoldenPlans(t *testing.T) {
	archives, err := filepath.Glob("../../testdata/plan/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no golden plans", err)
	}
	for _, file := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { goldenPlan(t, file) })
	}
}

func goldenPlan(t *testing.T, file string) {
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s, want := fromArchive(a)
	p, _ := s.bind(t)
	got := encode(t, p)
	again, _ := s.bind(t)
	if !bytes.Equal(got, encode(t, again)) {
		t.Error("two folders give two plans")
	}
	var tree bytes.Buffer
	if err := plan.Tree(&tree, p); err != nil {
		t.Fatal(err)
	}
	if os.Getenv("UPDATE") != "" {
		sources := slices.DeleteFunc(a.Files, func(f txtar.File) bool { return strings.HasPrefix(f.Name, "plan.") })
		a.Files = append(sources, txtar.File{Name: "plan.tree", Data: tree.Bytes()}, txtar.File{Name: "plan.json", Data: got})
		if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if d := cmp.Diff(want["plan.json"], string(got)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(want["plan.tree"], tree.String()); d != "" {
		t.Error(d)
	}
}

// fromArchive gives the repository of an archive, and the files that are expected of it.
func fromArchive(a *txtar.Archive) (source, map[string]string) {
	s := source{files: map[string]string{}, args: map[string]string{}, settings: map[string]string{}, std: fstest.MapFS{}}
	want := map[string]string{}
	for _, f := range a.Files {
		switch name, std := strings.CutPrefix(f.Name, "std/"); {
		case strings.HasPrefix(f.Name, "plan."):
			want[f.Name] = string(f.Data)
		case std:
			s.std[name] = &fstest.MapFile{Data: f.Data}
		default:
			s.files[f.Name] = string(f.Data)
		}
	}
	for _, line := range strings.Split(string(a.Comment), "\n") {
		word, rest, _ := strings.Cut(line, " ")
		name, text, _ := strings.Cut(rest, "=")
		switch word {
		case "entry:":
			s.entry = rest
		case "pipeline:":
			s.pipeline = rest
		case "profile:":
			s.profile = rest
		case "arg:":
			s.args[name] = text
		case "set:":
			s.settings[name] = text
		}
	}
	return s, want
}
