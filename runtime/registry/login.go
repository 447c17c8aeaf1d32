package registry

import (
	"context"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
)

// Login is who asks. The zero value is nobody.
type Login struct {
	Username, Password string
	// Identity is what a registry gave instead of a password; Bearer goes into requests as it is.
	Identity, Bearer string
}

// Secrets are the parts that nobody may see.
func (l Login) Secrets() []string {
	var out []string
	for _, s := range []string{l.Password, l.Identity, l.Bearer} {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

// Keychain gives this login to every registry that is asked; nobody is anonymous.
func (l Login) Keychain() authn.Keychain { return fixed(l) }

type fixed Login

// Resolve implements authn.Keychain.
func (f fixed) Resolve(authn.Resource) (authn.Authenticator, error) {
	if f == (fixed{}) {
		return authn.Anonymous, nil
	}
	return authn.FromConfig(authn.AuthConfig{Username: f.Username, Password: f.Password, IdentityToken: f.Identity, RegistryToken: f.Bearer}), nil
}

// LoginFor is who docker's configuration says to be for a reference, for others that ask
// in its place, such as an engine. The error is an *Error.
func LoginFor(ctx context.Context, ref string, o Options) (Login, error) {
	parsed, err := o.parse(ref)
	if err != nil {
		return Login{}, err
	}
	keychain := o.Keychain
	if keychain == nil {
		keychain = Keychain()
	}
	auth, err := authn.Resolve(ctx, keychain, parsed.Context())
	if err != nil {
		return Login{}, Failure(ref, err)
	}
	config, err := authn.Authorization(ctx, auth)
	if err != nil {
		return Login{}, Failure(ref, err)
	}
	return Login{Username: config.Username, Password: config.Password, Identity: config.IdentityToken, Bearer: config.RegistryToken}, nil
}

// Tagged is a reference without its digest, with the tag spelled out: "app" is "app:latest".
// The host stays as it is written. The error is an *Error.
func Tagged(ref string) (string, error) {
	if _, err := Parse(ref); err != nil {
		return "", err
	}
	ref, _, _ = strings.Cut(ref, "@")
	if last := ref[strings.LastIndexByte(ref, '/')+1:]; !strings.Contains(last, ":") {
		ref += ":latest"
	}
	return ref, nil
}

// Repository is a reference without its tag and digest, as it is written.
func Repository(ref string) string {
	ref, _, _ = strings.Cut(ref, "@")
	if i := strings.LastIndexByte(ref, ':'); i > strings.LastIndexByte(ref, '/') {
		ref = ref[:i]
	}
	return ref
}
