package build

import (
	"context"
	"fmt"
	"net"

	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/session/auth"
	"github.com/moby/buildkit/session/secrets/secretsprovider"
	"github.com/moby/buildkit/session/sshforward"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// attachables are what the builder may ask this process for while it builds.
func (r *Request) attachables() ([]session.Attachable, error) {
	out := []session.Attachable{&logins{ask: r.Logins}}
	if len(r.Secrets) > 0 {
		out = append(out, secretsprovider.FromMap(r.Secrets))
	}
	if len(r.SSHKeys) == 0 && r.SSHAgent == "" {
		return out, nil
	}
	a := &agents{socket: r.SSHAgent, keys: map[string]agent.Agent{}}
	for id, pem := range r.SSHKeys {
		key, err := ssh.ParseRawPrivateKey(pem)
		if err != nil {
			// The library's message may not quote the key, but who knows.
			return nil, &Error{Final: true, Reason: fmt.Sprintf("the ssh key %q cannot be read: expected a private key in PEM without a passphrase", id)}
		}
		ring := agent.NewKeyring()
		if err := ring.Add(agent.AddedKey{PrivateKey: key}); err != nil {
			return nil, &Error{Final: true, Reason: fmt.Sprintf("the ssh key %q: %v", id, err)}
		}
		a.keys[id] = ring
	}
	return append(out, a), nil
}

// agents answer for RUN --mount=type=ssh: keys in memory, and the user's own agent.
type agents struct {
	sshforward.UnimplementedSSHServer
	socket string
	keys   map[string]agent.Agent
}

// Register implements session.Attachable.
func (a *agents) Register(s *grpc.Server) { sshforward.RegisterSSHServer(s, a) }

func (a *agents) has(id string) bool {
	_, ok := a.keys[id]
	return ok || id == sshforward.DefaultID && a.socket != ""
}

// CheckAgent implements sshforward.SSHServer.
func (a *agents) CheckAgent(_ context.Context, r *sshforward.CheckAgentRequest) (*sshforward.CheckAgentResponse, error) {
	if id := idOf(r.ID); !a.has(id) {
		return nil, status.Errorf(codes.NotFound, "no ssh key has the id %q", id)
	}
	return &sshforward.CheckAgentResponse{}, nil
}

func idOf(id string) string {
	if id == "" {
		return sshforward.DefaultID
	}
	return id
}

// ForwardAgent implements sshforward.SSHServer.
func (a *agents) ForwardAgent(stream sshforward.SSH_ForwardAgentServer) error {
	id := sshforward.DefaultID
	opts, _ := metadata.FromIncomingContext(stream.Context())
	if v := opts[sshforward.KeySSHID]; len(v) > 0 && v[0] != "" {
		id = v[0]
	}
	conn, err := a.dial(id)
	if err != nil {
		return status.Error(codes.NotFound, err.Error())
	}
	return sshforward.Copy(stream.Context(), conn, stream, nil)
}

// dial gives one connection to an agent, which ends with it.
func (a *agents) dial(id string) (net.Conn, error) {
	ring, ok := a.keys[id]
	if !ok {
		return net.Dial("unix", a.socket)
	}
	here, there := net.Pipe()
	go func() {
		defer here.Close()
		_ = agent.ServeAgent(ring, here) // ends with the connection
	}()
	return there, nil
}

// logins answer for registries of base images and caches.
type logins struct {
	auth.UnimplementedAuthServer
	ask func(host string) (username, password string, err error)
}

// Register implements session.Attachable.
func (l *logins) Register(s *grpc.Server) { auth.RegisterAuthServer(s, l) }

// Credentials implements auth.AuthServer.
func (l *logins) Credentials(_ context.Context, r *auth.CredentialsRequest) (*auth.CredentialsResponse, error) {
	if l.ask == nil {
		return &auth.CredentialsResponse{}, nil
	}
	host := r.Host
	if host == "registry-1.docker.io" {
		host = "index.docker.io"
	}
	name, password, err := l.ask(host)
	if err != nil {
		return nil, status.Error(codes.Unavailable, err.Error())
	}
	return &auth.CredentialsResponse{Username: name, Secret: password}, nil
}
