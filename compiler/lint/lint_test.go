package lint_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/compiler/check"
	"github.com/pipelang/pipe/compiler/internal/annotated"
	"github.com/pipelang/pipe/compiler/lint"
	"github.com/pipelang/pipe/compiler/load"
	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/stdlib"
)

// Each file of testdata/lint says on its lines what is found there, by check and by lint.
func TestFiles(t *testing.T) {
	for _, path := range annotated.Files(t, "../../testdata/lint") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			p := annotated.Write(t, path)
			p.Compare(t, found(t, p))
		})
	}
}

// found is what the command line says about a project.
func found(t testing.TB, p *annotated.Project) []diag.Diagnostic {
	t.Helper()
	var diags diag.List
	loaded, err := load.Load(p.Entry, load.Options{Std: stdlib.FS}, &diags)
	if err != nil {
		t.Fatal(err)
	}
	program := check.Check(loaded, &diags)
	return linted(t, program, lint.Options{Matches: matches(p.Dir), FoldersOnly: foldersOnly(p.Dir), Plain: plain(p.Dir), Named: named(p.Dir), Entries: entries(p.Dir)}, &diags)
}

// linted is what is reported of a checked program. The errors among it have to be the same where nobody asks for more.
func linted(t testing.TB, program *check.Program, o lint.Options, diags *diag.List) []diag.Diagnostic {
	t.Helper()
	var again diag.List
	again.Append(diags)
	lint.Lint(program, o, diags)
	all := program.Load.Report(diags.Sorted())
	o.Errors = true
	lint.Lint(program, o, &again)
	alone := program.Load.Report(again.Sorted())
	if d := cmp.Diff(errorsOf(all), errorsOf(alone)); d != "" {
		t.Errorf("where only errors are asked for, others are found: %s", d)
	}
	return all
}

// errorsOf renders the findings that are errors.
func errorsOf(found []diag.Diagnostic) (out []string) {
	for _, d := range found {
		if d.Severity == diag.Error {
			out = append(out, fmt.Sprint(d.File.Name, d.Span, d.Rule, d.Message, d.Help))
		}
	}
	return out
}

// foldersOnly looks for files that a glob matches.
func foldersOnly(dir string) func(string) bool {
	return func(glob string) bool {
		found, err := doublestar.Glob(os.DirFS(dir), glob, doublestar.WithFilesOnly())
		return err == nil && len(found) == 0
	}
}

func entries(dir string) func(string) []string {
	return func(folder string) (names []string) {
		list, _ := os.ReadDir(filepath.Join(dir, folder)) // none where there is no folder
		for _, e := range list {
			names = append(names, e.Name())
		}
		return names
	}
}

func named(dir string) func(string) bool {
	return func(name string) bool { return matches(dir)("**/" + name) }
}

// matches looks into a project's folder.
func matches(dir string) func(string) bool {
	return func(glob string) bool {
		found, err := doublestar.Glob(os.DirFS(dir), glob)
		return err == nil && len(found) > 0
	}
}

// plain looks for files of a project that nobody may run.
func plain(dir string) func(string) bool {
	return func(path string) bool {
		info, err := os.Stat(filepath.Join(dir, path))
		return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 == 0
	}
}
