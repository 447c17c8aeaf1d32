package image

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/native"
	"github.com/pipelang/pipe/runtime/registry"
	"github.com/pipelang/pipe/runtime/target/docker"
	"github.com/pipelang/pipe/runtime/target/docker/images"
)

// push is one call of image.push.
type push struct {
	call   *native.Call
	engine *docker.Engine
	id     string // of the image
	ref    string // that it is pushed as
	as     images.Login
	access registry.Options
	wait   time.Duration
}

// tries is how often a push is made before the op fails.
const tries = 3

func (o Ops) push(ctx context.Context, c *native.Call) (value.Value, error) {
	from := c.Image("image")
	name := from.Ref
	if c.Given("tag") {
		name = c.Text("tag")
	}
	if strings.HasPrefix(name, "sha256:") {
		return nil, native.Finalf("the image has no name to push it under: give it one with tag")
	}
	ref, err := registry.Tagged(name)
	if err != nil {
		return nil, failed(err)
	}
	p := &push{call: c, ref: ref, access: o.access(c, "username", "password"), wait: o.Wait}
	if err := p.login(ctx); err != nil {
		return nil, failed(err)
	}
	if p.engine, err = connect(ctx, c); err != nil {
		return nil, err
	}
	defer p.engine.Close()
	if p.id, err = images.Find(ctx, p.engine, from.Ref, from.Digest); err != nil {
		return nil, absent(err)
	}
	if err := images.Tag(ctx, p.engine, p.id, ref); err != nil {
		return nil, err
	}
	digest, err := p.untilProven(ctx)
	if err != nil {
		return nil, failed(err)
	}
	c.Logf("", "pushed %s@%s", ref, digest)
	return pushed(ref, digest), nil
}

// login settles who the engine pushes as, and tells the masker what must not be seen of it.
func (p *push) login(ctx context.Context) error {
	l, err := registry.LoginFor(ctx, p.ref, p.access)
	if err != nil {
		return err
	}
	for _, s := range l.Secrets() {
		p.call.Reveal(s)
	}
	parsed, err := registry.Parse(p.ref)
	if err != nil {
		return err
	}
	host := registry.Host(parsed)
	p.as = images.Login{Host: host, Username: l.Username, Password: l.Password, Identity: l.Identity, Bearer: l.Bearer}
	return nil
}

// untilProven pushes until the registry gives back what was pushed, a few times at most.
func (p *push) untilProven(ctx context.Context) (digest string, err error) {
	wait := p.wait
	for n := 1; ; n++ {
		digest, err = p.once(ctx)
		if err == nil || n == tries || !passes(err) {
			return digest, p.worded(err)
		}
		p.call.Logf("", "%s; trying again in %s", err, wait)
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return "", context.Cause(ctx)
		case <-timer.C:
		}
		wait *= 3
	}
}

// once pushes and reads back.
func (p *push) once(ctx context.Context) (string, error) {
	digest, err := images.Push(ctx, p.engine, p.ref, p.as, func(line string) { p.call.Logf("", "%s", line) })
	if err != nil {
		return "", err
	}
	proof, err := registry.Prove(ctx, p.ref, digest, p.access)
	var e *registry.Error
	if errors.As(err, &e) && e.Kind == registry.Unreachable && !p.engine.Local() {
		return digest, p.seen(ctx, digest)
	}
	if err != nil {
		return "", err
	}
	// Engines name images by their configuration, or as registries do.
	if proof.Config != p.id && digest != p.id {
		return "", &registry.Error{Ref: p.ref, Kind: registry.Unproven, Err: fmt.Errorf("the registry has the configuration %s under it, and the image's is %s", proof.Config, p.id)}
	}
	return digest, nil
}

// seen lets the engine read back from a registry that only it reaches.
func (p *push) seen(ctx context.Context, want string) error {
	got, err := images.Seen(ctx, p.engine, p.ref, p.as)
	if err == nil && got != want {
		err = &registry.Error{Ref: p.ref, Kind: registry.Unproven, Err: fmt.Errorf("the registry gives %s, and %s was pushed", got, want)}
	}
	return err
}

// passes says that another push may help. A registry that gave back another content is asked
// once more: a proxy before it may be behind.
func passes(err error) bool {
	var p *images.PushError
	var r *registry.Error
	switch {
	case errors.As(err, &p):
		return p.Passing
	case errors.As(err, &r):
		return r.Kind == registry.Failed || r.Kind == registry.Unreachable || r.Kind == registry.Unproven || r.Kind == registry.NotFound
	}
	return false
}

// worded adds the way out to what the engine passed on.
func (p *push) worded(err error) error {
	var e *images.PushError
	if !errors.As(err, &e) {
		return err
	}
	out := &native.Failure{Reason: e.Error(), Final: !e.Passing, Err: err}
	if e.Denied {
		out.Reason += ": run docker login " + p.as.Host + ", or hand over username and password"
	} else if strings.Contains(e.Reason, "dial tcp") {
		out.Reason += ": see that the registry's name is right, and that the engine reaches it"
	}
	return out
}
