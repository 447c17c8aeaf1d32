package store

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
)

// Usage is what a part of the store takes.
type Usage struct {
	Name  string // results, content, digests, caches, runs, journal, state
	Files int
	Bytes int64
}

// usageOf are the parts of the store and the files and folders that they lie in.
var usageOf = []struct {
	name  string
	paths []string
}{
	{"results", []string{results}},
	{"content", []string{objects, trees}},
	{"digests", []string{digests, recents}},
	{"caches", []string{"cache"}},
	{"runs", []string{"runs"}},
	{"journal", []string{"journal.db", "journal.db-wal", "audit.log"}},
	{"state", []string{"state", "tmp"}},
}

// Usage counts the files of the store, a part of it at a time.
func (s *Store) Usage(ctx context.Context) ([]Usage, error) {
	var out []Usage
	for _, part := range usageOf {
		u := Usage{Name: part.name}
		for _, path := range part.paths {
			if err := s.count(ctx, path, &u); err != nil {
				return nil, err
			}
		}
		out = append(out, u)
	}
	return out, nil
}

func (s *Store) count(ctx context.Context, path string, u *Usage) error {
	return filepath.WalkDir(filepath.Join(s.dir, path), func(_ string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
			return nil
		}
		if err != nil || d.IsDir() {
			return errors.Join(err, ctx.Err())
		}
		if info, err := d.Info(); err == nil {
			u.Files++
			u.Bytes += info.Size()
		}
		return nil
	})
}
