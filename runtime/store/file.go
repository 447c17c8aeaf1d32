package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/pipelang/pipe/lang/value"
)

// ErrMissing is wrapped by the error of a Get whose content is not in the store.
var ErrMissing = errors.New("not in the store")

// chunk is how many bytes are copied between two looks at the context.
const chunk = 64 << 20

// PutFile stores the regular file at path, links followed.
func (s *Store) PutFile(ctx context.Context, path string) (value.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return value.File{}, fmt.Errorf("store file: %w", err)
	}
	defer f.Close()
	v, err := s.put(ctx, f)
	if err != nil {
		return value.File{}, err
	}
	v.Name = filepath.Base(path)
	return v, nil
}

// put stores an open file. It is copied before it is read for its digest: a copy cannot
// change in between, and costs nothing on a file system that shares blocks.
func (s *Store) put(ctx context.Context, f *os.File) (value.File, error) {
	info, err := f.Stat()
	if err != nil {
		return value.File{}, err
	}
	if !info.Mode().IsRegular() {
		return value.File{}, fmt.Errorf("is %s, expected a regular file", kindName(info.Mode()))
	}
	temp, err := s.temp()
	if err != nil {
		return value.File{}, err
	}
	defer discard(temp)
	size, err := copyAll(ctx, temp, f)
	if err != nil {
		return value.File{}, err
	}
	sum, err := s.publishFile(temp)
	if err != nil {
		return value.File{}, err
	}
	return value.File{Digest: sum, Size: size, Mode: uint32(info.Mode().Perm())}, nil
}

func (s *Store) publishFile(temp *os.File) (string, error) {
	if _, err := temp.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	sum, err := digest(temp)
	if err != nil {
		return "", err
	}
	to, err := s.place(objects, sum)
	if err != nil {
		return "", err
	}
	return sum, s.publish(temp, to)
}

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
	n, err := copyAll(ctx, to, object)
	if err != nil {
		return err
	}
	if n != f.Size {
		return fmt.Errorf("content %s has %d bytes, expected %d: the store is damaged", f.Digest, n, f.Size)
	}
	return to.Chmod(fs.FileMode(f.Mode) & fs.ModePerm)
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
