package docker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/docker/docker/client"
	"github.com/docker/go-connections/tlsconfig"
)

// Endpoint is where an engine is. The zero value is the engine that the docker command would
// use: DOCKER_HOST, else DOCKER_CONTEXT, else the current context, else the local socket.
type Endpoint struct {
	// Host is unix:///path, tcp://host:port or ssh://user@host.
	Host string
	// Context names a context of the docker command, where Host is "".
	Context string
	// TLS is set where a tcp host is to be spoken to by TLS.
	TLS *TLS
	// Environ is the environment to read, NAME=value; nil is that of this process.
	Environ []string
}

// TLS says how to trust an engine and how to be trusted by it: paths of PEM files.
type TLS struct {
	CA, Cert, Key string
	SkipVerify    bool
}

// Certificates names the files of a folder as the docker command does.
func Certificates(dir string) *TLS {
	return &TLS{CA: filepath.Join(dir, "ca.pem"), Cert: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem")}
}

func (w Endpoint) environ() []string {
	if w.Environ != nil {
		return w.Environ
	}
	return os.Environ()
}

// resolve settles Host and TLS, in the order that the docker command has.
func (w Endpoint) resolve(env []string) (Endpoint, error) {
	w.Environ = env
	if w.Host == "" && w.Context == "" {
		w.Host = lookup(env, "DOCKER_HOST")
	}
	if w.Host != "" {
		return w.withTLS(env)
	}
	w.Context = cmp.Or(w.Context, lookup(env, "DOCKER_CONTEXT"), currentContext(env))
	if w.Context != "" && w.Context != "default" {
		return w.fromContext(env)
	}
	w.Host = client.DefaultDockerHost
	return w, nil
}

// withTLS adds what DOCKER_TLS_VERIFY and DOCKER_CERT_PATH say of a tcp host.
func (w Endpoint) withTLS(env []string) (Endpoint, error) {
	verify, dir := lookup(env, "DOCKER_TLS_VERIFY"), lookup(env, "DOCKER_CERT_PATH")
	if w.TLS != nil || !strings.HasPrefix(w.Host, "tcp://") || verify == "" && dir == "" {
		return w, nil
	}
	w.TLS = Certificates(cmp.Or(dir, configFolder(env)))
	w.TLS.SkipVerify = verify == ""
	return w, nil
}

func (w Endpoint) client() (*client.Client, error) {
	u, err := url.Parse(w.Host)
	if err != nil || !slices.Contains([]string{"unix", "tcp", "ssh", "http", "https"}, u.Scheme) {
		return nil, fmt.Errorf("docker host %q: expected unix:///path, tcp://host:port or ssh://user@host", w.Host)
	}
	opts := []client.Opt{client.WithAPIVersionNegotiation()}
	if u.Scheme == "ssh" {
		helper, err := sshHelper(w.Host)
		if err != nil {
			return nil, fmt.Errorf("docker host %q: %w", w.Host, err)
		}
		opts = append(opts, client.WithHost(helper.Host), client.WithDialContext(helper.Dialer))
	} else {
		if w.TLS != nil {
			secure, err := w.TLS.client()
			if err != nil {
				return nil, err
			}
			opts = append(opts, client.WithHTTPClient(secure))
		}
		opts = append(opts, client.WithHost(w.Host))
	}
	api, err := client.NewClientWithOpts(opts...)
	if err != nil {
		return nil, fmt.Errorf("docker host %q: %w", w.Host, err)
	}
	return api, nil
}

// client leaves out files that are not there: an engine may ask for no certificate of ours.
func (t *TLS) client() (*http.Client, error) {
	o := tlsconfig.Options{InsecureSkipVerify: t.SkipVerify, ExclusiveRootPools: true}
	for _, f := range []struct {
		from string
		to   *string
	}{{t.CA, &o.CAFile}, {t.Cert, &o.CertFile}, {t.Key, &o.KeyFile}} {
		if _, err := os.Stat(f.from); err == nil {
			*f.to = f.from
		}
	}
	config, err := tlsconfig.Client(o)
	if err != nil {
		return nil, fmt.Errorf("certificates for the docker host: %w", err)
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: config}, CheckRedirect: client.CheckRedirect}, nil
}

// failure says what kept an engine from answering.
func (w Endpoint) failure(ctx context.Context, err error) error {
	if strings.HasPrefix(w.Host, "ssh://") {
		return sshFailure(w.Host, err, cause(ctx, err))
	}
	out := &EngineError{Kind: ErrUnreachable, Endpoint: w.Host, Err: cause(ctx, err)}
	local := strings.HasPrefix(w.Host, "unix://")
	switch {
	case errors.Is(err, os.ErrPermission):
		out.Kind = ErrDenied
		out.WayOut = "let this user open the socket, as members of its group can"
	case refusesUs(err):
		out.Kind = ErrDenied
		out.WayOut = "set DOCKER_TLS_VERIFY and DOCKER_CERT_PATH to certificates that the engine trusts"
	case local && absent(err):
		out.Kind, out.Err = ErrAbsent, errors.New("nothing listens there")
		out.WayOut = "install and start Docker, or set DOCKER_HOST to an engine elsewhere"
	case local:
		out.WayOut = "see what its log says, and restart it"
	default:
		out.WayOut = "see that the host and port are right and that the engine listens there"
	}
	return out
}

func cause(ctx context.Context, err error) error {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return errors.New("no answer within the deadline")
	}
	if strings.Contains(err.Error(), "Cannot connect to the Docker daemon") {
		return errors.New("nothing listens there")
	}
	if e, ok := errors.AsType[*net.OpError](err); ok {
		return e
	}
	return err
}
