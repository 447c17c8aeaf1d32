package dockertest

import (
	"context"
	"testing"

	"github.com/docker/docker/api/types/image"

	"github.com/pipelang/pipe/runtime/target/docker"
)

// Remove removes an image when the test has ended.
func Remove(t testing.TB, e *docker.Engine, ref string) {
	ctx := context.WithoutCancel(t.Context())
	t.Cleanup(func() {
		if _, err := e.Client().ImageRemove(ctx, ref, image.RemoveOptions{Force: true}); err != nil {
			t.Errorf("remove %s: %v", ref, err)
		}
	})
}
