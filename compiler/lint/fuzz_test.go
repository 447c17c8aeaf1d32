package lint_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pipelang/pipe/lang/diag"
	"github.com/pipelang/pipe/lang/token"
)

// FuzzPipe loads, parses, checks and lints anything: no panic, everything that is found lies within its text, and the
// terminal's text of it fits. The seeds are the examples, the mistakes, and the test files with damage of every kind.
func FuzzPipe(f *testing.F) {
	for _, text := range seeds(f) {
		f.Add(text)
	}
	entry := filepath.Join(f.TempDir(), "ci.pipe")
	f.Fuzz(func(t *testing.T, text string) {
		found := everything(t, entry, map[string]string{entry: text})
		for _, d := range found {
			within(t, d, text)
		}
		var b strings.Builder
		if err := diag.Write(&b, "text", found, diag.Options{ASCII: true}); err != nil {
			t.Fatal(err)
		}
	})
}

func seeds(f *testing.F) (out []string) {
	add := func(path string) {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		whole := strings.NewReplacer(opening, "", closing, "").Replace(string(text))
		out = append(out, whole)
		toks := token.Lex(whole)
		for n, m := range mutations {
			if i := len(toks) * (n + 1) / 4; i+1 < len(toks) {
				damaged, _ := m.apply(whole, toks[:len(toks)-1], i)
				out = append(out, damaged)
			}
		}
		for _, part := range strings.Split(whole, "\n\n") {
			out = append(out, part)
		}
	}
	for _, pattern := range []string{"check/*.pipe", "check/whole/*.pipe", "lint/*.pipe", "mistakes/*.txtar"} {
		names, err := filepath.Glob("../../testdata/" + pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, name := range names {
			add(name)
		}
	}
	err := filepath.WalkDir("../../examples", func(path string, e fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".pipe") {
			add(path)
		}
		return err
	})
	if err != nil {
		f.Fatal(err)
	}
	return out
}
