package docker_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/image"
	"github.com/google/go-containerregistry/pkg/registry"

	"github.com/pipelang/pipe/runtime/target/docker"
	"github.com/pipelang/pipe/runtime/target/docker/dockertest"
)

// registryOf serves an image of random content; password is "" for one that asks for none.
func registryOf(t *testing.T, password string) (ref, digest string) {
	t.Helper()
	inner := registry.New()
	open := true
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, given, _ := r.BasicAuth(); !open && given != password {
			w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
			http.Error(w, `{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}`, http.StatusUnauthorized)
			return
		}
		inner.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	ref = strings.TrimPrefix(server.URL, "http://") + "/team/app:1"
	digest = publish(t, ref, 3)
	open = password == ""
	return ref, digest
}

// Images are pulled by tag and by digest, with the docker command's credentials, and the step
// that waits is told.
func TestImagesArePulled(t *testing.T) {
	e := dockertest.Engine(t)
	config := t.TempDir()
	plain, digest := registryOf(t, "")
	guarded, _ := registryOf(t, "hunter2")
	host, _, _ := strings.Cut(guarded, "/")
	auth := base64.StdEncoding.EncodeToString([]byte("user:hunter2"))
	if err := os.WriteFile(filepath.Join(config, "config.json"), []byte(`{"auths": {"`+host+`": {"auth": "`+auth+`"}}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	byDigest := strings.TrimSuffix(plain, ":1") + "@" + digest
	for _, c := range []struct{ what, image, config, want string }{
		{"a tag", plain, t.TempDir(), ""},
		{"a digest", byDigest, t.TempDir(), ""},
		{"with credentials", guarded, config, ""},
		{"without", guarded, t.TempDir(), "the registry refuses to give the image"},
		{"no such tag", plain + "0", t.TempDir(), "the image is not there"},
	} {
		t.Run(c.what, func(t *testing.T) {
			s := openRun(t, docker.New(docker.Endpoint{}), newRun(t, "DOCKER_CONFIG="+c.config))
			t.Cleanup(func() { _, _ = e.Client().ImageRemove(context.Background(), c.image, image.RemoveOptions{Force: true}) })
			j := job(c.image, "")
			j.Scripts, j.Exec = nil, []string{"/none"}
			out := &sections{}
			_, err := s.Start(t.Context(), j, out)
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter2") {
					t.Errorf("got %v, want %s", err, c.want)
				}
				return
			}
			// The image has no program: that it was looked for in it is enough.
			if err == nil || err.Error() != `"/none" does not exist` {
				t.Errorf("got %v", err)
			}
			if !strings.Contains(out.String(), "pull:") {
				t.Errorf("the pull was told as %q", out.String())
			}
		})
	}
	_, err := docker.Target{Pull: docker.PullNever}.Open(t.Context(), newRun(t, "DOCKER_HOST=unix:///nowhere"))
	if !errors.Is(err, docker.ErrAbsent) {
		t.Errorf("no engine: %v", err)
	}
}
