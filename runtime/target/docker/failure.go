package docker

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"strings"
	"syscall"

	"github.com/containerd/errdefs"
)

// What can be wrong with an engine; an EngineError wraps one of them.
var (
	ErrAbsent      = errors.New("no Docker engine is there")
	ErrUnreachable = errors.New("the Docker engine cannot be reached")
	ErrDenied      = errors.New("the Docker engine refuses this user")
	ErrTooOld      = errors.New("the Docker engine is too old")
)

// EngineError says that an engine cannot be had.
type EngineError struct {
	Kind     error  // ErrAbsent, ErrUnreachable, ErrDenied or ErrTooOld
	Endpoint string // as in Endpoint.Host
	Err      error
	WayOut   string // what to do about it
}

func (e *EngineError) Error() string {
	return fmt.Sprintf("%v (%s): %v: %s", e.Kind, e.Endpoint, e.Err, e.WayOut)
}

func (e *EngineError) Unwrap() []error { return []error{e.Kind, e.Err} }

// absent says that nothing listens on a local socket. The client keeps the reason in its text alone.
func absent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) ||
		strings.Contains(err.Error(), "Cannot connect to the Docker daemon")
}

// refusesUs says that the other side speaks, and will not speak with us.
func refusesUs(err error) bool {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return true
	}
	return errdefs.IsUnauthorized(err) || errdefs.IsPermissionDenied(err) ||
		strings.Contains(err.Error(), "tls: ") || strings.Contains(err.Error(), "HTTP request to an HTTPS server")
}

// broken says that a connection ended in the middle of an answer.
func broken(err error) bool {
	if _, ok := errors.AsType[*net.OpError](err); ok {
		return true
	}
	return errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.Is(err, context.DeadlineExceeded)
}
