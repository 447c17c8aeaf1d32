package docker

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/containerd/errdefs"
)

// What can be wrong with an image; an ImageError wraps one of them.
var (
	ErrNoImage    = errors.New("the image is not there")
	ErrPullDenied = errors.New("the registry refuses to give the image")
	ErrRegistry   = errors.New("the registry cannot be reached")
)

// ImageError says that an image cannot be had.
type ImageError struct {
	Image  string
	Kind   error
	Err    error
	WayOut string
}

func (e *ImageError) Error() string {
	return fmt.Sprintf("image %s: %v: %v: %s", e.Image, e.Kind, e.Err, e.WayOut)
}

func (e *ImageError) Unwrap() []error { return []error{e.Kind, e.Err} }

// pullFailed reads what the engine says of a pull; it has words for it and no codes.
func pullFailed(ctx context.Context, ref string, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	says := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(strings.ToLower(err.Error()), w) {
				return true
			}
		}
		return false
	}
	out := &ImageError{Image: ref, Err: said(err)}
	switch {
	case says("no space left"):
		return explain(err)
	case says("manifest unknown", "not found: manifest", "no matching manifest"):
		out.Kind, out.WayOut = ErrNoImage, "see that the name, tag and platform are right"
	case says("denied", "unauthorized", "authentication required", "no basic auth"):
		out.Kind, out.WayOut = ErrPullDenied, "see that the name is right, and log in with `docker login`"
	case says("lookup", "dial", "timeout", "connection", "tls", "x509", "eof", "refused"):
		out.Kind, out.WayOut = ErrRegistry, "see that the engine reaches the registry, or load the image and set pull to missing"
	case errdefs.IsNotFound(err):
		out.Kind, out.WayOut = ErrNoImage, "see that the name and tag are right"
	default:
		return fmt.Errorf("pull %s: %w", ref, err)
	}
	return out
}
