package lint_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/bmatcuk/doublestar/v4"

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
	lint.Lint(program, lint.Options{Matches: matches(p.Dir)}, &diags)
	return loaded.Report(diags.Sorted())
}

// matches looks into a project's folder.
func matches(dir string) func(string) bool {
	return func(glob string) bool {
		found, err := doublestar.Glob(os.DirFS(dir), glob)
		return err == nil && len(found) > 0
	}
}
