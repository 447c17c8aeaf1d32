package docker_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pipelang/pipe/runtime/target/docker"
)

// speaks is an engine's ping and nothing more: what is tested is how an engine is found.
func speaks(api string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Api-Version", api)
		w.Header().Set("Ostype", "linux")
	})
}

func listen(t *testing.T, api string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := &httptest.Server{Listener: l, Config: &http.Server{Handler: speaks(api)}}
	server.Start()
	t.Cleanup(server.Close)
	return "unix://" + path
}

func TestAnEngineIsFound(t *testing.T) {
	home := t.TempDir()
	host := listen(t, "1.41")
	addContext(t, home, "remote", host)
	write(t, filepath.Join(home, "used", "config.json"), `{"currentContext": "remote"}`)
	addContext(t, filepath.Join(home, "used"), "remote", host)
	for name, w := range map[string]docker.Endpoint{
		"named":           {Host: host, Environ: []string{"DOCKER_HOST=unix:///nowhere"}},
		"environment":     {Environ: []string{"DOCKER_HOST=" + host, "DOCKER_CONTEXT=none"}},
		"context":         {Context: "remote", Environ: []string{"DOCKER_HOST=unix:///nowhere", "DOCKER_CONFIG=" + home}},
		"DOCKER_CONTEXT":  {Environ: []string{"DOCKER_CONTEXT=remote", "DOCKER_CONFIG=" + home}},
		"current context": {Environ: []string{"DOCKER_CONFIG=" + filepath.Join(home, "used")}},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := docker.Connect(t.Context(), w)
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			if e.Endpoint().Host != host || e.Client().ClientVersion() != "1.41" {
				t.Errorf("connected to %s with API %s", e.Endpoint().Host, e.Client().ClientVersion())
			}
		})
	}
}

func addContext(t *testing.T, config, name, host string) {
	t.Helper()
	sum := sha256.Sum256([]byte(name))
	write(t, filepath.Join(config, "contexts", "meta", hex.EncodeToString(sum[:]), "meta.json"),
		`{"Name": "`+name+`", "Endpoints": {"docker": {"Host": "`+host+`"}}}`)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
		t.Fatal(err)
	}
}

func TestAnEngineThatCannotBeHadSaysWhy(t *testing.T) {
	secure := httptest.NewTLSServer(speaks("1.41"))
	defer secure.Close()
	forbids := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Error(w, "no", http.StatusForbidden) }))
	defer forbids.Close()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	gone := "tcp://" + freeAddress(t)
	for _, c := range []struct {
		name  string
		where docker.Endpoint
		kind  error
		says  string
	}{
		{"no socket", docker.Endpoint{Host: "unix:///nowhere/docker.sock"}, docker.ErrAbsent, "set DOCKER_HOST"},
		{"nobody listens", docker.Endpoint{Host: gone}, docker.ErrUnreachable, "host and port"},
		{"no answer", docker.Endpoint{Host: "tcp://" + silent.Addr().String()}, docker.ErrUnreachable, "no answer within"},
		{"unknown authority", docker.Endpoint{Host: strings.Replace(secure.URL, "https", "tcp", 1), TLS: &docker.TLS{}}, docker.ErrDenied, "DOCKER_CERT_PATH"},
		{"plain to TLS", docker.Endpoint{Host: strings.Replace(secure.URL, "https", "tcp", 1)}, docker.ErrDenied, "DOCKER_TLS_VERIFY"},
		{"forbidden", docker.Endpoint{Host: strings.Replace(forbids.URL, "http", "tcp", 1)}, docker.ErrDenied, "refuses"},
		{"old", docker.Endpoint{Host: listen(t, "1.40")}, docker.ErrTooOld, "upgrade"},
		{"no such context", docker.Endpoint{Context: "mine"}, nil, "docker context ls"},
		{"no host", docker.Endpoint{Host: "localhost:2375"}, nil, "expected unix:///path"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx := t.Context()
			if c.name == "no answer" {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, 0)
				defer cancel()
			}
			c.where.Environ = []string{"DOCKER_CONFIG=" + t.TempDir()}
			e, err := docker.Connect(ctx, c.where)
			if err == nil {
				e.Close()
				t.Fatal("connected")
			}
			if c.kind != nil && !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("expected %v with %q, found %v", c.kind, c.says, err)
			}
		})
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
