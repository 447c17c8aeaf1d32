package docker_test

import (
	"context"
	"io"
	"log"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/image"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/pipelang/pipe/runtime/target/docker"
	"github.com/pipelang/pipe/runtime/target/docker/dockertest"
)

// publish puts a new image of so many layers under a name and gives its digest.
func publish(t *testing.T, ref string, layers int64) string {
	t.Helper()
	to, err := name.ParseReference(ref, name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	made, err := random.Image(1000, layers)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(to, made); err != nil {
		t.Fatal(err)
	}
	digest, err := made.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return digest.String()
}

// A tag that moved is followed by `always` alone; `never` asks no registry.
func TestPullModes(t *testing.T) {
	e := dockertest.Engine(t)
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	ref := strings.TrimPrefix(server.URL, "http://") + "/app:1"
	forgetLater(t, e, ref)
	// The image has no program: that it was looked for in it says that the image was there.
	const ran = `"/none" does not exist`
	run := func(mode docker.Pull, want, digest string) {
		t.Helper()
		s := openRun(t, docker.Target{Pull: mode}, newRun(t))
		j := job(ref, "")
		j.Scripts, j.Exec = nil, []string{"/none"}
		if _, err := s.Start(t.Context(), j, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: want %q, found %v", mode, want, err)
		}
		found, err := e.Client().ImageInspect(t.Context(), ref)
		if digest != "" && (err != nil || !slices.Contains(found.RepoDigests, strings.TrimSuffix(ref, ":1")+"@"+digest)) {
			t.Errorf("%s: want %s, found %s, %v", mode, digest, found.RepoDigests, err)
		}
	}
	first := publish(t, ref, 1)
	forgetLater(t, e, strings.TrimSuffix(ref, ":1")+"@"+first)
	run(docker.PullNever, "the engine does not have it, and pull is never: build or load it first", "")
	run(docker.PullMissing, ran, first)
	second := publish(t, ref, 1)
	run(docker.PullMissing, ran, first)
	run(docker.PullNever, ran, first)
	run(docker.PullAlways, ran, second)
	server.Close()
	run(docker.PullMissing, ran, second)
	run(docker.PullAlways, "the registry cannot be reached", second)
}

func forgetLater(t *testing.T, e *docker.Engine, ref string) {
	t.Cleanup(func() {
		_, _ = e.Client().ImageRemove(context.Background(), ref, image.RemoveOptions{Force: true}) // it may never have come
	})
}
