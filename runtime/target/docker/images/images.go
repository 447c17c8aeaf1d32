// Package images is what an engine does with images that are there: it finds, tags and pushes
// them. It knows nothing of how they are made, and nothing of plans.
package images

import (
	"context"
	"errors"
	"fmt"
	"strings"

	cerrdefs "github.com/containerd/errdefs"

	"github.com/pipelang/pipe/runtime/target/docker"
)

// ErrAbsent is wrapped where the engine has no such image.
var ErrAbsent = errors.New("the engine has no such image")

// Find gives the ID of an image, "sha256:…", by the first of these that the engine knows: its
// digest as an ID, the name with the digest, the name alone where there is no digest.
func Find(ctx context.Context, e *docker.Engine, ref, digest string) (string, error) {
	names := []string{ref}
	if digest != "" {
		names = []string{digest, ref + "@" + digest}
		if strings.Contains(ref, "@") {
			names[1] = ref
		}
	}
	for _, name := range names {
		found, err := e.Client().ImageInspect(ctx, name)
		switch {
		case err == nil:
			return found.ID, nil
		case cerrdefs.IsNotFound(err), cerrdefs.IsInvalidArgument(err):
		default:
			return "", e.Failure(ctx, err)
		}
	}
	return "", fmt.Errorf("%s: %w: build or pull it first, or copy it from registry to registry", names[len(names)-1], ErrAbsent)
}

// Tag gives an image another name.
func Tag(ctx context.Context, e *docker.Engine, id, ref string) error {
	if err := e.Client().ImageTag(ctx, id, ref); err != nil {
		return e.Failure(ctx, err)
	}
	return nil
}
