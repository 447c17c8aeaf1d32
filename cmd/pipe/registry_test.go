package main

import (
	"io"
	"log"
	"math/rand"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/rogpeppe/go-internal/testscript"
)

// registries starts the two of a script, $REGISTRY and $GUARDED, which lets alice in.
func registries(env *testscript.Env) {
	for variable, gate := range map[string]func(http.Handler) http.Handler{
		"REGISTRY": func(h http.Handler) http.Handler { return h }, "GUARDED": guarded,
	} {
		s := httptest.NewServer(gate(registry.New(registry.Logger(log.New(io.Discard, "", 0)))))
		env.Defer(s.Close)
		env.Setenv(variable, strings.TrimPrefix(s.URL, "http://"))
	}
}

var alice = &authn.Basic{Username: "alice", Password: "open sesame"}

func guarded(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, word, _ := r.BasicAuth(); user != alice.Username || word != alice.Password {
			w.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// pushImage is `pushimage REF DAY PLATFORM…`: an image that was made on a day of May 2024, an index
// where there are several platforms. Its digest is in $DIGEST.
func pushImage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: pushimage REF DAY PLATFORM…")
	}
	day, err := strconv.Atoi(args[1])
	ts.Check(err)
	ref, err := name.ParseReference(args[0])
	ts.Check(err)
	index := v1.ImageIndex(empty.Index)
	var single v1.Image
	for i, p := range args[2:] {
		platform, err := v1.ParsePlatform(p)
		ts.Check(err)
		single = imageOf(ts, int64(100*day+i), day, platform)
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: single, Descriptor: v1.Descriptor{Platform: platform}})
	}
	var digest v1.Hash
	if len(args) == 3 {
		ts.Check(remote.Write(ref, single, remote.WithAuth(alice)))
		digest, err = single.Digest()
	} else {
		ts.Check(remote.WriteIndex(ref, index, remote.WithAuth(alice)))
		digest, err = index.Digest()
	}
	ts.Check(err)
	ts.Setenv("DIGEST", digest.String())
}

func imageOf(ts *testscript.TestScript, seed int64, day int, p *v1.Platform) v1.Image {
	img, err := random.Image(64, 1, random.WithSource(rand.NewSource(seed)))
	ts.Check(err)
	config, err := img.ConfigFile()
	ts.Check(err)
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Variant = p.OS, p.Architecture, p.Variant
	config.Created = v1.Time{Time: time.Date(2024, 5, day, 12, 0, 0, 0, time.UTC)}
	img, err = mutate.ConfigFile(img, config)
	ts.Check(err)
	return img
}

// deleteTag is `deletetag REF`.
func deleteTag(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: deletetag REF")
	}
	ref, err := name.NewTag(args[0])
	ts.Check(err)
	ts.Check(remote.Delete(ref, remote.WithAuth(alice)))
}

// The images of the tests are the same ones each time, or goldens could not name their digests.
func TestImagesAreTheSame(t *testing.T) {
	digest := func() string {
		img, err := random.Image(64, 1, random.WithSource(rand.NewSource(1)))
		if err != nil {
			t.Fatal(err)
		}
		d, err := img.Digest()
		if err != nil {
			t.Fatal(err)
		}
		return d.String()
	}
	if got := []string{digest(), digest()}; len(slices.Compact(got)) != 1 {
		t.Errorf("one seed gives two images: %v", got)
	}
}
