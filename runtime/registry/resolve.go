package registry

import (
	"context"
	"fmt"
	"slices"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Image is what a name stands for.
type Image struct {
	// Digest is that of the bytes which the registry gave, an index's where there is one:
	// "sha256:…".
	Digest string
	// Platforms that it runs on, such as "linux/arm64/v8", sorted; what an index holds beside
	// images, such as attestations, is left out.
	Platforms []string
	// Created is when the image was made, of an index its first image; zero when it does not say.
	Created time.Time
}

// Resolve asks the registry of a reference which image it stands for now. The digest is computed
// from the answer, never taken from what the registry says of it. The error is an *Error.
func Resolve(ctx context.Context, ref string, o Options) (Image, error) {
	parsed, err := o.parse(ref)
	if err != nil {
		return Image{}, err
	}
	d, err := remote.Get(parsed, o.Remote(ctx)...)
	if err != nil {
		return Image{}, Failure(ref, err)
	}
	out := Image{Digest: d.Digest.String()}
	switch {
	case d.MediaType.IsIndex():
		err = out.index(d)
	case d.MediaType.IsImage():
		err = out.single(d.Image())
	default:
		err = fmt.Errorf("expected an image, found %s", d.MediaType)
	}
	if err != nil {
		return Image{}, Failure(ref, err)
	}
	return out, nil
}

func (i *Image) index(d *remote.Descriptor) error {
	index, err := d.ImageIndex()
	if err != nil {
		return err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return err
	}
	first := true
	for _, m := range manifest.Manifests {
		if m.Platform == nil || !m.MediaType.IsImage() || m.Platform.OS == "unknown" {
			continue
		}
		i.Platforms = append(i.Platforms, m.Platform.String())
		if first {
			first = false
			if err := i.made(index.Image(m.Digest)); err != nil {
				return err
			}
		}
	}
	slices.Sort(i.Platforms)
	i.Platforms = slices.Compact(i.Platforms)
	return nil
}

// made reads when an image was made.
func (i *Image) made(img v1.Image, err error) error {
	if err != nil {
		return err
	}
	config, err := img.ConfigFile()
	if err != nil {
		return err
	}
	i.Created = config.Created.UTC()
	return nil
}

func (i *Image) single(img v1.Image, err error) error {
	if err := i.made(img, err); err != nil {
		return err
	}
	config, err := img.ConfigFile()
	if err != nil {
		return err
	}
	if p := config.Platform(); p != nil && p.OS != "" {
		i.Platforms = []string{p.String()}
	}
	return nil
}
