package registry

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

func bytesOf(b []byte) io.Reader { return bytes.NewReader(b) }

// Copy copies an image, or an index with all that it holds, from one registry to another,
// and reads it back. What is there already is not sent. The digest stays the same. The error
// is an *Error.
func Copy(ctx context.Context, from, to string, source, sink Options) (string, error) {
	src, err := source.parse(from)
	if err != nil {
		return "", err
	}
	dst, err := sink.parse(to)
	if err != nil {
		return "", err
	}
	got, err := remote.Get(src, source.Remote(ctx)...)
	if err != nil {
		return "", Failure(from, err)
	}
	opts, done := sink.reporting(sink.Remote(ctx))
	switch {
	case got.MediaType.IsIndex():
		var index v1.ImageIndex
		if index, err = got.ImageIndex(); err == nil {
			err = remote.WriteIndex(dst, index, opts...)
		}
	case got.MediaType.IsImage():
		var img v1.Image
		if img, err = got.Image(); err == nil {
			err = remote.Write(dst, img, opts...)
		}
	default:
		err = errors.New("expected an image, found " + string(got.MediaType))
	}
	done()
	if err != nil {
		return "", Failure(to, err)
	}
	proof, err := Prove(ctx, to, got.Digest.String(), sink)
	return proof.Digest, err
}

// reporting adds Progress to the options of a write; done ends it, once the write has returned.
func (o Options) reporting(opts []remote.Option) (_ []remote.Option, done func()) {
	if o.Progress == nil {
		return opts, func() {}
	}
	updates := make(chan v1.Update, 64)
	var told sync.WaitGroup
	told.Go(func() {
		var most int64 // reports of several uploads overtake each other
		for u := range updates {
			if u.Error == nil && u.Complete > most {
				most = u.Complete
				o.Progress(most, u.Total)
			}
		}
	})
	return append(opts, remote.WithProgress(updates)), told.Wait
}
