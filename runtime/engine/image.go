package engine

import (
	"context"
	"fmt"
	"strings"

	"github.com/pipelang/pipe/lang/value"
)

// unlockedError is an image whose name the run came to and that no digest pins.
type unlockedError struct{ name string }

func (e *unlockedError) Error() string {
	return fmt.Sprintf("the image %s is in no pipe.lock, and this run is locked: list it in pipe.toml, [lock] images = [%q], and run pipe lock", e.name, e.name)
}

// image is the op's image with the digest that the plan has for it, "" without one.
func (w *opWork) image(ctx context.Context) (string, error) {
	if w.op.plan.Image == nil {
		return "", nil
	}
	v, err := w.run.eval(ctx, w.op.plan.Image, nil, w.scope) // a text, or an image
	if err != nil {
		return "", fmt.Errorf("image: %w", err)
	}
	name, _ := value.Env(v)
	return w.run.pinned(name)
}

// pinned is a name with the digest that the plan has for it. A locked run has no others.
func (r *run) pinned(name string) (string, error) {
	name = r.Plan.Pinned(name)
	if r.Locked && name != "" && !strings.Contains(name, "sha256:") {
		return "", &unlockedError{name}
	}
	return name, nil
}
