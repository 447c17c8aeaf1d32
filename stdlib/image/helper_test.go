package image_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	engineimage "github.com/docker/docker/api/types/image"
	"github.com/google/go-containerregistry/pkg/registry"

	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/native"
	"github.com/pipelang/pipe/runtime/target/docker"
	"github.com/pipelang/pipe/runtime/target/docker/build"
	"github.com/pipelang/pipe/runtime/target/docker/dockertest"
	"github.com/pipelang/pipe/stdlib/image"
)

// called is one call of an op, with what it said.
type called struct {
	value              value.Record
	err                error
	log                string
	notices, disclosed []string
}

// reason is why it failed, and whether that is final.
func (c called) reason() (string, bool) {
	var f *native.Failure
	if errors.As(c.err, &f) {
		return f.Reason, f.Final
	}
	if c.err != nil {
		return c.err.Error(), false
	}
	return "", false
}

type output struct {
	mu sync.Mutex
	b  strings.Builder
}

func (o *output) Write(_ event.Stream, section string, p []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.b.WriteString(section + "| " + string(p))
}

// call calls an op of std/image with quick waits; env goes before the environment of the test.
func call(t *testing.T, op string, args map[string]value.Value, env ...string) called {
	t.Helper()
	return callAt(t, t.Context(), t.TempDir(), op, args, env...)
}

// callAt is call in a repository.
func callAt(t *testing.T, ctx context.Context, root, op string, args map[string]value.Value, env ...string) called {
	t.Helper()
	var out output
	var mu sync.Mutex
	var c called
	v, err := image.Ops{Wait: time.Millisecond}.Register()["std/image."+op](ctx, &native.Call{
		Step: "s", Attempt: 1, Args: args, Root: root, Scratch: filepath.Join(t.TempDir(), "scratch"), Environ: append(os.Environ(), env...), Output: &out,
		Notice: func(s string) { c.notices = append(c.notices, s) },
		Reveal: func(s string) {
			mu.Lock()
			defer mu.Unlock()
			c.disclosed = append(c.disclosed, s)
		},
	})
	c.value, _ = v.(value.Record)
	c.err, c.log = err, out.b.String()
	return c
}

// config makes docker's configuration for a test.
func config(t *testing.T, text string) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("DOCKER_CONFIG", dir)
	if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// serve starts a registry on loopback behind a gate and gives its host.
func serve(t *testing.T, gate func(http.Handler) http.Handler) string {
	t.Helper()
	var h http.Handler = registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	if gate != nil {
		h = gate(h)
	}
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

// small builds an image of one file and gives it as a value, under a name.
func small(t *testing.T, e *docker.Engine, name, content string) value.Image {
	t.Helper()
	dir, text := t.TempDir(), "FROM scratch\nCOPY f /f\nCMD [\"/f\"]\nLABEL a=b"
	if err := os.WriteFile(filepath.Join(dir, "f"), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := build.Build(t.Context(), e, build.Request{Context: dir, Text: &text, Display: "Dockerfile", Tags: []string{name}}, func(string, []byte) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { discard(t, e, out.ID) })
	return value.Image{Ref: name, Digest: out.ID}
}

func discard(t *testing.T, e *docker.Engine, id string) {
	_, err := e.Client().ImageRemove(context.WithoutCancel(t.Context()), id, engineimage.RemoveOptions{Force: true, PruneChildren: true})
	if err != nil && !strings.Contains(err.Error(), "No such image") {
		t.Errorf("remove %s: %v", id, err)
	}
}

// engineBehind gives DOCKER_HOST of a proxy before the engine, which answers pushes itself.
func engineBehind(t *testing.T, push http.HandlerFunc) string {
	t.Helper()
	return "DOCKER_HOST=" + dockertest.Proxy(t, dockertest.Engine(t), func(engine http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/push") {
				push(w, r)
				return
			}
			engine.ServeHTTP(w, r)
		})
	})
}
