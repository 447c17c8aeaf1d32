package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// stamp tells a file that was read from one that has changed since.
type stamp struct {
	size, inode    int64
	mtime, changed int64
}

// check makes sure that content is what its digest says, a tree with all that it holds, and
// notes that it is in use. Content is read once for as long as its file does not change. What
// is damaged is removed, so that it can be stored again.
func (s *Store) check(ctx context.Context, sum string, now time.Time) error {
	m, err := s.manifest(sum)
	if err != nil {
		if !errors.Is(err, ErrMissing) {
			s.discard(trees, sum)
		}
		return s.checkObject(ctx, sum, now)
	}
	for _, e := range m {
		if e.kind != "file" {
			continue
		}
		if err := s.checkObject(ctx, e.digest, now); err != nil {
			return err
		}
	}
	path, err := s.place(trees, sum)
	if err != nil {
		return err
	}
	return touch(path, now)
}

func (s *Store) checkObject(ctx context.Context, sum string, now time.Time) error {
	path, err := s.place(objects, sum)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return missing(err, sum)
	}
	if was, ok := s.intact.Load(path); !ok || was != stampOf(info) {
		err := s.read(ctx, path, sum)
		if err != nil && ctx.Err() == nil {
			s.discard(objects, sum)
		}
		if err != nil {
			return err
		}
	}
	if err := touch(path, now); err != nil {
		return err
	}
	if info, err = os.Stat(path); err == nil {
		s.intact.Store(path, stampOf(info))
	}
	return err
}

// read reads content to its end.
func (s *Store) read(ctx context.Context, path, sum string) error {
	f, err := os.Open(path)
	if err != nil {
		return missing(err, sum)
	}
	defer f.Close()
	content, err := s.opened(lasting{ctx, f}, sum)
	if err != nil {
		return err
	}
	if isSealed(sum) {
		_, err = io.Copy(io.Discard, content)
		return err
	}
	got, err := digest(content)
	if err == nil && got != sum {
		err = fmt.Errorf("content %s is not what its digest says: the store is damaged", sum)
	}
	return err
}

// discard removes what is damaged: publish would take it for what it should be.
func (s *Store) discard(kind, sum string) {
	if path, err := s.place(kind, sum); err == nil {
		_ = os.Remove(path)
	}
}

func stampOf(info fs.FileInfo) stamp {
	st := stamp{size: info.Size(), mtime: info.ModTime().UnixNano()}
	st.inode, st.changed = identity(info)
	return st
}
