package image

import (
	"context"
	"runtime"
	"strings"

	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/native"
	"github.com/pipelang/pipe/runtime/registry"
)

func (o Ops) copy(ctx context.Context, c *native.Call) (value.Value, error) {
	from, to := c.Text("from"), c.Text("to")
	sink := o.access(c, "username", "password")
	told := int64(0)
	sink.Progress = func(done, total int64) {
		if done-told >= total/10 || done == total {
			told = done
			c.Logf("", "%d of %d bytes", done, total)
		}
	}
	c.Logf("", "copying %s to %s", from, to)
	digest, err := registry.Copy(ctx, from, to, o.access(c, "from_username", "from_password"), sink)
	if err != nil {
		return nil, failed(err)
	}
	ref, err := registry.Tagged(to)
	if err != nil {
		return nil, failed(err)
	}
	c.Logf("", "copied to %s@%s", ref, digest)
	return pushed(ref, digest), nil
}

func (o Ops) inspect(ctx context.Context, c *native.Call) (value.Value, error) {
	platform := "linux/" + runtime.GOARCH
	if c.Given("platform") {
		platform = c.Text("platform")
	}
	d, err := registry.Inspect(ctx, c.Text("ref"), platform, o.access(c, "username", "password"))
	if err != nil {
		return nil, failed(err)
	}
	out := value.Record{
		"image":  value.Image{Ref: strings.SplitN(c.Text("ref"), "@", 2)[0], Digest: d.Digest},
		"digest": value.String(d.Digest), "size": value.Size(d.Size), "layers": value.Int(d.Layers),
		"platforms": texts(d.Platforms), "labels": textMap(d.Labels), "env": variables(d.Env),
		"entrypoint": texts(d.Entrypoint), "cmd": texts(d.Cmd), "user": value.String(d.User),
	}
	if !d.Created.IsZero() {
		out["created"] = value.Timestamp(d.Created)
	}
	return out, nil
}

func texts(list []string) value.List {
	out := make(value.List, len(list))
	for i, s := range list {
		out[i] = value.String(s)
	}
	return out
}

func textMap(m map[string]string) value.Map {
	out := value.Map{}
	for k, v := range m {
		out[k] = value.String(v)
	}
	return out
}

// variables reads NAME=value.
func variables(list []string) value.Map {
	out := value.Map{}
	for _, kv := range list {
		k, v, _ := strings.Cut(kv, "=")
		out[k] = value.String(v)
	}
	return out
}
