package build_test

import (
	"io"
	"log"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types"
	dockerbuild "github.com/docker/docker/api/types/build"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	"github.com/google/go-containerregistry/pkg/registry"

	"github.com/pipelang/pipe/runtime/target/docker"
	"github.com/pipelang/pipe/runtime/target/docker/build"
	"github.com/pipelang/pipe/runtime/target/docker/dockertest"
)

// Layers that a registry keeps are taken from there by an engine that has none of them.
func TestCacheOfARegistry(t *testing.T) {
	e := dockertest.Engine(t)
	s := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer s.Close()
	ref := strings.TrimPrefix(s.URL, "http://") + "/app:1"
	nonce := time.Now().Format("150405.000000000")
	text := "FROM " + shell(t, e) + "\nRUN cat /proc/sys/kernel/random/uuid > /drawn # " + nonce
	r := build.Request{Context: tree(t, nil), Text: &text, Tags: []string{ref}, CacheTo: []string{"type=inline"}}
	first, l, err := made(t, e, r)
	if err != nil {
		t.Fatalf("%v\n%s", err, l.text())
	}
	push(t, e, ref)
	drawn := layerOf(t, e, first.ID)
	r.CacheTo, r.Tags = nil, nil
	for _, from := range []string{ref, "type=registry,ref=" + ref} {
		discard(t, e, first.ID)
		forget(t, e, nonce)
		r.CacheFrom = []string{from}
		again, l, err := made(t, e, r)
		if err != nil {
			t.Fatalf("%s: %v\n%s", from, err, l.text())
		}
		if !strings.Contains(l.text(), "/drawn # "+nonce+": cached") {
			t.Errorf("%s: not taken from there\n%s", from, l.text())
		}
		if layerOf(t, e, again.ID) != drawn {
			t.Error("the instruction ran again")
		}
		discard(t, e, again.ID)
	}
	forget(t, e, nonce)
	r.CacheFrom = nil
	if _, l, err := made(t, e, r); err != nil || strings.Contains(l.text(), "/drawn # "+nonce+": cached") {
		t.Errorf("the engine still had it, so nothing was tested: %v\n%s", err, l.text())
	}
	r.CacheTo = []string{"type=registry,ref=" + ref}
	if _, _, err = made(t, e, r); err != nil && !strings.Contains(err.Error(), "write type=inline in cache_to") {
		t.Error(err)
	}
}

// layerOf is the last layer of an image, by its content.
func layerOf(t *testing.T, e *docker.Engine, id string) string {
	t.Helper()
	found, err := e.Client().ImageInspect(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return found.RootFS.Layers[len(found.RootFS.Layers)-1]
}

func push(t *testing.T, e *docker.Engine, ref string) {
	t.Helper()
	body, err := e.Client().ImagePush(t.Context(), ref, image.PushOptions{RegistryAuth: "e30="})
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if said, err := io.ReadAll(body); err != nil || strings.Contains(string(said), "errorDetail") {
		t.Fatalf("push: %v\n%s", err, said)
	}
}

// forget removes what the builder keeps of instructions that hold a text.
func forget(t *testing.T, e *docker.Engine, text string) {
	t.Helper()
	usage, err := e.Client().DiskUsage(t.Context(), types.DiskUsageOptions{Types: []types.DiskUsageObject{types.BuildCacheObject}})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range usage.BuildCache {
		if !strings.Contains(r.Description, text) {
			continue
		}
		if _, err := e.Client().BuildCachePrune(t.Context(), dockerbuild.CachePruneOptions{All: true, Filters: filters.NewArgs(filters.Arg("id", r.ID))}); err != nil {
			t.Fatal(err)
		}
	}
}
