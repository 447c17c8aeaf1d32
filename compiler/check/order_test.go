package check_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// What is said does not depend on the order in which a table is gone through: of several modules that have an op, and
// of two modules that have a file.
func TestSaysTheSame(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		".git":      "",
		"main.pipe": "use \"./ci\" as whole\nuse \"./ci/b.pipe\" as part\n\npipeline main() {\n  take(n: 1)\n  one = whole.all(n: 1)\n  two = part.all(n: 2)\n}\n",
		"ci/a.pipe": "op take(n: string) {\n  run `echo \"$n\"`\n}\n",
		"ci/b.pipe": "op take(n: int) {\n  run `echo \"$n\"`\n}\n\npipeline all(n: int) {\n  taken = take(n: n)\n}\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	said := map[string]bool{}
	for range 30 {
		_, found := run(t, filepath.Join(dir, "main.pipe"))
		if len(found) < 3 {
			t.Fatalf("found %v", found)
		}
		text := ""
		for _, d := range found {
			related, err := json.Marshal(d.Related)
			if err != nil {
				t.Fatal(err)
			}
			text += d.Message + d.Help + string(related) + "\n"
		}
		said[text] = true
	}
	if len(said) != 1 {
		t.Errorf("%d things are said of the same program: %v", len(said), said)
	}
}
