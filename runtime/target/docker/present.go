package docker

import (
	"context"

	"github.com/containerd/errdefs"
)

// Has says that the engine holds an image of this name, wherever it came from.
func (e *Engine) Has(ctx context.Context, image string) (bool, error) {
	_, err := e.api.ImageInspect(ctx, image)
	if errdefs.IsNotFound(err) || errdefs.IsInvalidArgument(err) {
		return false, nil
	}
	return err == nil, e.Failure(ctx, err)
}
