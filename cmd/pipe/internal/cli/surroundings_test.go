package cli

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The names of a repository's files are those that people see in it, of whichever folder.
func TestFileNames(t *testing.T) {
	root := t.TempDir()
	for _, path := range []string{".git/hooks/pre-commit", "web/node_modules/x/install.sh", "scripts/deploy.sh", "ci.pipe", "a/b/c/deploy.sh"} {
		to := filepath.Join(root, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff([]string{"ci.pipe", "deploy.sh"}, slices.Sorted(maps.Keys(fileNames(root)))); d != "" {
		t.Error(d)
	}
}
