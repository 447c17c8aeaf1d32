package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/target"
)

// intake is content in a folder of tmp, by digest. What is to be sealed lies sealed there too.
type intake struct {
	store  *Store
	seal   bool
	dir    string // made by the first Put
	staged map[string]staged
}

// staged is one content, or a tree.
type staged struct {
	path string
	kind string   // objects or trees
	tree manifest // of trees
}

// Take implements target.Artifacts.
func (s *Store) Take(seal bool) target.Intake {
	return &intake{store: s, seal: seal, staged: map[string]staged{}}
}

// PutFile takes in the regular file at path, links followed.
func (in *intake) PutFile(ctx context.Context, path string) (value.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return value.File{}, fmt.Errorf("store file: %w", err)
	}
	defer f.Close()
	v, err := in.put(ctx, f)
	if err != nil {
		return value.File{}, err
	}
	v.Name = filepath.Base(path)
	return v, nil
}

// put takes in an open file.
func (in *intake) put(ctx context.Context, f *os.File) (value.File, error) {
	info, err := f.Stat()
	if err != nil {
		return value.File{}, err
	}
	if !info.Mode().IsRegular() {
		return value.File{}, fmt.Errorf("is %s, expected a regular file", kindName(info.Mode()))
	}
	temp, err := in.temp()
	if err != nil {
		return value.File{}, err
	}
	var sum string
	var size int64
	if in.seal {
		sum, size, err = in.store.sealInto(ctx, temp, f)
	} else {
		sum, size, err = copyInto(ctx, temp, f)
	}
	if err = errors.Join(err, temp.Close()); err != nil {
		return value.File{}, err
	}
	in.stage(sum, staged{path: temp.Name(), kind: objects})
	return value.File{Digest: sum, Size: size, Mode: uint32(info.Mode().Perm())}, nil
}

// copyInto copies a file before it is read for its digest: a copy cannot change in between,
// and costs nothing on a file system that shares blocks.
func copyInto(ctx context.Context, temp, f *os.File) (sum string, size int64, err error) {
	if size, err = copyAll(ctx, temp, f); err != nil {
		return "", 0, err
	}
	if _, err = temp.Seek(0, io.SeekStart); err != nil {
		return "", 0, err
	}
	sum, err = digest(temp)
	return sum, size, err
}

func (in *intake) putManifest(m manifest) (string, error) {
	text := []byte(m.encode())
	temp, err := in.temp()
	if err != nil {
		return "", err
	}
	var sum string
	if in.seal {
		sum, _, err = in.store.sealInto(context.Background(), temp, strings.NewReader(string(text)))
	} else if sum, err = digest(strings.NewReader(string(text))); err == nil {
		_, err = temp.Write(text)
	}
	if err = errors.Join(err, temp.Close()); err != nil {
		return "", err
	}
	in.stage(sum, staged{path: temp.Name(), kind: trees, tree: m})
	return sum, nil
}

// stage keeps the first of what is the same.
func (in *intake) stage(sum string, s staged) {
	if _, have := in.staged[s.kind+sum]; have {
		os.Remove(s.path)
		return
	}
	in.staged[s.kind+sum] = s
}

// find gives what a digest stands for; a file and a tree never have the same.
func (in *intake) find(sum string) (staged, error) {
	for _, kind := range []string{trees, objects} {
		if s, ok := in.staged[kind+sum]; ok {
			return s, nil
		}
	}
	return staged{}, fmt.Errorf("content %s was not taken in", sum)
}

func (in *intake) temp() (*os.File, error) {
	if in.dir == "" {
		dir, err := os.MkdirTemp(filepath.Join(in.store.dir, "tmp"), "put-")
		if err != nil {
			return nil, err
		}
		in.dir = dir
	}
	return os.CreateTemp(in.dir, "")
}

// Walk implements target.Intake.
func (in *intake) Walk(ctx context.Context, sum string, visit func(string, io.Reader) error) error {
	s, err := in.find(sum)
	if err != nil {
		return err
	}
	if s.kind == objects {
		return in.show(ctx, "", sum, visit)
	}
	for _, e := range s.tree {
		switch e.kind {
		case "file":
			err = in.show(ctx, e.path, e.digest, visit)
		default:
			err = visit(e.path, strings.NewReader(e.target))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (in *intake) show(ctx context.Context, name, sum string, visit func(string, io.Reader) error) error {
	s, ok := in.staged[objects+sum]
	if !ok {
		return fmt.Errorf("content %s was not taken in", sum)
	}
	f, err := os.Open(s.path)
	if err != nil {
		return err
	}
	defer f.Close()
	content, err := in.store.opened(f, sum)
	if err != nil {
		return err
	}
	return errors.Join(visit(name, content), ctx.Err())
}

// Commit implements target.Intake. A tree comes after what it holds: whoever finds it finds all.
func (in *intake) Commit(digests ...string) error {
	leave, err := in.store.enter()
	if err != nil {
		return err
	}
	defer leave()
	for _, sum := range digests {
		s, err := in.find(sum)
		if err != nil {
			return err
		}
		for _, e := range s.tree {
			if e.kind != "file" {
				continue
			}
			if err := in.publish(objects, e.digest); err != nil {
				return err
			}
		}
		if err := in.publish(s.kind, sum); err != nil {
			return err
		}
	}
	return nil
}

func (in *intake) publish(kind, sum string) error {
	s, ok := in.staged[kind+sum]
	if !ok || s.path == "" {
		return nil // another entry of a tree was the same
	}
	to, err := in.store.place(kind, sum)
	if err != nil {
		return err
	}
	if err := publish(s.path, to); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	s.path = ""
	in.staged[kind+sum] = s
	return nil
}

// Close implements target.Intake.
func (in *intake) Close() error {
	if in.dir == "" {
		return nil
	}
	return os.RemoveAll(in.dir)
}
