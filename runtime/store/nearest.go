package store

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
)

// Difference is a part of a key that is not the same; "" is a part that one of them lacks.
type Difference struct {
	Name    string
	Was, Is string // digests
}

// Compare gives the parts in which two keys differ, those of is first and in its order, then
// those that only was has.
func Compare(was, is []Part) []Difference {
	before := map[string]string{}
	for _, p := range was {
		before[p.Name] = p.Digest
	}
	var out []Difference
	here := map[string]bool{}
	for _, p := range is {
		here[p.Name] = true
		if before[p.Name] != p.Digest {
			out = append(out, Difference{p.Name, before[p.Name], p.Digest})
		}
	}
	for _, p := range was {
		if !here[p.Name] {
			out = append(out, Difference{p.Name, p.Digest, ""})
		}
	}
	return out
}

// Nearest gives the earlier result of an op whose key differs in the fewest parts from those
// given, and in which. Of equals one of the same step wins, then the latest. ok is false where
// the op has no result at all.
func (s *Store) Nearest(ctx context.Context, op, step string, parts []Part) (near Result, diff []Difference, ok bool, err error) {
	err = filepath.WalkDir(filepath.Join(s.dir, results), func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || d.IsDir() {
			return errors.Join(err, ctx.Err())
		}
		r, is := readResult(path)
		if !is || r.Op != op {
			return nil
		}
		by := Compare(r.Parts, parts)
		if !ok || nearer(&r, len(by), &near, len(diff), step) {
			near, diff, ok = r, by, true
		}
		return nil
	})
	return near, diff, ok, err
}

func nearer(a *Result, differs int, b *Result, than int, step string) bool {
	switch mine, theirs := a.Step == step, b.Step == step; {
	case differs != than:
		return differs < than
	case mine != theirs:
		return mine
	}
	return a.Made.After(b.Made)
}
