// Package docker is the Docker Engine: it finds one, connects to it, and is the only package,
// with those below it, that knows its API. It knows no pipelines, guards and retries, and
// nothing of what a step's output means.
package docker

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/versions"
	"github.com/docker/docker/client"
)

// Engine is a connection to a Docker Engine that has answered. It is safe for concurrent use.
type Engine struct {
	api      *client.Client
	endpoint Endpoint
	env      []string
	ping     types.Ping
	platform string // that it is on, "linux/amd64"; "" until a session asked
}

// minimumAPI is that of engine 20.10, the oldest that is tested.
const minimumAPI = "1.41"

// patience is how long an engine may take for its first answer, where the context has no
// deadline of its own.
const patience = 10 * time.Second

// Connect connects to the engine that an endpoint means, and agrees with it on a version of the
// API. An engine that cannot be had is an *EngineError.
func Connect(ctx context.Context, where Endpoint) (*Engine, error) {
	env := where.environ()
	where, err := where.resolve(env)
	if err != nil {
		return nil, err
	}
	api, err := where.client()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ping, err := api.Ping(ctx)
	if err != nil {
		api.Close()
		return nil, where.failure(ctx, err)
	}
	api.NegotiateAPIVersionPing(ping)
	if versions.LessThan(api.ClientVersion(), minimumAPI) {
		api.Close()
		return nil, &EngineError{Kind: ErrTooOld, Endpoint: where.Host, Err: fmt.Errorf("it speaks API %s", api.ClientVersion()),
			WayOut: "upgrade the engine to 20.10 or newer"}
	}
	return &Engine{api: api, endpoint: where, env: env, ping: ping}, nil
}

// Client is the SDK's client, for packages below this one. It is closed by Close.
func (e *Engine) Client() *client.Client { return e.api }

// Endpoint is where the engine is: Host is set, and Context where one led to it.
func (e *Engine) Endpoint() Endpoint { return e.endpoint }

// Environ is the environment that the connection was made with, NAME=value.
func (e *Engine) Environ() []string { return slices.Clone(e.env) }

// BuildKit says that the engine builds by BuildKit.
func (e *Engine) BuildKit() bool { return e.ping.BuilderVersion == types.BuilderBuildKit }

// Local says that the engine is on this machine: both reach the same loopback addresses.
func (e *Engine) Local() bool { return strings.HasPrefix(e.endpoint.Host, "unix://") }

// Windows says that the engine runs Windows' containers.
func (e *Engine) Windows() bool { return strings.EqualFold(e.ping.OSType, "windows") }

// Failure says what an error of the client means: an *EngineError where the engine is the
// cause, and the error itself elsewhere. nil stays nil.
func (e *Engine) Failure(ctx context.Context, err error) error {
	if err == nil || !client.IsErrConnectionFailed(err) && !broken(err) {
		return err
	}
	return e.endpoint.failure(ctx, err)
}

// Close ends the connection.
func (e *Engine) Close() error { return e.api.Close() }
