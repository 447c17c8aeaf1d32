package registry

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// guarded refuses to speak plain http to other machines, where images and credentials could be
// read and changed on the way. The library does so for names under .local and private
// addresses, and follows redirects.
type guarded struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (g guarded) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme == "http" && !loopback(r.URL.Hostname()) {
		return nil, &plainError{r.URL.Host}
	}
	return g.RoundTripper.RoundTrip(r)
}

func loopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// plainError is a registry that speaks plain http only.
type plainError struct{ host string }

func (e *plainError) Error() string {
	return fmt.Sprintf("%s speaks no https, and plain http is for this machine alone unless insecure is set", e.host)
}

// transport is what carries requests.
func (o Options) transport() http.RoundTripper {
	t := o.Transport
	if t == nil {
		t = remote.DefaultTransport
	}
	if o.Insecure {
		return t
	}
	return guarded{t}
}
