package build_test

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pipelang/pipe/runtime/target/docker"
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

// What an ignore file leaves out is what it leaves out of the docker command's own build, but
// for empty folders. PIPE_TREES sets how many trees there are.
func TestIgnoredAsByDocker(t *testing.T) {
	e := dockertest.Engine(t)
	docker := dockerCommand(t)
	trees := 100
	if n := os.Getenv("PIPE_TREES"); n != "" {
		if _, err := fmt.Sscan(n, &trees); err != nil {
			t.Fatal(err)
		}
	}
	var all sync.WaitGroup
	var seen atomic.Int64
	slots := make(chan struct{}, 4) // the engine waits for its disk more than it works
	for seed := range uint64(trees) {
		dir := randomTree(t, rand.New(rand.NewPCG(seed, 7)))
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			ours := byPipe(t, e, dir)
			theirs := withoutIgnored(byDocker(t, docker, dir), ours)
			seen.Add(int64(len(ours)))
			if !slices.Equal(theirs, ours) {
				ignore, _ := os.ReadFile(filepath.Join(dir, ".dockerignore"))
				t.Errorf("seed %d, %q (-docker +pipe)\n%s", seed, ignore, cmp.Diff(theirs, ours))
			}
		})
	}
	all.Wait()
	if seen.Load() < int64(trees) {
		t.Errorf("%d files and folders in %d trees: nothing was compared", seen.Load(), trees)
	}
}

// withoutIgnored leaves out folders that docker alone sees, with nothing in them: commands before
// version 23 send a folder that is ignored where a line might bring something in it back.
func withoutIgnored(theirs, ours []string) []string {
	return slices.DeleteFunc(slices.Clone(theirs), func(name string) bool {
		return strings.HasSuffix(name, "/") && !slices.Contains(ours, name) &&
			!slices.ContainsFunc(theirs, func(other string) bool {
				return other != name && strings.HasPrefix(other, name) && !strings.HasSuffix(other, "/")
			})
	})
}

// copied is a Dockerfile of an image that is its context.
const copied = "FROM scratch\nCOPY . /\n"

// byPipe is what a build sees of a folder.
func byPipe(t *testing.T, e *docker.Engine, dir string) []string {
	text := copied
	out, l, err := made(t, e, build.Request{Context: dir, Text: &text})
	if err != nil {
		t.Errorf("%v\n%s", err, l.text())
		return nil
	}
	stream, err := e.Client().ImageSave(t.Context(), []string{out.ID})
	if err != nil {
		t.Error(err)
		return nil
	}
	defer stream.Close()
	var found []string
	for saved := tar.NewReader(stream); ; {
		h, err := saved.Next()
		if err != nil {
			break
		}
		if strings.HasSuffix(h.Name, "/layer.tar") || strings.HasPrefix(h.Name, "blobs/") {
			found = append(found, listing(saved)...)
		}
	}
	slices.Sort(found)
	return found
}

// listing gives the names in an archive; what is none has none.
func listing(r io.Reader) (found []string) {
	for in := tar.NewReader(r); ; {
		h, err := in.Next()
		if err != nil {
			return found
		}
		found = append(found, h.Name)
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
func byDocker(t *testing.T, docker, dir string) []string {
	var said strings.Builder
	cmd := exec.Command(docker, "build", "--quiet", "-f", "-", "-o", "type=tar,dest=-", ".")
	cmd.Dir, cmd.Stdin, cmd.Stderr = dir, strings.NewReader(copied), &said
	cmd.Env = append(os.Environ(), "DOCKER_BUILDKIT=1")
	out, err := cmd.Output()
	if err != nil {
		t.Errorf("docker build: %v\n%s", err, &said)
		return nil
	}
	found := listing(bytes.NewReader(out))
	slices.Sort(found)
	return found
}
