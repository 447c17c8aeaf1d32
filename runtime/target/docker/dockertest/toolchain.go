package dockertest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pipelang/pipe/runtime/target/docker"
)

// listed are the files that compiling a package needs.
const listed = `{{$d := .Dir}}{{range .GoFiles}}{{$d}}/{{.}}
{{end}}{{range .SFiles}}{{$d}}/{{.}}
{{end}}{{range .HFiles}}{{$d}}/{{.}}
{{end}}{{range .EmbedFiles}}{{$d}}/{{.}}
{{end}}`

// Toolchain gives an image with a shell and this machine's Go, which compiles, without C, what
// imports the given packages of the standard library.
func Toolchain(t testing.TB, e *docker.Engine, packages ...string) string {
	t.Helper()
	root := goSays(t, "env", "GOROOT")
	more := strings.Fields(goSays(t, append([]string{"list", "-deps", "-f", listed}, packages...)...))
	for _, pattern := range []string{"VERSION", "go.env", "src/go.mod", "src/go.sum", "src/vendor/modules.txt", "pkg/include/*.h", "src/runtime/cgo/*.h",
		"pkg/tool/*/compile", "pkg/tool/*/asm", "pkg/tool/*/link"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		more = append(more, found...)
	}
	return Installed(t, e, "go", []string{filepath.Join(root, "bin", "go"), "sh"}, more, "CGO_ENABLED=0", "GOTOOLCHAIN=local", "GOFLAGS=-mod=mod")
}

// goSays is what the go command answers, without C.
func goSays(t testing.TB, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v", strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out))
}
