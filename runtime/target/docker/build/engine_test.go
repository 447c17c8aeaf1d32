package build_test

import (
	"archive/tar"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/docker/docker/api/types/image"

	"github.com/pipelang/pipe/runtime/target/docker"
	"github.com/pipelang/pipe/runtime/target/docker/build"
	"github.com/pipelang/pipe/runtime/target/docker/dockertest"
)

// shell gives an image with a static shell and its usual programs, and nothing else.
func shell(t testing.TB, e *docker.Engine) string {
	t.Helper()
	const ref = "pipe-test/busybox:1"
	if _, err := e.Client().ImageInspect(t.Context(), ref); err == nil {
		return ref
	}
	path, err := exec.LookPath("busybox")
	if err != nil {
		dockertest.Missing(t, "busybox")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	list, err := exec.Command(path, "--list").Output()
	if err != nil {
		t.Fatal(err)
	}
	dockertest.Import(t, e, ref, func(w *tar.Writer) error {
		err := errors.Join(
			w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: "tmp/", Mode: 0o1777}),
			w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "bin/busybox", Mode: 0o755, Size: int64(len(text))}),
		)
		if err != nil {
			return err
		}
		if _, err := w.Write(text); err != nil {
			return err
		}
		for _, name := range strings.Fields(string(list)) {
			if name == "busybox" {
				continue
			}
			if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: "bin/" + name, Linkname: "busybox", Mode: 0o777}); err != nil {
				return err
			}
		}
		return nil
	}, "PATH=/bin")
	return ref
}

// tree writes files and gives their folder.
func tree(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// logged keeps a build's log.
type logged struct {
	mu    sync.Mutex
	lines []string
}

func (l *logged) log(section string, p []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, section+"| "+string(p))
}

func (l *logged) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "\n")
}

// made builds, and removes the image when the test has ended.
func made(t testing.TB, e *docker.Engine, r build.Request) (build.Result, *logged, error) {
	t.Helper()
	if r.Display == "" {
		r.Display = "Dockerfile"
	}
	var l logged
	out, err := build.Build(t.Context(), e, r, l.log)
	if err == nil {
		t.Cleanup(func() { discard(t, e, out.ID) })
	}
	return out, &l, err
}

// discard removes an image with all its names; another test may have had the same one.
func discard(t testing.TB, e *docker.Engine, id string) {
	if _, err := e.Client().ImageRemove(context.WithoutCancel(t.Context()), id, image.RemoveOptions{Force: true, PruneChildren: true}); err != nil && !strings.Contains(err.Error(), "No such image") {
		t.Errorf("remove %s: %v", id, err)
	}
}
