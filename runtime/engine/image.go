package engine

import (
	"context"
	"fmt"
	"strings"
)

// unlockedError is an image whose name the run came to and that no digest pins.
type unlockedError struct{ name string }

func (e *unlockedError) Error() string {
	return fmt.Sprintf("the image %s is in no pipe.lock, and this run is locked: list it in pipe.toml, [lock] images = [%q], and run pipe lock", e.name, e.name)
}

// image is the op's image with the digest that the plan has for it, "" without one.
func (w *opWork) image(ctx context.Context) (string, error) {
	name, err := w.text(ctx, "image", w.op.plan.Image)
	if err != nil {
		return "", err
	}
	name = w.run.Plan.Pinned(name)
	if w.run.Locked && name != "" && !strings.Contains(name, "sha256:") {
		return "", &unlockedError{name}
	}
	return name, nil
}
