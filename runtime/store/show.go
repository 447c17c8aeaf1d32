package store

import (
	"io"
	"os"

	"github.com/pipelang/pipe/lang/value"
)

// Show visits the content of a file under the name "", or that of the files of a folder by their
// paths, in the plain; nothing is written anywhere.
func (s *Store) Show(v value.Value, visit func(name string, content io.Reader) error) error {
	switch v := v.(type) {
	case value.File:
		return s.show("", v.Digest, visit)
	case value.Dir:
		m, err := s.manifest(v.Digest)
		if err != nil {
			return err
		}
		for _, e := range m {
			if e.kind != "file" {
				continue
			}
			if err := s.show(e.path, e.digest, visit); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Store) show(name, sum string, visit func(string, io.Reader) error) error {
	at, err := s.place(objects, sum)
	if err != nil {
		return err
	}
	f, err := os.Open(at)
	if err != nil {
		return missing(err, sum)
	}
	defer f.Close()
	content, err := s.opened(f, sum)
	if err != nil {
		return err
	}
	return visit(name, content)
}
