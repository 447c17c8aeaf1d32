package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/pipelang/pipe/lang/value"
)

// ErrMissing is wrapped by the error of a Get whose content is not in the store.
var ErrMissing = errors.New("not in the store")

// chunk is how many bytes are copied between two looks at the context.
const chunk = 64 << 20

// GetFile writes content to path, which must not exist, with the file's permissions.
func (s *Store) GetFile(ctx context.Context, f value.File, path string) error {
	to, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write file: %w", err)
	}
	if err := errors.Join(s.fill(ctx, to, f), to.Close()); err != nil {
		os.Remove(path)
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// fill copies the content of f into an empty open file and gives it its permissions.
func (s *Store) fill(ctx context.Context, to *os.File, f value.File) error {
	from, err := s.place(objects, f.Digest)
	if err != nil {
		return err
	}
	object, err := os.Open(from)
	if err != nil {
		return missing(err, f.Digest)
	}
	defer object.Close()
	n, err := s.pour(ctx, to, object, f.Digest)
	if err != nil {
		return err
	}
	if n != f.Size {
		return fmt.Errorf("content %s has %d bytes, expected %d: the store is damaged", f.Digest, n, f.Size)
	}
	return to.Chmod(fs.FileMode(f.Mode) & fs.ModePerm)
}

func (s *Store) pour(ctx context.Context, to, object *os.File, sum string) (int64, error) {
	if !isSealed(sum) {
		return copyAll(ctx, to, object)
	}
	content, err := s.opened(object, sum)
	if err != nil {
		return 0, err
	}
	return io.Copy(to, lasting{ctx, content})
}

func missing(err error, digest string) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("content %s: %w", digest, ErrMissing)
	}
	return err
}

// copyAll copies between open files: the kernel shares blocks where it can.
func copyAll(ctx context.Context, to, from *os.File) (int64, error) {
	total := int64(0)
	for {
		if err := ctx.Err(); err != nil {
			return total, err
		}
		n, err := io.CopyN(to, from, chunk)
		total += n
		switch {
		case errors.Is(err, io.EOF):
			return total, nil
		case err != nil:
			return total, err
		}
	}
}

// kindName says in people's words what a path is.
func kindName(m fs.FileMode) string {
	switch {
	case m.IsRegular():
		return "a file"
	case m.IsDir():
		return "a folder"
	case m&fs.ModeSymlink != 0:
		return "a link"
	case m&fs.ModeSocket != 0:
		return "a socket"
	case m&fs.ModeNamedPipe != 0:
		return "a named pipe"
	}
	return "a device"
}
