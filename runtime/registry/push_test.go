package registry_test

import (
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"github.com/pipelang/pipe/runtime/registry"
)

// two is an index of two platforms.
func two(t *testing.T) v1.ImageIndex {
	return mutate.AppendManifests(empty.Index,
		mutate.IndexAddendum{Add: image(t, "amd64"), Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}}},
		mutate.IndexAddendum{Add: image(t, "arm64"), Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "arm64"}}})
}

// A copy is the same image under the same digest, with all platforms, and its content is there.
func TestCopy(t *testing.T) {
	anonymous(t)
	from, to := serve(t, nil), serve(t, nil)
	single, multi := push(t, from+"/app:1", image(t, "amd64")), push(t, from+"/app:2", two(t))
	for ref, want := range map[string]string{"/app:1": single, "/app:2": multi, "/app@" + multi: multi} {
		var done, total int64
		got, err := registry.Copy(t.Context(), from+ref, to+"/copy:1", registry.Options{}, registry.Options{Progress: func(d, n int64) { done, total = d, n }})
		if err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", ref, got, err, want)
		}
		if done > total || done == 0 && !strings.Contains(ref, "@") { // all of the last is there
			t.Errorf("%s: %d of %d bytes at the end", ref, done, total)
		}
	}
	d, err := registry.Inspect(t.Context(), to+"/copy:1", "linux/arm64", registry.Options{})
	if err != nil || d.Digest != multi || d.Layers != 1 || d.Size <= 64 || !d.Created.Equal(made) {
		t.Errorf("%+v, %v", d, err)
	}
	if diff := cmp.Diff([]string{"linux/amd64", "linux/arm64"}, d.Platforms); diff != "" {
		t.Error(diff)
	}
	if _, err := registry.Inspect(t.Context(), to+"/copy:1", "linux/s390x", registry.Options{}); err == nil || !strings.Contains(err.Error(), "there are linux/amd64, linux/arm64") {
		t.Errorf("a platform that is not there: %v", err)
	}
}

// sometimes answers the first requests of a kind itself.
func sometimes(n int32, is func(*http.Request) bool, answer http.HandlerFunc) func(http.Handler) http.Handler {
	var left atomic.Int32
	left.Store(n)
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if is(r) && left.Add(-1) >= 0 {
				answer(w, r)
				return
			}
			h.ServeHTTP(w, r)
		})
	}
}

func hangUp(w http.ResponseWriter, _ *http.Request) {
	if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
		conn.Close()
	}
}

// What fails for a moment is tried again; what goes on failing is told.
func TestCopyIsTriedAgain(t *testing.T) {
	anonymous(t)
	from := serve(t, nil)
	want := push(t, from+"/app:1", image(t, "amd64"))
	upload := func(r *http.Request) bool { return r.Method == http.MethodPut || r.Method == http.MethodPatch }
	fails := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }
	for name, gate := range map[string]func(http.Handler) http.Handler{"500 twice": sometimes(2, upload, fails), "hangs up": sometimes(1, upload, hangUp)} {
		got, err := registry.Copy(t.Context(), from+"/app:1", serve(t, gate)+"/copy:1", registry.Options{}, registry.Options{Wait: &quick})
		if err != nil || got != want {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
	to := serve(t, sometimes(1000, upload, fails)) + "/copy:1"
	_, err := registry.Copy(t.Context(), from+"/app:1", to, registry.Options{}, registry.Options{Wait: &quick, Progress: func(int64, int64) {}})
	var e *registry.Error
	if !errors.As(err, &e) || e.Kind != registry.Failed || e.Ref != to {
		t.Errorf("a registry that is broken: %v", err)
	}
}

// A registry is believed by the bytes that it gives, by tag and by digest.
func TestProve(t *testing.T) {
	anonymous(t)
	byTag := func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/manifests/1") }
	byDigest := func(r *http.Request) bool { return strings.Contains(r.URL.Path, "/manifests/sha256:") }
	other := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/vnd.docker.distribution.manifest.v2+json")
		_, _ = w.Write([]byte(`{"schemaVersion": 2}`))
	}
	tests := []struct {
		name string
		is   func(*http.Request) bool
		lie  http.HandlerFunc
		kind registry.Kind
	}{
		{"honest", func(*http.Request) bool { return false }, nil, ""},
		{"another manifest", byTag, other, registry.Unproven},
		{"another by digest", byDigest, other, registry.Unproven},
		{"none by digest", byDigest, http.NotFound, registry.Unproven},
		{"none", byTag, http.NotFound, registry.NotFound},
	}
	for _, tt := range tests {
		var lying atomic.Bool
		host := serve(t, func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodGet && lying.Load() && tt.is(r) {
					tt.lie(w, r)
					return
				}
				h.ServeHTTP(w, r)
			})
		})
		want := push(t, host+"/app:1", image(t, "amd64"))
		lying.Store(true)
		got, err := registry.Prove(t.Context(), host+"/app:1", want, registry.Options{Wait: &quick})
		var e *registry.Error
		switch {
		case tt.kind == "" && (err != nil || got.Digest != want || got.Config == ""):
			t.Errorf("%s: %+v, %v", tt.name, got, err)
		case tt.kind != "" && (!errors.As(err, &e) || e.Kind != tt.kind || e.Help() == ""):
			t.Errorf("%s: %v, want %s", tt.name, err, tt.kind)
		}
	}
}

// Plain http is for this machine alone, wherever a registry or a redirect leads.
func TestPlainHTTP(t *testing.T) {
	anonymous(t)
	asked := 0
	carrier := roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.URL.Scheme == "http" {
			asked++
		}
		return nil, errors.New("nobody is there")
	})
	for _, host := range []string{"10.0.0.7:5000", "registry.local", "registry.example.com"} {
		_, err := registry.Resolve(t.Context(), host+"/app:1", registry.Options{Transport: carrier, Wait: &quick})
		if err == nil || asked > 0 {
			t.Errorf("%s was asked %d times by plain http: %v", host, asked, err)
		}
	}
	_, _ = registry.Resolve(t.Context(), "10.0.0.7:5000/app:1", registry.Options{Transport: carrier, Wait: &quick, Insecure: true})
	if asked == 0 {
		t.Error("insecure changes nothing")
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestLogins(t *testing.T) {
	config(t, `{"auths": {"one.example.com": {"username": "alice", "password": "open sesame"}, "two.example.com": {"identitytoken": "idt"}}}`)
	for ref, want := range map[string]registry.Login{
		"one.example.com/app:1": {Username: "alice", Password: "open sesame"}, "two.example.com/app": {Identity: "idt"}, "three.example.com/app": {},
	} {
		got, err := registry.LoginFor(t.Context(), ref, registry.Options{})
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", ref, err, diff)
		}
	}
	bob := registry.Login{Username: "bob", Password: "hunter2"}
	got, err := registry.LoginFor(t.Context(), "one.example.com/app", registry.Options{Keychain: bob.Keychain()})
	if err != nil || got != bob {
		t.Errorf("%+v, %v", got, err)
	}
	config(t, `{"credHelpers": {"one.example.com": "is-not-there"}}`)
	var e *registry.Error
	if _, err := registry.LoginFor(t.Context(), "one.example.com/app", registry.Options{}); !errors.As(err, &e) || e.Kind != registry.Credentials {
		t.Errorf("a helper that is not there: %v", err)
	}
}

func TestNames(t *testing.T) {
	for ref, want := range map[string][2]string{
		"app": {"app:latest", "app"}, "h:5000/app": {"h:5000/app:latest", "h:5000/app"}, "h:5000/a/b:1@sha256:" + strings.Repeat("0", 64): {"h:5000/a/b:1", "h:5000/a/b"},
	} {
		tagged, err := registry.Tagged(ref)
		if tagged != want[0] || registry.Repository(ref) != want[1] || err != nil {
			t.Errorf("%s: %s, %s, %v", ref, tagged, registry.Repository(ref), err)
		}
	}
}
