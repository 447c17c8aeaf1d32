package docker

import (
	"context"
	"time"

	"github.com/pipelang/pipe/runtime/target"
)

// Impatient gives up on an engine that says nothing for so long.
func (t Target) Impatient(patience time.Duration) Target {
	t.patience = patience
	return t
}

// EmptyImage is what Reclaim makes first.
func (e *Engine) EmptyImage(ctx context.Context, run target.Run, folder string) (string, error) {
	mine := ownerOf(run)
	mine.Folder = folder
	return e.emptyImage(ctx, mine.labels("files", 0))
}
