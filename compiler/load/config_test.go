package load_test

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/compiler/load"
	"github.com/pipelang/pipe/lang/diag"
)

func TestConfig(t *testing.T) {
	tests := []struct {
		name, text string
		config     load.Config
		findings   []string
	}{
		{
			name:   "everything",
			text:   "pipe = \"0.1\"\n[check]\nunused-param = \"off\"\n[run]\njobs = 4\nfail_fast = true\n",
			config: load.Config{Pipe: "0.1", Check: map[string]string{"unused-param": "off"}, Run: load.RunDefaults{Jobs: 4, FailFast: true}},
		},
		{
			name:     "a newer language",
			text:     "\npipe = \"0.2\"\n",
			config:   load.Config{Pipe: "0.2"},
			findings: []string{`pipe.toml:2:8 newer-language: this repository is written in pipe 0.2, and this binary knows 0.1 | install a newer pipe`},
		},
		{
			name:     "a far newer language",
			text:     "pipe = \"1.0\"\n",
			config:   load.Config{Pipe: "1.0"},
			findings: []string{`pipe.toml:1:8 newer-language: this repository is written in pipe 1.0, and this binary knows 0.1 | install a newer pipe`},
		},
		{
			name:     "no version",
			text:     "pipe = \"latest\"\n",
			config:   load.Config{Pipe: "latest"},
			findings: []string{`pipe.toml:1:8 invalid-value: pipe: expected a version such as "0.1", found "latest" | write pipe = "0.1"`},
		},
		{
			name: "unknown keys",
			text: "pip = \"0.1\"\n[chek]\n[run]\njbos = 1\n",
			findings: []string{
				`pipe.toml:1:1 unknown-keyword: pipe.toml has no key "pip" | did you mean "pipe"?`,
				`pipe.toml:2:2 unknown-keyword: pipe.toml has no key "chek" | did you mean "check"?`,
				`pipe.toml:4:1 unknown-keyword: [run] has no key "jbos" | did you mean "jobs"?`,
			},
		},
		{
			name: "rules",
			text: "[check]\nunused-parm = \"off\"\nunused-param = \"of\"\ntype-mismatch = \"warning\"\nunused-ignore = 1\n",
			config: load.Config{
				Check: map[string]string{},
			},
			findings: []string{
				`pipe.toml:2:1 unknown-keyword: there is no rule "unused-parm" | did you mean "unused-param"?`,
				`pipe.toml:3:16 invalid-value: unused-param: expected error, warning, hint or off, found "of" | did you mean "off"?`,
				`pipe.toml:4:1 invalid-value: type-mismatch is always an error | only warnings and hints can be changed`,
				`pipe.toml:5:17 type-mismatch: unused-ignore: expected a string, found a number`,
			},
		},
		{
			name: "values of the wrong kind",
			text: "pipe = 1\ncheck = 2\n[run]\njobs = 0\nfail_fast = \"yes\"\n",
			findings: []string{
				`pipe.toml:1:8 type-mismatch: pipe: expected a string, found a number`,
				`pipe.toml:2:9 type-mismatch: check: expected a table, found a number | write a table: [check]`,
				`pipe.toml:4:8 invalid-value: jobs: expected a whole number from 1 on, found 0`,
				`pipe.toml:5:13 type-mismatch: fail_fast: expected true or false, found a string`,
			},
		},
		{
			name:   "tables in one line",
			text:   "check = { unused-param = \"of\", unused-let = 'hint' }\nrun={jobs=0}\n",
			config: load.Config{Check: map[string]string{"unused-let": "hint"}},
			findings: []string{
				`pipe.toml:1:26 invalid-value: unused-param: expected error, warning, hint or off, found "of" | did you mean "off"?`,
				`pipe.toml:2:11 invalid-value: jobs: expected a whole number from 1 on, found 0`,
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := repository(t, "-- ci.pipe --\n-- pipe.toml --\n"+tt.text)
			var diags diag.List
			p, err := load.Load(filepath.Join(dir, "ci.pipe"), load.Options{}, &diags)
			if err != nil {
				t.Fatal(err)
			}
			tt.config.Path = filepath.Join(dir, "pipe.toml")
			if d := cmp.Diff(tt.config, p.Config); d != "" {
				t.Error("config (-want +got):", d)
			}
			if d := cmp.Diff(tt.findings, findings(diags.Sorted())); d != "" {
				t.Error("findings (-want +got):", d)
			}
		})
	}
}

func TestBrokenConfig(t *testing.T) {
	dir := repository(t, "-- ci.pipe --\n-- pipe.toml --\npipe = \n")
	var diags diag.List
	if _, err := load.Load(filepath.Join(dir, "ci.pipe"), load.Options{}, &diags); err != nil {
		t.Fatal(err)
	}
	got := diags.Sorted()
	if len(got) != 1 || got[0].Rule != diag.Syntax || got[0].File.Position(got[0].Span.Start).Line != 1 {
		t.Errorf("got %v", findings(got))
	}
}

func TestApply(t *testing.T) {
	c := load.Config{Check: map[string]string{"unused-param": "error", "unused-ignore": "off", "cycle": "off"}}
	got := c.Apply([]diag.Diagnostic{
		{Rule: diag.UnusedParam, Severity: diag.Warning},
		{Rule: diag.UnusedIgnore, Severity: diag.Warning},
		{Rule: diag.Cycle, Severity: diag.Error},
	})
	want := []diag.Diagnostic{{Rule: diag.UnusedParam, Severity: diag.Error}, {Rule: diag.Cycle, Severity: diag.Error}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error("(-want +got):", d)
	}
}

func TestIgnore(t *testing.T) {
	text := `// pipe:ignore unused-param the next line
let a = 1
let b = 2 // pipe:ignore unused-param this line

// pipe:ignore unused-param nothing here
// pipe:ignore unused-parm
// pipe:ignore
// pipe:ignore cycle not an error's
let c = 3
`
	dir := repository(t, "-- ci.pipe --\n"+text)
	var diags diag.List
	p, err := load.Load(filepath.Join(dir, "ci.pipe"), load.Options{}, &diags)
	if err != nil {
		t.Fatal(err)
	}
	f := p.Entry.Files[0]
	for i, rule := range []string{diag.UnusedParam, diag.UnusedParam, diag.Cycle} {
		severity, _ := diag.Natural(rule)
		diags.Add(diag.Diagnostic{Rule: rule, Severity: severity, File: f.Source, Span: f.Decls[i].Span(), Message: "found"})
	}
	want := []string{
		`ci.pipe:5:1 unused-ignore: this ignore silences nothing: no unused-param on its line or in what follows | remove it`,
		`ci.pipe:6:1 unused-ignore: there is no rule "unused-parm" | did you mean "unused-param"?`,
		`ci.pipe:7:1 unused-ignore: this ignore names no rule | write // pipe:ignore rule-name reason`,
		`ci.pipe:8:1 unused-ignore: cycle is an error, and only warnings and hints can be ignored`,
		`ci.pipe:9:1 cycle: found`,
	}
	if d := cmp.Diff(want, findings(p.Report(diags.Sorted()))); d != "" {
		t.Error("(-want +got):", d)
	}
}

// The fixes of ignores take out what silences nothing, and leave the rest as it stands.
func TestIgnoreFixes(t *testing.T) {
	tests := []struct{ text, want string }{
		{"let a = 1 // pipe:ignore unused-let why\n", "let a = 1 // pipe:ignore unused-let why\n"},
		{"let a = 1 // pipe:ignore cached-effect why\n", "let a = 1\n"},
		{"// pipe:ignore cached-effect why\nlet a = 1\n", "let a = 1\n"},
		{"  // pipe:ignore cached-effect why\r\nlet a = 1\r\n", "let a = 1\r\n"},
		{"let a = 1 // pipe:ignore unused-let, cached-effect why\n", "let a = 1 // pipe:ignore unused-let why\n"},
		{"let a = 1 // pipe:ignore cached-effect, unused-let why\n", "let a = 1 // pipe:ignore unused-let why\n"},
		{"let a = 1 // pipe:ignore cached-effect , unused-let, deadlock: why\n", "let a = 1 // pipe:ignore unused-let: why\n"},
		{"let a = 1 // pipe:ignore unused-lett why\n", "let a = 1 // pipe:ignore unused-let why\n"},
		{"let a = 1 // pipe:ignore nothing-like-it why\n", "let a = 1 // pipe:ignore nothing-like-it why\n"},
		{"let a = 1 // pipe:ignore\n", "let a = 1 // pipe:ignore\n"},
		{"let a = 1 // pipe:ignored cached-effect\n", "let a = 1 // pipe:ignored cached-effect\n"},
	}
	for _, tt := range tests {
		dir := repository(t, "-- ci.pipe --\n")
		var diags diag.List
		entry := filepath.Join(dir, "ci.pipe")
		p, err := load.Load(entry, load.Options{Overlay: map[string]string{entry: tt.text}}, &diags)
		if err != nil {
			t.Fatal(err)
		}
		f := p.Entry.Files[0]
		diags.Add(diag.Diagnostic{Rule: diag.UnusedLet, Severity: diag.Warning, File: f.Source, Span: f.Decls[0].Span()})
		var edits []diag.Edit
		for _, d := range p.Report(diags.Sorted()) {
			for _, fix := range d.Fixes {
				edits = append(edits, fix.Edits...)
			}
		}
		if got := diag.Apply(tt.text, edits); got != tt.want {
			t.Errorf("%q became %q, expected %q", tt.text, got, tt.want)
		}
	}
}
