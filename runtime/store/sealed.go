package store

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	gohash "hash"
	"io"
)

// sealInto writes content to temp, sealed, and gives its keyed digest and plain size.
func (s *Store) sealInto(ctx context.Context, temp io.Writer, content io.Reader) (sum string, size int64, err error) {
	h, err := s.sealer.Digest()
	if err != nil {
		return "", 0, err
	}
	w, err := s.sealer.Writer(temp)
	if err != nil {
		return "", 0, err
	}
	size, err = io.Copy(io.MultiWriter(w, h), lasting{ctx, content})
	if err = errors.Join(err, w.Close()); err != nil {
		return "", 0, err
	}
	return keyed + hex.EncodeToString(h.Sum(nil)), size, nil
}

// lasting reads as long as a context does.
type lasting struct {
	ctx context.Context
	io.Reader
}

func (l lasting) Read(p []byte) (int, error) {
	if err := l.ctx.Err(); err != nil {
		return 0, err
	}
	return l.Reader.Read(p)
}

// opened gives content in the plain. For what is sealed, the last Read is an error where it
// is not the content of the digest.
func (s *Store) opened(content io.Reader, sum string) (io.Reader, error) {
	if !isSealed(sum) {
		return content, nil
	}
	h, err := s.sealer.Digest()
	if err != nil {
		return nil, err
	}
	r, err := s.sealer.Reader(content)
	if err != nil {
		return nil, fmt.Errorf("content %s: %w", sum, err)
	}
	return &checked{r, h, sum}, nil
}

type checked struct {
	io.Reader
	hash gohash.Hash
	want string
}

func (c *checked) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.hash.Write(p[:n])
	switch {
	case err == io.EOF && keyed+hex.EncodeToString(c.hash.Sum(nil)) != c.want:
		err = fmt.Errorf("content %s is not what its digest says: the store is damaged", c.want)
	case err != nil && err != io.EOF:
		err = fmt.Errorf("content %s: %w", c.want, err)
	}
	return n, err
}
