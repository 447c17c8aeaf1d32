package registry_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	served "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/pipelang/pipe/runtime/registry"
)

var made = time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)

// serve starts a registry on loopback behind a gate and gives its host.
func serve(t *testing.T, gate func(http.Handler) http.Handler) string {
	t.Helper()
	h := served.New(served.Logger(log.New(io.Discard, "", 0)))
	if gate != nil {
		h = gate(h)
	}
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

// image makes an image for a platform.
func image(t *testing.T, arch string) v1.Image {
	t.Helper()
	img, err := random.Image(64, 1)
	if err != nil {
		t.Fatal(err)
	}
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Created = "linux", arch, v1.Time{Time: made}
	img, err = mutate.ConfigFile(img, config)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func push(t *testing.T, ref string, what remote.Taggable, o ...remote.Option) string {
	t.Helper()
	parsed, err := name.ParseReference(ref)
	if err != nil {
		t.Fatal(err)
	}
	switch what := what.(type) {
	case v1.ImageIndex:
		err = remote.WriteIndex(parsed, what, o...)
	case v1.Image:
		err = remote.Write(parsed, what, o...)
	}
	if err != nil {
		t.Fatal(err)
	}
	d, err := remote.Head(parsed, o...)
	if err != nil {
		t.Fatal(err)
	}
	return d.Digest.String()
}

// anonymous keeps the machine's own docker configuration out of a test.
func anonymous(t *testing.T) { config(t, `{}`) }

// config makes docker's configuration for a test, and gives its folder.
func config(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("HOME", dir)
	t.Setenv("DOCKER_CONFIG", filepath.Join(dir, ".docker"))
	if err := os.MkdirAll(filepath.Join(dir, ".docker"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, ".docker", "config.json"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

var quick = time.Millisecond

func TestResolve(t *testing.T) {
	anonymous(t)
	host := serve(t, nil)
	amd, arm := image(t, "amd64"), image(t, "arm64")
	index := mutate.AppendManifests(empty.Index,
		mutate.IndexAddendum{Add: arm, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "arm64"}}},
		mutate.IndexAddendum{Add: amd, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}}},
		mutate.IndexAddendum{Add: image(t, "unknown"), Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "unknown", Architecture: "unknown"}}},
	)
	single := push(t, host+"/app:1", amd)
	multi := push(t, host+"/app:2", index)
	tests := []struct {
		ref  string
		want registry.Image
	}{
		{host + "/app:1", registry.Image{Digest: single, Platforms: []string{"linux/amd64"}, Created: made}},
		{host + "/app:2", registry.Image{Digest: multi, Platforms: []string{"linux/amd64", "linux/arm64"}, Created: made}},
		{host + "/app@" + single, registry.Image{Digest: single, Platforms: []string{"linux/amd64"}, Created: made}},
	}
	for _, tt := range tests {
		got, err := registry.Resolve(t.Context(), tt.ref, registry.Options{})
		if err != nil {
			t.Errorf("%s: %v", tt.ref, err)
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.ref, d)
		}
	}
}

// A tag that moved is what it stands for now; one that is gone is not found.
func TestResolveMoved(t *testing.T) {
	anonymous(t)
	host := serve(t, nil)
	before := push(t, host+"/app:1", image(t, "amd64"))
	after := push(t, host+"/app:1", image(t, "amd64"))
	got, err := registry.Resolve(t.Context(), host+"/app:1", registry.Options{})
	if err != nil || got.Digest != after || after == before {
		t.Errorf("got %v, %v; expected %s, not %s", got, err, after, before)
	}
	tag, err := name.NewTag(host + "/app:1")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Delete(tag); err != nil {
		t.Fatal(err)
	}
	failsAs(t, host+"/app:1", registry.Options{}, registry.NotFound)
}

func failsAs(t *testing.T, ref string, o registry.Options, want registry.Kind) *registry.Error {
	t.Helper()
	o.Wait = &quick
	_, err := registry.Resolve(t.Context(), ref, o)
	var got *registry.Error
	if !errors.As(err, &got) {
		t.Fatalf("%s: expected a failure of the registry, found %v", ref, err)
	}
	if got.Kind != want || got.Help() == "" || strings.Contains(got.Error(), "\n") {
		t.Errorf("%s: got %s (%s; %s), expected %s", ref, got.Kind, got, got.Help(), want)
	}
	return got
}

func TestFailures(t *testing.T) {
	anonymous(t)
	host := serve(t, nil)
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	broken := serve(t, func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	})
	other := push(t, host+"/real:1", image(t, "amd64"))
	liar := serve(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, "/manifests/") {
				r.URL.Path = "/v2/app/manifests/1"
			}
			h.ServeHTTP(w, r)
		})
	})
	push(t, liar+"/app:1", image(t, "amd64"))
	tests := []struct {
		ref  string
		want registry.Kind
	}{
		{"Not A Name", registry.Invalid},
		{host + "/none:1", registry.NotFound},
		{strings.TrimPrefix(closed.URL, "http://") + "/app:1", registry.Unreachable},
		{broken + "/app:1", registry.Failed},
		{liar + "/app@" + other, registry.Failed},
	}
	for _, tt := range tests {
		failsAs(t, tt.ref, registry.Options{}, tt.want)
	}
}

// What fails for a moment is asked again.
func TestRetried(t *testing.T) {
	anonymous(t)
	var left atomic.Int32
	host := serve(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if left.Add(-1) >= 0 {
				w.WriteHeader(http.StatusInternalServerError)
				return
			}
			h.ServeHTTP(w, r)
		})
	})
	want := push(t, host+"/app:1", image(t, "amd64"))
	left.Store(2)
	got, err := registry.Resolve(t.Context(), host+"/app:1", registry.Options{Wait: &quick})
	if err != nil || got.Digest != want {
		t.Errorf("got %v, %v", got, err)
	}
}

// guarded lets one user in.
func guarded(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, word, _ := r.BasicAuth(); user != "alice" || word != "open sesame" {
			w.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		h.ServeHTTP(w, r)
	})
}

func login(host string) string {
	return fmt.Sprintf(`{"auths": {%q: {"auth": %q}}}`, host, base64.StdEncoding.EncodeToString([]byte("alice:open sesame")))
}

func TestCredentials(t *testing.T) {
	host := serve(t, guarded)
	config(t, login(host))
	want := push(t, host+"/app:1", image(t, "amd64"), remote.WithAuthFromKeychain(registry.Keychain()))
	got, err := registry.Resolve(t.Context(), host+"/app:1", registry.Options{})
	if err != nil || got.Digest != want {
		t.Errorf("with the right credentials: %v, %v", got, err)
	}
	anonymous(t)
	failsAs(t, host+"/app:1", registry.Options{}, registry.Denied)
	config(t, `{"auths": `)
	failsAs(t, host+"/app:1", registry.Options{}, registry.Credentials)
}

// helper puts a program into PATH that docker's configuration names.
func helper(t *testing.T, host, script string) {
	t.Helper()
	dir := config(t, fmt.Sprintf(`{"credHelpers": {%q: "cave"}}`, host))
	if err := os.WriteFile(filepath.Join(dir, "docker-credential-cave"), []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
}

func TestCredentialHelper(t *testing.T) {
	host := serve(t, guarded)
	config(t, login(host))
	want := push(t, host+"/app:1", image(t, "amd64"), remote.WithAuthFromKeychain(registry.Keychain()))

	helper(t, host, `cat >/dev/null; echo '{"Username": "alice", "Secret": "open sesame"}'`)
	got, err := registry.Resolve(t.Context(), host+"/app:1", registry.Options{})
	if err != nil || got.Digest != want {
		t.Errorf("with a helper: %v, %v", got, err)
	}
	helper(t, host, `cat >/dev/null; echo "the cave is shut" >&2; exit 1`)
	failsAs(t, host+"/app:1", registry.Options{}, registry.Credentials)

	config(t, fmt.Sprintf(`{"credHelpers": {%q: "nowhere"}}`, host))
	failsAs(t, host+"/app:1", registry.Options{}, registry.Credentials)
}

// A helper that does not answer holds nobody up beyond the deadline.
func TestHangingHelper(t *testing.T) {
	host := serve(t, guarded)
	helper(t, host, "while [ -e '"+t.TempDir()+"' ]; do sleep 0.05; done") // until the test is over
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := registry.Resolve(ctx, host+"/app:1", registry.Options{})
	var got *registry.Error
	if !errors.As(err, &got) || got.Kind != registry.Credentials || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// A registry that answers says whether it takes the credentials that there are for it.
func TestKnock(t *testing.T) {
	open, shut := serve(t, nil), serve(t, guarded)
	wrong := fmt.Sprintf(`{"auths": {%q: {"auth": %q}}}`, shut, base64.StdEncoding.EncodeToString([]byte("alice:wrong")))
	tests := []struct {
		host, config string
		want         registry.Access
		kind         registry.Kind // "" for an answer
	}{
		{open, `{}`, registry.Access{}, ""},
		{shut, `{}`, registry.Access{Asks: true}, ""},
		{shut, login(shut), registry.Access{Asks: true, Known: true, User: "alice"}, ""},
		{shut, wrong, registry.Access{Asks: true, Known: true, User: "alice"}, registry.Denied},
		{shut, `{"auths"`, registry.Access{Asks: true}, registry.Credentials},
		{"127.0.0.1:1", `{}`, registry.Access{}, registry.Unreachable},
		{"no host", `{}`, registry.Access{}, registry.Invalid},
	}
	for _, tt := range tests {
		config(t, tt.config)
		got, err := registry.Knock(t.Context(), tt.host, registry.Options{})
		var failed *registry.Error
		kind := registry.Kind("")
		if errors.As(err, &failed) {
			kind = failed.Kind
		}
		if got != tt.want || kind != tt.kind || (err != nil) != (failed != nil) {
			t.Errorf("%s with %s: got %+v, %q (%v)", tt.host, tt.config, got, kind, err)
		}
	}
}
