package build_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/runtime/target/docker/build"
	"github.com/pipelang/pipe/runtime/target/docker/dockertest"
)

var (
	names    = []string{"a", "b", "a.go", "b.txt", "node_modules", ".git", "x y", "Dockerfile.dev", "é"}
	patterns = []string{"a", "b/", "*.go", "**/*.txt", "!a.go", "!**/b.txt", "node_modules", "**/node_modules", "*", "!b", "a/**", "!a/b", "/a", "./b", "[ab]", "?", "# a comment", "", " a ", ".git", "a/*/b", "!a/**/a.go", "\\!a", "**", "x y", "é", "b/../a"}
)

// randomTree writes files, and an ignore file with what no builder refuses.
func randomTree(t *testing.T, r *rand.Rand) string {
	t.Helper()
	dir := t.TempDir()
	for range 12 {
		parts := []string{dir}
		for range 1 + r.IntN(3) {
			parts = append(parts, names[r.IntN(len(names))])
		}
		path := filepath.Join(parts...)
		if os.MkdirAll(filepath.Dir(path), 0o755) == nil {
			_ = os.WriteFile(path, []byte("x"), 0o644) // a folder of that name stays one
		}
	}
	var lines []string
	for range r.IntN(6) {
		lines = append(lines, patterns[r.IntN(len(patterns))])
	}
	if err := os.WriteFile(filepath.Join(dir, ".dockerignore"), []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// What an ignore file leaves out is what it leaves out of the docker command's own build.
// PIPE_TREES sets how many trees there are.
func TestIgnoredAsByDocker(t *testing.T) {
	e := dockertest.Engine(t)
	docker := dockerCommand(t)
	base, trees := shell(t, e), 6
	if n := os.Getenv("PIPE_TREES"); n != "" {
		if _, err := fmt.Sscan(n, &trees); err != nil {
			t.Fatal(err)
		}
	}
	for seed := range uint64(trees) {
		r := rand.New(rand.NewPCG(seed, 7))
		dir := randomTree(t, r)
		text := fmt.Sprintf("FROM %s\nRUN --mount=target=/in cd /in && find . | sort | sed 's/^/found /' && echo %d\n", base, r.Int64())
		_, l, err := made(t, e, build.Request{Context: dir, Text: &text, NoCache: true})
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, l.text())
		}
		var ours []string
		for _, line := range strings.Split(l.text(), "\n") {
			if _, name, ok := strings.Cut(line, "| found "); ok {
				ours = append(ours, name)
			}
		}
		if theirs := byDocker(t, docker, dir, strings.Replace(text, "&& echo", "&& : docker && echo", 1)); !cmp.Equal(theirs, ours) {
			ignore, _ := os.ReadFile(filepath.Join(dir, ".dockerignore"))
			t.Errorf("seed %d, %q (-docker +pipe)\n%s", seed, ignore, cmp.Diff(theirs, ours))
		}
	}
}

// dockerCommand finds one that builds by BuildKit: newer ones need a plugin for it.
func dockerCommand(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"docker", "/usr/bin/docker"} {
		version, err := exec.Command(name, "--version").Output()
		if err == nil && (strings.Contains(string(version), " 20.") || exec.Command(name, "buildx", "version").Run() == nil) {
			return name
		}
	}
	dockertest.Missing(t, "a docker command that builds by BuildKit")
	return ""
}

// byDocker is what the docker command's build sees of a folder.
func byDocker(t *testing.T, docker, dir, text string) []string {
	t.Helper()
	cmd := exec.Command(docker, "build", "--progress=plain", "--no-cache", "-f", "-", ".")
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(text)
	cmd.Env = append(os.Environ(), "DOCKER_BUILDKIT=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("docker build: %v\n%s", err, out)
	}
	var found []string
	for _, line := range strings.Split(string(out), "\n") {
		if _, name, ok := strings.Cut(line, " found "); ok && !strings.Contains(line, "sed ") {
			found = append(found, name)
		}
		if _, id, ok := strings.Cut(line, "writing image "); ok {
			id, _, _ = strings.Cut(id, " ")
			t.Cleanup(func() { _ = exec.Command(docker, "image", "rm", "--force", id).Run() })
		}
	}
	return found
}
