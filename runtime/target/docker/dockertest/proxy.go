package dockertest

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pipelang/pipe/runtime/target/docker"
)

// Proxy serves an engine of this machine on a socket of its own, behind a gate, and gives its
// address as DOCKER_HOST takes it.
func Proxy(t testing.TB, e *docker.Engine, gate func(engine http.Handler) http.Handler) string {
	t.Helper()
	socket, local := strings.CutPrefix(e.Endpoint().Host, "unix://")
	if !local {
		Missing(t, "an engine on this machine")
	}
	engine := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: "engine"})
	engine.Transport = &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}
	// What a client asked for and did not wait for is no fault of the proxy's.
	engine.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, err error) {
		http.Error(w, err.Error(), http.StatusBadGateway)
	}
	// A socket's path may have 108 bytes: the folder of a test is often longer.
	dir, err := os.MkdirTemp("", "pipe-proxy-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "docker.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	s := &httptest.Server{Listener: l, Config: &http.Server{Handler: gate(engine)}}
	s.Start()
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return "unix://" + path
}
