// Package registry asks image registries what a name stands for, with the credentials that
// docker's configuration file and its helpers hold. It knows no engine and no plan, and keeps
// nothing: every answer is the registry's of now.
package registry

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Options of a question. The zero value is ready.
type Options struct {
	// Keychain gives credentials; nil is Keychain().
	Keychain authn.Keychain
	// Transport carries requests; nil is the library's, with the proxies of the environment.
	Transport http.RoundTripper
	// Wait is what passes before the second of three tries; nil is one second. What fails for a
	// moment is tried again: a broken connection, 429, 5xx.
	Wait *time.Duration
	// Insecure allows plain http to registries of other machines.
	Insecure bool
	// Progress is told how many bytes of an upload are done; nil is not.
	Progress func(done, total int64)
}

// Remote are the options of a request of the library. A request that is to be cancelled
// needs a context, which is set here.
func (o Options) Remote(ctx context.Context) []remote.Option {
	keychain := o.Keychain
	if keychain == nil {
		keychain = Keychain()
	}
	out := []remote.Option{remote.WithContext(ctx), remote.WithAuthFromKeychain(keychain), remote.WithUserAgent("pipe")}
	out = append(out, remote.WithTransport(o.transport()))
	if o.Wait != nil {
		out = append(out, remote.WithRetryBackoff(remote.Backoff{Duration: *o.Wait, Factor: 3, Jitter: 0.1, Steps: 3}))
	}
	return out
}

// Parse reads a reference as docker does: "python" is the tag latest of library/python of
// docker's own registry. The error is an *Error of the kind Invalid.
func Parse(ref string) (name.Reference, error) { return parse(ref) }

// parse is Parse for a registry that may be spoken to without TLS.
func (o Options) parse(ref string) (name.Reference, error) {
	if o.Insecure {
		return parse(ref, name.Insecure)
	}
	return parse(ref)
}

func parse(ref string, opts ...name.Option) (name.Reference, error) {
	out, err := name.ParseReference(ref, opts...)
	if err != nil {
		return nil, &Error{Ref: ref, Kind: Invalid, Err: err}
	}
	return out, nil
}

// Host is the registry of a reference as people write it: "docker.io", "localhost:5000".
func Host(ref name.Reference) string {
	host := ref.Context().RegistryStr()
	if host == name.DefaultRegistry {
		return "docker.io"
	}
	return host
}

// Keychain reads docker's configuration, as $DOCKER_CONFIG or the home folder has it, and
// asks its helpers, for no longer than the context of a request lives.
func Keychain() authn.Keychain { return patient{authn.DefaultKeychain} }

// patient gives up on a keychain whose helper does not answer.
type patient struct{ authn.Keychain }

// ResolveContext is Resolve, until the context ends. A helper that hangs is left behind, since
// the library gives no handle on it.
func (k patient) ResolveContext(ctx context.Context, r authn.Resource) (authn.Authenticator, error) {
	type answer struct {
		auth authn.Authenticator
		err  error
	}
	got := make(chan answer, 1)
	go func() {
		auth, err := k.Keychain.Resolve(r)
		got <- answer{auth, err}
	}()
	select {
	case a := <-got:
		if a.err != nil {
			return nil, &credentialsError{r.RegistryStr(), a.err}
		}
		return a.auth, nil
	case <-ctx.Done():
		return nil, &credentialsError{r.RegistryStr(), fmt.Errorf("the credential helper does not answer: %w", ctx.Err())}
	}
}

// credentialsError is a docker configuration that gives no credentials although it should.
type credentialsError struct {
	host string
	err  error
}

func (e *credentialsError) Error() string {
	return fmt.Sprintf("credentials for %s: %v", e.host, e.err)
}

func (e *credentialsError) Unwrap() error { return e.err }
