// Package annotated reads test files that say on a line what is found there: `// want rule
// "regexp"`, or after # in scripts. It writes a file, or the files of an archive, as a
// repository of its own, and compares. It knows nothing of how findings are made.
package annotated

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/pipelang/pipe/lang/diag"
)

// Expectation is one finding that a line announces.
type Expectation struct {
	File, Rule string
	Line       int
	Message    *regexp.Regexp
	met        bool
}

// Project is a test file as a repository.
type Project struct {
	Dir   string // absolute
	Entry string // the first .pipe file, absolute
	Wants []*Expectation
}

var (
	comment = regexp.MustCompile(`(?://|#) want (.*)$`)
	pair    = regexp.MustCompile(`([a-z-]+) ("(?:[^"\\]|\\.)*")`)
)

// Files are the .pipe and .txtar files of a folder; there must be some.
func Files(t *testing.T, dir string) []string {
	t.Helper()
	var files []string
	for _, ending := range []string{"*.pipe", "*.txtar"} {
		found, err := filepath.Glob(filepath.Join(dir, ending))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	if len(files) == 0 {
		t.Fatalf("%s holds no test files", dir)
	}
	return files
}

// Write makes the repository of a test file in a folder of the test's own. A .txtar archive
// holds its files; a .pipe file stands alone.
func Write(t *testing.T, path string) *Project {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	files := []txtar.File{{Name: filepath.Base(path), Data: text}}
	if strings.HasSuffix(path, ".txtar") {
		files = txtar.Parse(text).Files
	}
	p := &Project{Dir: t.TempDir()}
	if !slices.ContainsFunc(files, func(f txtar.File) bool { return f.Name == ".git" || strings.HasPrefix(f.Name, ".git/") }) {
		files = append(files, txtar.File{Name: ".git/HEAD"})
	}
	for _, f := range files {
		to := filepath.Join(p.Dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, f.Data, 0o666); err != nil {
			t.Fatal(err)
		}
		p.Wants = append(p.Wants, expectations(t, f.Name, string(f.Data))...)
		if p.Entry == "" && strings.HasSuffix(f.Name, ".pipe") {
			p.Entry = to
		}
	}
	return p
}

func expectations(t *testing.T, file, text string) []*Expectation {
	t.Helper()
	var out []*Expectation
	for i, line := range strings.Split(text, "\n") {
		m := comment.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		pairs := pair.FindAllStringSubmatch(m[1], -1)
		if len(pairs) == 0 {
			t.Errorf("%s:%d: no rule and message in %q", file, i+1, m[1])
		}
		for _, p := range pairs {
			text, err := strconv.Unquote(strings.ReplaceAll(strings.ReplaceAll(p[2], `\`, `\\`), `\\"`, `\"`))
			if err != nil {
				t.Fatalf("%s:%d: %s: %v", file, i+1, p[2], err)
			}
			out = append(out, &Expectation{File: file, Line: i + 1, Rule: p[1], Message: regexp.MustCompile(text)})
		}
	}
	return out
}

// Compare fails the test for each finding that no line announces and each line whose finding is missing.
func (p *Project) Compare(t *testing.T, found []diag.Diagnostic) {
	t.Helper()
	for _, d := range found {
		if !p.meets(d) {
			t.Errorf("unexpected %s", Describe(d))
		}
	}
	for _, w := range p.Wants {
		if !w.met {
			t.Errorf("missing %s:%d: %s: %s", w.File, w.Line, w.Rule, w.Message)
		}
	}
}

func (p *Project) meets(d diag.Diagnostic) bool {
	if d.File == nil {
		return false
	}
	line := d.File.Position(d.Span.Start).Line
	for _, w := range p.Wants {
		if !w.met && w.File == d.File.Name && w.Line == line && w.Rule == d.Rule && w.Message.MatchString(d.Message) {
			w.met = true
			return true
		}
	}
	return false
}

// Describe is a finding in one line.
func Describe(d diag.Diagnostic) string {
	if d.File == nil {
		return d.Rule + ": " + d.Message
	}
	p := d.File.Position(d.Span.Start)
	return fmt.Sprintf("%s:%d:%d: %s: %s | %s", d.File.Name, p.Line, p.Column, d.Rule, d.Message, d.Help)
}
