package check_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pipelang/pipe/compiler/internal/annotated"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/pipelang/pipe/lang/diag"
)

// The whole text of what is said of labels, with the places that they came by.
func TestLabelWays(t *testing.T) {
	paths, err := filepath.Glob("testdata/labels/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no test files: %v", err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			a, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			entry := annotated.Write(t, path).Entry
			_, found := run(t, entry)
			var out bytes.Buffer
			if err := diag.Write(&out, "text", found, diag.Options{}); err != nil {
				t.Fatal(err)
			}
			golden(t, path, a, out.String())
		})
	}
}

// golden holds text against the archive's last file, which is called want.
func golden(t *testing.T, path string, a *txtar.Archive, got string) {
	t.Helper()
	n := len(a.Files) - 1
	if a.Files[n].Name != "want" {
		a.Files = append(a.Files, txtar.File{Name: "want"})
		n++
	}
	if os.Getenv("UPDATE") != "" {
		a.Files[n].Data = []byte(got)
		if err := os.WriteFile(path, txtar.Format(a), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if d := cmp.Diff(string(a.Files[n].Data), got); d != "" {
		t.Error(d)
	}
}

// A label that came a long way is told in a few places, its birth among them.
func TestLongLabelWay(t *testing.T) {
	text := "settings { token: secret string }\nop show(text: string) { run `echo \"$text\"` }\nlet l0 = settings.token\n"
	for i := range 30 {
		text += "let l" + string(rune('a'+i%26)) + strings.Repeat("x", i/26) + " = " + previous(i) + " + \"\"\n"
	}
	text += "pipeline main() { a = show(text: " + previous(30) + ") }\n"
	entry := filepath.Join(t.TempDir(), "ci.pipe")
	if err := os.WriteFile(entry, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	_, found := run(t, entry)
	if len(found) != 1 || found[0].Rule != diag.SecretLeak {
		t.Fatalf("expected one secret-leak, found %v", found)
	}
	places := found[0].Related
	if len(places) != 6 || places[0].Message != `setting "token" is declared secret` || places[5].Message != `let "`+previous(30)+`" holds it` {
		t.Errorf("found %v", places)
	}
}

func previous(i int) string {
	if i == 0 {
		return "l0"
	}
	return "l" + string(rune('a'+(i-1)%26)) + strings.Repeat("x", (i-1)/26)
}
