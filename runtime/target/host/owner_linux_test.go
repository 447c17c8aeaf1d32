package host

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestAllOwned says whose files an overlay in a user namespace cannot take.
func TestAllOwned(t *testing.T) {
	root := t.TempDir()
	if out, err := exec.Command("git", "init", "-q", root).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for name, text := range map[string]string{".gitignore": "built/\n", "src/a.txt": "a", "built/b.txt": "b"} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := allOwned(root); err != nil {
		t.Fatalf("all files are this user's: %v", err)
	}
	if os.Getuid() != 0 {
		return // only root can give files away
	}
	give := func(name string, uid, gid int) {
		t.Helper()
		if err := os.Chown(filepath.Join(root, name), uid, gid); err != nil {
			t.Fatal(err)
		}
	}
	give("built/b.txt", 65534, 65534)
	if err := allOwned(root); err != nil {
		t.Errorf("what git ignores does not count: %v", err)
	}
	give("src", 0, 65534)
	if err := allOwned(root); err == nil || !strings.Contains(err.Error(), "src belongs to another") {
		t.Errorf("another group's folder: %v", err)
	}
	give("src", 0, 0)
	give("src/a.txt", 65534, 0)
	if err := allOwned(root); err == nil || !strings.Contains(err.Error(), "a.txt belongs to another") {
		t.Errorf("another user's file: %v", err)
	}
}
