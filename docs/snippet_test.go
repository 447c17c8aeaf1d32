package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/compiler/lint"
	"github.com/pipelang/pipe/compiler/load"
	"github.com/pipelang/pipe/lang/ast"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/format"
	"github.com/pipelang/pipe/stdlib"
)

// snippet is a fenced block of a page.
type snippet struct {
	page string
	line int
	kind string // what stands after the fence: "pipe", "pipe-wrong"
	text string
}

// snippets are the fenced blocks of a page whose kind starts with pipe. A block inside a
// block is indented, so that a fence at the head of a line is always the page's own.
func snippets(t *testing.T, page string) (out []snippet) {
	t.Helper()
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var open *snippet
	for i, line := range strings.Split(string(b), "\n") {
		kind, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && open == nil:
			open = &snippet{page: page, line: i + 1, kind: kind}
		case fence:
			if strings.HasPrefix(open.kind, "pipe") {
				out = append(out, *open)
			}
			open = nil
		case open != nil:
			open.text += line + "\n"
		}
	}
	return out
}

// files of a snippet: one, or those of a txtar archive.
func (s snippet) files() []txtar.File {
	if a := txtar.Parse([]byte(s.text)); len(a.Files) > 0 {
		return a.Files
	}
	return []txtar.File{{Name: entry, Data: []byte(s.text)}}
}

const entry = "ci.pipe"

// found are the findings about a snippet as a repository of its own.
func (s snippet) found(t *testing.T) (*load.Program, []diag.Diagnostic) {
	t.Helper()
	dir := t.TempDir()
	for _, f := range append(s.files(), txtar.File{Name: ".git/HEAD"}) {
		path := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	var diags diag.List
	p, err := load.Load(filepath.Join(dir, entry), load.Options{Std: stdlib.FS}, &diags)
	if err != nil {
		t.Fatal(err)
	}
	lint.Lint(check.Check(p, &diags), lint.Options{Matches: func(glob string) bool {
		found, err := doublestar.Glob(os.DirFS(dir), glob)
		return err == nil && len(found) > 0
	}, Plain: func(string) bool { return true }}, &diags) // files of archives are not executable
	return p, p.Report(diags.Sorted())
}

// place is a line of a snippet's file.
type place struct {
	file string
	line int
}

// expected are the rules that comments at the ends of lines name.
var expected = regexp.MustCompile(`(?://|#) ([a-z]+(?:-[a-z]+)*)$`)

func isRule(name string) bool {
	_, ok := diag.Natural(name)
	return ok
}

func (s snippet) wants() map[place][]string {
	wants := map[place][]string{}
	for _, f := range s.files() {
		for i, line := range strings.Split(string(f.Data), "\n") {
			if m := expected.FindStringSubmatch(line); m != nil && isRule(m[1]) {
				at := place{f.Name, i + 1}
				wants[at] = append(wants[at], m[1])
			}
		}
	}
	return wants
}

// excerpt says that a snippet is part of a repository that the page does not show: what it
// declares may be used there, and its files are there.
func (s snippet) excerpt() bool {
	return slices.Contains([]string{"language.md", "settings.md", "../README.md"}, s.page)
}

func (s snippet) check(t *testing.T) {
	t.Helper()
	p, list := s.found(t)
	got := map[place][]string{}
	for _, d := range list {
		if s.excerpt() && (strings.HasPrefix(d.Rule, "unused-") || d.Rule == diag.EmptyInputs || d.Rule == diag.MissingPath) || s.page == "images.md" && d.Rule == diag.MissingPath {
			continue
		}
		at := place{d.File.Name, d.File.Position(d.Span.Start).Line}
		got[at] = append(got[at], d.Rule)
	}
	var text strings.Builder
	if err := diag.Write(&text, "text", list, diag.Options{}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s.wants(), got); diff != "" {
		t.Errorf("%s:%d: %s\n%s", s.page, s.line, diff, &text)
	}
	if s.kind != "pipe" || len(got) > 0 {
		return
	}
	for _, f := range s.files() {
		read, ok := sourceOf(p, f.Name)
		if !ok {
			continue
		}
		if diff := cmp.Diff(string(f.Data), format.File(read)); diff != "" {
			t.Errorf("%s:%d: %s is not in its canonical form: %s", s.page, s.line, f.Name, diff)
		}
	}
}

// sourceOf is a file of a program by its name.
func sourceOf(p *load.Program, name string) (*ast.File, bool) {
	for _, m := range p.Modules {
		for _, f := range m.Files {
			if f.Source.Name == name && !m.Std {
				return f, true
			}
		}
	}
	return nil, false
}

// Every snippet says what it says: one that is right has no findings and is formatted, one
// that is wrong has those that its comments name.
func TestSnippets(t *testing.T) {
	pages, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range append(pages, "../README.md") {
		for _, s := range snippets(t, page) {
			if s.kind == "pipe-wrong" && len(s.wants()) == 0 {
				t.Errorf("%s:%d: nothing is wrong with it", s.page, s.line)
			}
			s.check(t)
		}
	}
}
