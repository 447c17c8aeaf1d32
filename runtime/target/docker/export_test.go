package docker

import (
	"archive/tar"
	"context"
	"io"
	"os"
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

// Own gives files below a folder to a user, as giveBack does for root.
func Own(folder string, files []string, uid, gid int) error {
	return foreign(files).own(folder, uid, gid)
}

// CopyArchive is how an archive is rewritten.
func CopyArchive(to io.Writer, from io.Reader) error {
	return copyArchive(to, from, func(*tar.Header) bool { return true })
}

// Unpack is how an archive of a workspace is received.
func Unpack(from io.Reader, root *os.Root) error {
	_, err := unpack(tar.NewReader(from), root, ".")
	return err
}
