package targettest

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Write makes files below a folder.
func Write(t testing.TB, root string, files Tree) {
	t.Helper()
	Must(t, os.MkdirAll(root, 0o755))
	for name, content := range files {
		p := filepath.Join(root, name)
		Must(t, os.MkdirAll(filepath.Dir(p), 0o755))
		switch link, isLink := strings.CutPrefix(content, "-> "); {
		case strings.HasSuffix(name, "/"):
			Must(t, os.MkdirAll(p, 0o755))
		case isLink:
			Must(t, os.Symlink(link, p))
		default:
			Must(t, os.WriteFile(p, []byte(content), 0o644))
		}
	}
}

// Git runs git in a folder.
func Git(t testing.TB, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

// Must ends the test for an error.
func Must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// RealPath resolves links.
func RealPath(t testing.TB, p string) string {
	t.Helper()
	p, err := filepath.EvalSymlinks(p)
	Must(t, err)
	return p
}

// Read gives a file of text.
func Read(t testing.TB, p string) string {
	t.Helper()
	raw, err := os.ReadFile(p)
	Must(t, err)
	return string(raw)
}

// Exists reports whether anything is at a path.
func Exists(p string) bool {
	_, err := os.Lstat(p)
	return !errors.Is(err, os.ErrNotExist)
}

// ContextWithCancel is the test's context, to be ended before it.
func ContextWithCancel(t testing.TB) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	return ctx, cancel
}
