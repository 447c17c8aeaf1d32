package registry

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// Kind is why a registry gave no answer.
type Kind string

const (
	Invalid     Kind = "invalid"     // the reference cannot be one
	NotFound    Kind = "not-found"   // no such repository, tag or digest
	Denied      Kind = "denied"      // it wants other credentials, or any
	Credentials Kind = "credentials" // docker's configuration or its helper gives none
	Unreachable Kind = "unreachable" // no connection, no answer in time, no registry
	Insecure    Kind = "insecure"    // it speaks plain http, and is on another machine
	Unproven    Kind = "unproven"    // it gives another content than it was given
	Failed      Kind = "failed"      // it answered with an error of its own
)

// Error is a question that got no answer.
type Error struct {
	Ref  string // as it was asked
	Host string // the registry, "" when the reference is invalid
	Kind Kind
	Err  error
}

// Error is one line.
func (e *Error) Error() string {
	switch e.Kind {
	case Invalid:
		return fmt.Sprintf("%q is no name of an image: %v", e.Ref, e.Err)
	case NotFound:
		return fmt.Sprintf("%s does not exist in its registry %s", e.Ref, e.Host)
	case Denied:
		return fmt.Sprintf("%s: the registry %s refuses access, or has no such repository", e.Ref, e.Host)
	case Unreachable:
		return fmt.Sprintf("%s: the registry %s cannot be reached: %v", e.Ref, e.Host, e.Err)
	}
	return fmt.Sprintf("%s: %v", e.Ref, e.Err)
}

// Help is the way out.
func (e *Error) Help() string {
	switch e.Kind {
	case Invalid:
		return `write it as docker does: "name:tag", "host/name:tag" or "name@sha256:…"`
	case NotFound:
		return "look for a typo in name and tag, or push the image"
	case Denied:
		return "run docker login " + e.Host + ", or look for a typo in the name"
	case Credentials:
		return "mend docker's config.json, or run docker login " + e.Host
	case Insecure:
		return "let the registry speak https, or set insecure where the network is trusted"
	case Unproven:
		return "push again; if that does not help, the registry or a proxy before it is broken"
	case Unreachable:
		return "check the host, the network and HTTPS_PROXY"
	}
	return "try again later, or ask who runs the registry"
}

// Unwrap gives the library's error.
func (e *Error) Unwrap() error { return e.Err }

// kindOf tells what an error of the library means.
func kindOf(err error) Kind {
	var creds *credentialsError
	if errors.As(err, &creds) {
		return Credentials
	}
	if errors.As(err, new(*plainError)) {
		return Insecure
	}
	var answer *transport.Error
	if !errors.As(err, &answer) {
		return unanswered(err)
	}
	switch answer.StatusCode {
	case http.StatusNotFound:
		return NotFound
	case http.StatusUnauthorized, http.StatusForbidden:
		return Denied
	}
	return Failed
}

// unanswered tells a connection that failed from an answer that made no sense.
func unanswered(err error) Kind {
	if errors.As(err, new(*url.Error)) || errors.As(err, new(net.Error)) || errors.Is(err, context.Canceled) {
		return Unreachable
	}
	return Failed
}

// Failure is an error of the library as an *Error about a reference.
func Failure(ref string, err error) error {
	if err == nil || errors.As(err, new(*Error)) {
		return err
	}
	out := &Error{Ref: ref, Kind: kindOf(err), Err: err}
	if parsed, bad := Parse(ref); bad == nil {
		out.Host = Host(parsed)
	}
	if errors.Is(err, context.DeadlineExceeded) && out.Kind == Unreachable {
		out.Err = errors.New("no answer in time")
	}
	return out
}
