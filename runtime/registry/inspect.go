package registry

import (
	"context"
	"fmt"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Details are what a registry tells of an image of one platform.
type Details struct {
	Image
	// Size is what a pull transfers of it, in bytes: manifest, configuration and layers.
	Size       int64
	Layers     int
	Labels     map[string]string
	Env        []string // NAME=value
	Entrypoint []string
	Cmd        []string
	User       string
}

// Inspect looks at an image without pulling it. Of an index it takes the platform's, such as
// "linux/arm64"; Digest and Platforms are those of the whole. The error is an *Error.
func Inspect(ctx context.Context, ref, platform string, o Options) (Details, error) {
	whole, err := Resolve(ctx, ref, o)
	if err != nil {
		return Details{}, err
	}
	want, err := v1.ParsePlatform(platform)
	if err != nil {
		return Details{}, &Error{Ref: ref, Kind: Invalid, Err: fmt.Errorf("platform %q: %w", platform, err)}
	}
	parsed, err := o.parse(Repository(ref) + "@" + whole.Digest)
	if err != nil {
		return Details{}, err
	}
	img, err := remote.Image(parsed, append(o.Remote(ctx), remote.WithPlatform(*want))...)
	if err != nil && len(whole.Platforms) > 1 {
		err = fmt.Errorf("no image for %s, there are %s: %w", platform, strings.Join(whole.Platforms, ", "), err)
	}
	if err != nil {
		return Details{}, Failure(ref, err)
	}
	out := Details{Image: whole}
	if err := out.read(img); err != nil {
		return Details{}, Failure(ref, err)
	}
	return out, nil
}

func (d *Details) read(img v1.Image) error {
	manifest, err := img.Manifest()
	if err != nil {
		return err
	}
	size, err := img.Size()
	if err != nil {
		return err
	}
	config, err := img.ConfigFile()
	if err != nil {
		return err
	}
	d.Size, d.Layers = size+manifest.Config.Size, len(manifest.Layers)
	for _, l := range manifest.Layers {
		d.Size += l.Size
	}
	d.Created = config.Created.UTC()
	c := config.Config
	d.Labels, d.Env, d.Entrypoint, d.Cmd, d.User = c.Labels, c.Env, c.Entrypoint, c.Cmd, c.User
	return nil
}
