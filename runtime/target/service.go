package target

import (
	"context"
	"time"
)

// Servicer is a Session that runs services beside attempts, its own and those of this machine.
type Servicer interface {
	// Serve starts services in a network of their own, each once those before it are ready, and
	// returns when all are. prepare gives a service once those before it can be asked for their
	// addresses; out is where its log goes, in one goroutine. The error names the service. Where
	// it is nil, the Services must be closed. closed says that nothing of the network leads outside.
	Serve(ctx context.Context, owner string, services []ServiceOf, closed bool) (Services, error)
}

// ServiceOf gives a service of a name when it is to start, and where its log goes.
type ServiceOf struct {
	Name    string
	Prepare func(ctx context.Context, before Services) (Service, error)
	Out     Output
}

// Services are services that run, until Close. Its methods are safe for concurrent use.
type Services interface {
	// Address is how a program reaches a service: its host, and what each of its ports is called
	// there. inside says that the program runs in a container of the same session.
	Address(name string, inside bool) (host string, ports map[int]int, err error)
	// Close ends the services.
	Close() error
}

// Service is a container beside an op, evaluated.
type Service struct {
	Image     string
	Exec      []string // argv; nil is what the image runs
	Env       []EnvVar
	Ports     []int // beyond those that the image exposes
	Container Container
	Tmpfs     []string // absolute paths of folders in memory
	Ready     Ready
}

// Ready says when a service is: when a script in its container succeeds, a port takes
// connections, or a path answers with a status below 400. Without any it is when it runs.
type Ready struct {
	Script string
	TCP    int
	HTTP   string // path, with TCP
	Within time.Duration
}
