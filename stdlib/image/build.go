package image

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/native"
	"github.com/pipelang/pipe/runtime/registry"
	builder "github.com/pipelang/pipe/runtime/target/docker/build"
)

func build(ctx context.Context, c *native.Call) (value.Value, error) {
	r, err := request(c)
	if err != nil {
		return nil, err
	}
	if dir, given := c.Dir("context_dir"); given {
		temp, err := c.TempDir()
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(temp)
		r.Context = filepath.Join(temp, "context")
		if err := c.Artifacts.GetDir(ctx, dir, r.Context); err != nil {
			return nil, fmt.Errorf("context_dir: %w", err)
		}
	}
	if info, err := os.Stat(r.Context); err != nil || !info.IsDir() {
		return nil, native.Finalf("context: there is no folder %s: paths start from the folder of the file that calls", path.Clean("/" + c.Text("context"))[1:])
	}
	e, err := connect(ctx, c)
	if err != nil {
		return nil, err
	}
	defer e.Close()
	if !e.BuildKit() && e.Windows() {
		return nil, native.Finalf("the engine at %s has no BuildKit, which builds images: use one that runs Linux containers", e.Endpoint().Host)
	}
	made, err := builder.Build(ctx, e, r, func(section string, p []byte) { c.Write(section, append(slices.Clip(p), '\n')) })
	if err != nil {
		return nil, unbuilt(err)
	}
	c.Logf("context", "%d files, %s; %s sent", made.Files, size(made.Bytes), size(made.Sent))
	for _, w := range made.Warnings {
		c.Notice(notice(r.Display, w))
	}
	c.Logf("", "built %s, %s", made.ID, size(made.Size))
	return built(r, made), nil
}

func built(r builder.Request, made builder.Result) value.Value {
	ref := made.ID
	if len(r.Tags) > 0 {
		ref = r.Tags[0]
	}
	list := value.List{}
	for _, w := range made.Warnings {
		list = append(list, value.Record{"rule": value.String(w.Rule), "message": value.String(w.Message),
			"file": value.String(r.Display), "line": value.Int(w.Line), "url": value.String(w.URL)})
	}
	return value.Record{
		"image":  value.Image{Ref: ref, Digest: made.ID},
		"digest": value.String(made.ID), "size": value.Size(made.Size), "warnings": list,
	}
}

func notice(file string, w builder.Warning) string {
	text := w.Message
	if w.Rule != "" {
		text += " (" + w.Rule + ")"
	}
	if w.Line > 0 {
		return fmt.Sprintf("%s:%d: %s", file, w.Line, text)
	}
	return file + ": " + text
}

func unbuilt(err error) error {
	var e *builder.Error
	if !errors.As(err, &e) {
		return err
	}
	return &native.Failure{Reason: e.Reason, Exit: e.Exit, Final: e.Final, Err: err}
}

// request reads the arguments.
func request(c *native.Call) (builder.Request, error) {
	folder := path.Clean("/" + c.Text("context"))[1:]
	r := builder.Request{
		Context: within(c, folder), Display: path.Join(folder, "Dockerfile"), Target: c.Text("target"),
		Args: c.TextMap("args"), Labels: c.TextMap("labels"), Secrets: contents(c, "secrets"), SSHKeys: contents(c, "ssh"),
		Platforms: c.Texts("platforms"), CacheFrom: c.Texts("cache_from"), CacheTo: c.Texts("cache_to"),
		NoCache: c.Flag("no_cache"), Pull: c.Flag("pull"), Network: c.Text("network"), Logins: logins(c),
	}
	if at, given := c.Time("source_date_epoch"); given {
		r.Epoch = &at
	}
	if c.Given("dockerfile") && c.Given("dockerfile_text") {
		return r, native.Finalf("dockerfile and dockerfile_text are both given: leave one out")
	}
	if c.Given("dockerfile") {
		r.Display = path.Clean("/" + c.Text("dockerfile"))[1:]
		r.Dockerfile = within(c, r.Display)
	}
	if text := c.Text("dockerfile_text"); c.Given("dockerfile_text") {
		r.Text, r.Display = &text, "dockerfile_text"
	}
	if c.Flag("ssh_agent") {
		if r.SSHAgent = c.Env("SSH_AUTH_SOCK"); r.SSHAgent == "" {
			return r, native.Finalf("ssh_agent: SSH_AUTH_SOCK is not set: start an agent, or hand a key over in ssh")
		}
		conn, err := net.Dial("unix", r.SSHAgent)
		if err != nil {
			return r, native.Finalf("ssh_agent: no agent answers at %s, which SSH_AUTH_SOCK names: start one, or hand a key over in ssh", r.SSHAgent)
		}
		conn.Close()
	}
	tags := c.Texts("tags")
	if c.Given("tag") {
		tags = append([]string{c.Text("tag")}, tags...)
	}
	for _, t := range tags {
		ref, err := registry.Tagged(t)
		if err != nil {
			return r, failed(err)
		}
		r.Tags = append(r.Tags, ref)
	}
	return r, nil
}

func contents(c *native.Call, name string) map[string][]byte {
	out := map[string][]byte{}
	for k, v := range c.TextMap(name) {
		out[k] = []byte(v)
	}
	return out
}

// logins gives what docker's configuration holds for the registries of base images.
func logins(c *native.Call) func(host string) (string, string, error) {
	return func(host string) (string, string, error) {
		l, err := registry.LoginFor(context.Background(), host+"/any", registry.Options{})
		if err != nil {
			return "", "", err
		}
		for _, s := range l.Secrets() {
			c.Reveal(s)
		}
		return l.Username, l.Password + l.Identity, nil
	}
}

// size is a number of bytes as people read it.
func size(n int64) string {
	switch {
	case n < 10_000:
		return fmt.Sprintf("%d B", n)
	case n < 10_000_000:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}
