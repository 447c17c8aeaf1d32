package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/compiler/load"
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
	for _, f := range append(s.files(), txtar.File{Name: ".git"}) {
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
	check.Check(p, &diags)
	return p, p.Report(diags.Sorted())
}

// place is a line of a snippet's file.
type place struct {
	file string
	line int
}

// expected are the rules that comments at the ends of lines name.
var expected = regexp.MustCompile(`(?://|#) ([a-z]+(?:-[a-z]+)*)$`)

func (s snippet) wants() map[place][]string {
	wants := map[place][]string{}
	for _, f := range s.files() {
		for i, line := range strings.Split(string(f.Data), "\n") {
			if m := expected.FindStringSubmatch(line); m != nil && diag.Describe(m[1]) != "" {
				at := place{f.Name, i + 1}
				wants[at] = append(wants[at], m[1])
			}
			if strings.Contains(line, "pipe:ignore") && s.kind == "pipe-wrong" {
				wants[place{f.Name, i + 1}] = []string{diag.UnusedIgnore}
			}
		}
	}
	return wants
}

func (s snippet) check(t *testing.T) {
	t.Helper()
	p, list := s.found(t)
	got := map[place][]string{}
	for _, d := range list {
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
	if s.kind == "pipe" && len(list) == 0 && len(s.files()) == 1 {
		if diff := cmp.Diff(s.text, format.File(p.Entry.Files[0])); diff != "" {
			t.Errorf("%s:%d is not in its canonical form: %s", s.page, s.line, diff)
		}
	}
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
