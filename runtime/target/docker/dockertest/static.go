package dockertest

import (
	"archive/tar"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/pipelang/pipe/runtime/target/docker"
)

// Static gives an image that holds one static Go program, at /program, and nothing else.
func Static(t testing.TB, e *docker.Engine, source string) string {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "main.go")
	if err := os.WriteFile(path, []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "build", "-o", filepath.Join(dir, "program"), path)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	text, err := os.ReadFile(filepath.Join(dir, "program"))
	if err != nil {
		t.Fatal(err)
	}
	ref := Name(t) + ":1"
	Import(t, e, ref, func(out *tar.Writer) error { return writeFile(out, "program", 0o755, text) })
	Remove(t, e, ref)
	return ref
}
