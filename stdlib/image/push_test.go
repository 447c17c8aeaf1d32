package image_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/registry"
	"github.com/pipelang/pipe/runtime/target/docker/dockertest"
)

// pushed fails unless a push gave what the registry has.
func pushed(t *testing.T, c called, ref string) {
	t.Helper()
	if c.err != nil {
		t.Fatalf("%v\n%s", c.err, c.log)
	}
	got, err := registry.Resolve(t.Context(), ref, registry.Options{Keychain: registry.Login{Username: "alice", Password: "open sesame"}.Keychain()})
	if err != nil {
		t.Fatal(err)
	}
	want := value.Image{Ref: ref, Digest: got.Digest}
	if c.value["ref"] != value.Value(want) || c.value["digest"] != value.Value(value.String(got.Digest)) {
		t.Errorf("gave %v, and the registry has %v", c.value, want)
	}
}

func TestPush(t *testing.T) {
	e := dockertest.Engine(t)
	config(t, `{}`)
	host := serve(t, nil)
	img := small(t, e, host+"/app:1", t.Name())
	pushed(t, call(t, "push", map[string]value.Value{"image": img}), host+"/app:1")
	pushed(t, call(t, "push", map[string]value.Value{"image": img, "tag": value.String(host + "/other:2")}), host+"/other:2")
	// What is pushed carries its digest, and can be pushed again by it.
	again := call(t, "push", map[string]value.Value{"image": img})
	from := again.value["ref"].(value.Image)
	pushed(t, call(t, "push", map[string]value.Value{"image": from, "tag": value.String(host + "/third")}), host+"/third:latest")

	for want, args := range map[string]map[string]value.Value{
		"has no name to push it under": {"image": value.Image{Ref: img.Digest, Digest: img.Digest}},
		"no such image":                {"image": value.Image{Ref: host + "/none:1"}},
		"no name of an image":          {"image": img, "tag": value.String("Not A Name")},
	} {
		if reason, final := call(t, "push", args).reason(); !strings.Contains(reason, want) || !final {
			t.Errorf("want %q, found %q, final %v", want, reason, final)
		}
	}
}

// The registry that Debian has, with and without users.
func TestPushToDockerRegistry(t *testing.T) {
	e := dockertest.Engine(t)
	program, err := exec.LookPath("docker-registry")
	if err != nil {
		dockertest.Missing(t, "docker-registry")
	}
	for _, users := range []bool{false, true} {
		t.Run(fmt.Sprint("users ", users), func(t *testing.T) {
			host := dockerRegistry(t, program, users)
			config(t, loginOf(host, "alice", "open sesame"))
			ref := host + "/app:1"
			pushed(t, call(t, "push", map[string]value.Value{"image": small(t, e, ref, t.Name())}), ref)
		})
	}
}

// dockerRegistry starts Debian's registry on a free port.
func dockerRegistry(t *testing.T, program string, users bool) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host := l.Addr().String()
	l.Close()
	dir := t.TempDir()
	text := fmt.Sprintf("version: 0.1\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: %q}\n", filepath.Join(dir, "data"), host)
	if users {
		// alice, whose password is "open sesame"
		write(t, filepath.Join(dir, "users"), "alice:$2a$05$xAxGYTS2SJl35ttscQZep.GjMayTwEPiX3je72DCGCNx.y1C.rAA6\n")
		text += fmt.Sprintf("auth: {htpasswd: {realm: test, path: %s}}\n", filepath.Join(dir, "users"))
	}
	write(t, filepath.Join(dir, "config.yml"), text)
	cmd := exec.Command(program, "serve", filepath.Join(dir, "config.yml"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if r, err := http.Get("http://" + host + "/v2/"); err == nil {
			r.Body.Close()
			return host
		}
	}
	t.Fatal("the registry does not answer")
	return ""
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func loginOf(host, user, password string) string {
	return fmt.Sprintf(`{"auths": {%q: {"auth": %q}}}`, host, base64.StdEncoding.EncodeToString([]byte(user+":"+password)))
}

// basic lets alice in.
func basic(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, word, _ := r.BasicAuth(); user != "alice" || word != "open sesame" {
			w.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}`)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// bearer lets in who holds a token, which alice gets.
func bearer(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/token" {
			if user, word, _ := r.BasicAuth(); user != "alice" || word != "open sesame" {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			fmt.Fprint(w, `{"token": "tkn-4711", "access_token": "tkn-4711"}`)
			return
		}
		if r.Header.Get("Authorization") != "Bearer tkn-4711" {
			w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="http://%s/token",service="registry"`, r.Host))
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		h.ServeHTTP(w, r)
	})
}

func TestPushAsSomebody(t *testing.T) {
	e := dockertest.Engine(t)
	for name, gate := range map[string]func(http.Handler) http.Handler{"basic": basic, "bearer": bearer} {
		t.Run(name, func(t *testing.T) {
			host := serve(t, gate)
			ref := host + "/app:1"
			args := map[string]value.Value{"image": small(t, e, ref, t.Name())}
			config(t, `{}`)
			if reason, final := call(t, "push", args).reason(); !strings.Contains(reason, "run docker login "+host) || !final {
				t.Errorf("as nobody: %q, final %v", reason, final)
			}
			config(t, loginOf(host, "alice", "open sesame"))
			pushed(t, call(t, "push", args), ref)
			config(t, loginOf(host, "alice", "wrong"))
			if reason, final := call(t, "push", args).reason(); !strings.Contains(reason, "docker login") || !final {
				t.Errorf("as somebody else: %q, final %v", reason, final)
			}
			args["username"], args["password"] = value.String("alice"), value.String("open sesame")
			c := call(t, "push", args)
			pushed(t, c, ref)
			if !slices.Contains(c.disclosed, "open sesame") {
				t.Error("the masker was not told of the password")
			}
		})
	}
}

// Credentials come from a helper of docker's.
func TestPushByHelper(t *testing.T) {
	e := dockertest.Engine(t)
	host := serve(t, basic)
	dir := t.TempDir()
	write(t, filepath.Join(dir, "docker-credential-vault"), "#!/bin/sh\necho '{\"Username\": \"alice\", \"Secret\": \"open sesame\"}'\n")
	if err := os.Chmod(filepath.Join(dir, "docker-credential-vault"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	config(t, fmt.Sprintf(`{"credHelpers": {%q: "vault"}}`, host))
	ref := host + "/app:1"
	pushed(t, call(t, "push", map[string]value.Value{"image": small(t, e, ref, t.Name())}), ref)
}

func isManifest(r *http.Request) bool { return strings.Contains(r.URL.Path, "/manifests/") }

// A registry that fails twice is asked a third time.
func TestPushAgain(t *testing.T) {
	e := dockertest.Engine(t)
	config(t, `{}`)
	var left atomic.Int32
	left.Store(2)
	host := serve(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if isManifest(r) && r.Method == http.MethodPut && left.Add(-1) >= 0 {
				http.Error(w, "not now", http.StatusInternalServerError)
				return
			}
			h.ServeHTTP(w, r)
		})
	})
	ref := host + "/app:1"
	c := call(t, "push", map[string]value.Value{"image": small(t, e, ref, t.Name())})
	pushed(t, c, ref)
	if n := strings.Count(c.log, "trying again in"); n != 2 {
		t.Errorf("tried again %d times\n%s", n, c.log)
	}
}

// A registry that never takes it fails the push after three tries, and a further one may help.
func TestPushFails(t *testing.T) {
	e := dockertest.Engine(t)
	config(t, `{}`)
	host := serve(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if isManifest(r) && r.Method == http.MethodPut {
				http.Error(w, "not now", http.StatusBadGateway)
				return
			}
			h.ServeHTTP(w, r)
		})
	})
	c := call(t, "push", map[string]value.Value{"image": small(t, e, host+"/app:1", t.Name())})
	if reason, final := c.reason(); !strings.Contains(reason, "502") || final || strings.Count(c.log, "trying again") != 2 {
		t.Errorf("%q, final %v\n%s", reason, final, c.log)
	}
}

// A registry that gives back something else than it took is not believed.
func TestPushIsProven(t *testing.T) {
	e := dockertest.Engine(t)
	config(t, `{}`)
	for name, lie := range map[string]http.HandlerFunc{
		"another manifest": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/vnd.docker.distribution.manifest.v2+json")
			io.WriteString(w, `{"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json", "config": {}, "layers": []}`)
		},
		"nothing": http.NotFound,
	} {
		t.Run(name, func(t *testing.T) {
			host := serve(t, func(h http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if isManifest(r) && r.Method == http.MethodGet {
						lie(w, r)
						return
					}
					h.ServeHTTP(w, r)
				})
			})
			c := call(t, "push", map[string]value.Value{"image": small(t, e, host+"/app:1", t.Name())})
			reason, _ := c.reason()
			if !strings.Contains(reason, "the registry gives sha256:") && !strings.Contains(reason, "does not exist") {
				t.Errorf("%q\n%s", reason, c.log)
			}
		})
	}
}

// A connection that breaks in the middle of an upload is no success, and no end either.
func TestPushOverABrokenConnection(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED with -short: the engine waits five seconds before it uploads again")
	}
	e := dockertest.Engine(t)
	config(t, `{}`)
	var broken atomic.Bool
	host := serve(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPatch && broken.CompareAndSwap(false, true) {
				_, _ = io.CopyN(io.Discard, r.Body, 16)
				conn, _, err := w.(http.Hijacker).Hijack()
				if err == nil {
					conn.Close()
				}
				return
			}
			h.ServeHTTP(w, r)
		})
	})
	ref := host + "/app:1"
	pushed(t, call(t, "push", map[string]value.Value{"image": small(t, e, ref, t.Name()+strings.Repeat("x", 1<<16))}), ref)
	if !broken.Load() {
		t.Error("no upload was broken")
	}
}

// An engine's answer begins with 200 whatever comes of it.
func TestPushWhoseAnswerHoldsAnError(t *testing.T) {
	e := dockertest.Engine(t)
	config(t, `{}`)
	host := serve(t, nil)
	img := small(t, e, host+"/app:1", t.Name())
	for answer, want := range map[string]string{
		`{"status": "Preparing", "id": "a"}` + "\n" + `{"errorDetail": {"message": "the disk is on fire"}, "error": "the disk is on fire"}`: "the disk is on fire",
		`{"status": "Pushing", "id": "a"}` + "\n": "ended before the push did",
		"": "ended before the push did",
		`{"aux": {"Tag": "1", "Digest": "sha256:` + strings.Repeat("0", 64) + `", "Size": 1}}`: "does not exist",
	} {
		behind := engineBehind(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, answer) })
		if reason, _ := call(t, "push", map[string]value.Value{"image": img}, behind).reason(); !strings.Contains(reason, want) {
			t.Errorf("%q: want %q, found %q", answer, want, reason)
		}
	}
}
