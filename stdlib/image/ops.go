// Package image implements the native ops of std/image over the engine's builder, the engine's
// images and registries. It knows nothing of how ops are scheduled and retried as a whole, and
// parses no file.
package image

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/native"
	"github.com/pipelang/pipe/runtime/registry"
	"github.com/pipelang/pipe/runtime/target/docker"
	"github.com/pipelang/pipe/runtime/target/docker/images"
)

// Ops are the implementations of std/image. The zero value is not ready; see New.
type Ops struct {
	// Wait is what passes before the second of three tries; the third waits three times as long.
	Wait time.Duration
}

// New has the waits that suit registries.
func New() Ops { return Ops{Wait: time.Second} }

// Register has the ops by their IDs.
func (o Ops) Register() native.Register {
	return native.Register{
		"std/image.build": build, "std/image.push": o.push, "std/image.tag": tag,
		"std/image.copy": o.copy, "std/image.inspect": o.inspect,
	}
}

// connect finds the engine of the call's target, without one that which the docker command would use.
func connect(ctx context.Context, c *native.Call) (*docker.Engine, error) {
	var where docker.Endpoint
	if c.Target != nil {
		t, is := c.Target.(docker.Target)
		if !is {
			return nil, native.Finalf("it works on a Docker engine, and the target of this step is none: leave the target out, or name one of the kind docker")
		}
		where = t.Endpoint
	}
	if where.Environ == nil {
		where.Environ = c.Environ
	}
	return docker.Connect(ctx, where)
}

// within is a path of the repository as the machine has it.
func within(c *native.Call, path string) string {
	return filepath.Join(c.Root, filepath.FromSlash(path))
}

// access is how a registry is asked in a call: as the arguments of these names say, or as
// docker's configuration does.
func (o Ops) access(c *native.Call, username, password string) registry.Options {
	out := registry.Options{Wait: &o.Wait, Insecure: c.Flag("insecure")}
	if c.Given(username) || c.Given(password) {
		out.Keychain = registry.Login{Username: c.Text(username), Password: c.Text(password)}.Keychain()
	}
	return out
}

// failed words a registry's failure with its way out.
func failed(err error) error {
	var e *registry.Error
	if !errors.As(err, &e) {
		return err
	}
	final := e.Kind == registry.Invalid || e.Kind == registry.Denied || e.Kind == registry.Credentials || e.Kind == registry.NotFound || e.Kind == registry.Insecure
	return &native.Failure{Reason: e.Error() + ": " + e.Help(), Final: final, Err: err}
}

func tag(ctx context.Context, c *native.Call) (value.Value, error) {
	ref, err := registry.Tagged(c.Text("tag"))
	if err != nil {
		return nil, failed(err)
	}
	e, err := connect(ctx, c)
	if err != nil {
		return nil, err
	}
	defer e.Close()
	from := c.Image("image")
	id, err := images.Find(ctx, e, from.Ref, from.Digest)
	if err != nil {
		return nil, absent(err)
	}
	if err := images.Tag(ctx, e, id, ref); err != nil {
		return nil, err
	}
	c.Logf("", "%s is now also %s", id, ref)
	return value.Record{"image": value.Image{Ref: ref, Digest: id}}, nil
}

// absent is final: no further attempt brings the image about.
func absent(err error) error {
	if errors.Is(err, images.ErrAbsent) {
		return &native.Failure{Reason: err.Error(), Final: true, Err: err}
	}
	return err
}

func pushed(ref, digest string) value.Value {
	return value.Record{"ref": value.Image{Ref: ref, Digest: digest}, "digest": value.String(digest)}
}
