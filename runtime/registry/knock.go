package registry

import (
	"context"
	"net/http"
	"net/url"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// Access is how a registry takes us.
type Access struct {
	// Asks says that it wants to know who asks.
	Asks bool
	// Known says that docker's configuration holds credentials for it; User is their name, ""
	// for a token.
	Known bool
	User  string
}

// Knock asks whether a registry answers, and whether it takes the credentials that there are
// for it. The error is an *Error about the host: Denied where it does not.
func Knock(ctx context.Context, host string, o Options) (Access, error) {
	var out Access
	reg, err := name.NewRegistry(host)
	if err != nil {
		return out, &Error{Ref: host, Kind: Invalid, Err: err}
	}
	fails := func(err error) error { return &Error{Ref: host, Host: host, Kind: kindOf(err), Err: err} }
	wire := o.Transport
	if wire == nil {
		wire = remote.DefaultTransport
	}
	challenge, err := transport.Ping(ctx, reg, wire)
	if err != nil {
		return out, fails(err)
	}
	out.Asks = challenge.Scheme != ""
	keychain := o.Keychain
	if keychain == nil {
		keychain = Keychain()
	}
	auth, err := authn.Resolve(ctx, keychain, reg)
	if err != nil {
		return out, fails(err)
	}
	if auth == authn.Anonymous {
		return out, nil
	}
	out.Known = true
	if words, err := auth.Authorization(); err == nil {
		out.User = words.Username
	}
	if !out.Asks {
		return out, nil
	}
	if err := shown(ctx, reg, auth, wire, challenge.Insecure); err != nil {
		return out, fails(err)
	}
	return out, nil
}

// shown asks for the registry's first page with credentials.
func shown(ctx context.Context, reg name.Registry, auth authn.Authenticator, wire http.RoundTripper, insecure bool) error {
	wire, err := transport.NewWithContext(ctx, reg, auth, wire, nil)
	if err != nil {
		return err
	}
	scheme := "https"
	if insecure {
		scheme = "http"
	}
	page := url.URL{Scheme: scheme, Host: reg.RegistryStr(), Path: "/v2/"}
	ask, err := http.NewRequestWithContext(ctx, http.MethodGet, page.String(), nil)
	if err != nil {
		return err
	}
	answer, err := wire.RoundTrip(ask)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	return transport.CheckError(answer, http.StatusOK)
}
