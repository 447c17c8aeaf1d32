package docker

import (
	"context"
	"fmt"
	"net"
	"path"
	"slices"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	buildkit "github.com/moby/buildkit/client"

	"github.com/pipelang/pipe/runtime/target"
)

var _ target.Foreseer = (*session)(nil)

// Foresee says of an image that the engine has that a program would not start in it; see
// target.Foreseer.
func (s *session) Foresee(ctx context.Context, ref, program string) (string, error) {
	if s.images.pull == PullAlways {
		return "", nil // it may be another one by then
	}
	live, done := s.alive(ctx)
	defer done()
	found, err := s.images.inspect(live, ref)
	if err != nil {
		return "", nil // whoever uses it says why
	}
	if why := s.engine.cannotRun(live, found); why != "" {
		return why, nil
	}
	if program == "" {
		return "", nil
	}
	has, err := s.hasProgram(live, found, program)
	switch {
	case err != nil || has:
		return "", s.wrap(live, err)
	case strings.HasPrefix(program, "/"):
		return fmt.Sprintf("%q does not exist", program), nil
	}
	return fmt.Sprintf("%q is not in PATH", program), nil
}

// cannotRun says that an image is for a platform whose programs the engine does not run, emulated
// ones included. An engine that does not tell which it runs is asked by running.
func (e *Engine) cannotRun(ctx context.Context, found *image.InspectResponse) string {
	if found.Architecture == "" || e.platform == found.Os+"/"+found.Architecture {
		return ""
	}
	runs, err := e.Platforms(ctx)
	if err != nil || len(runs) == 0 || slices.Contains(runs, found.Os+"/"+found.Architecture) {
		return "" // also where nobody tells
	}
	return fmt.Sprintf("it is for %s/%s, and the engine runs %s: choose an image for one of these, or let the engine emulate that processor", found.Os, found.Architecture, strings.Join(runs, ", "))
}

// Platforms are those whose programs the engine runs, as "linux/amd64", by what its BuildKit found
// out, which engines have that build by another builder, too.
func (e *Engine) Platforms(ctx context.Context) ([]string, error) {
	c, err := buildkit.New(ctx, "", buildkit.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
		return e.api.DialHijack(ctx, "/grpc", "h2c", nil)
	}))
	if err != nil {
		return nil, e.Failure(ctx, err)
	}
	defer c.Close()
	workers, err := c.ListWorkers(ctx)
	if err != nil {
		return nil, e.Failure(ctx, err)
	}
	var out []string
	for _, w := range workers {
		for _, p := range w.Platforms {
			if name := p.OS + "/" + p.Architecture; !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	return out, nil
}

// usualPath is where programs of an image are that does not say.
const usualPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// hasProgram looks for a program in the files of a container that is never started.
func (s *session) hasProgram(ctx context.Context, found *image.InspectResponse, program string) (bool, error) {
	var env []string
	if found.Config != nil {
		env = found.Config.Env
	}
	where := []string{program}
	if !path.IsAbs(program) {
		where = nil
		paths := lookup(env, "PATH")
		if paths == "" {
			paths = usualPath
		}
		for dir := range strings.SplitSeq(paths, ":") {
			if !path.IsAbs(dir) {
				return true, nil // it depends on where programs run
			}
			where = append(where, path.Join(dir, program))
		}
	}
	made, err := s.engine.api.ContainerCreate(ctx, &container.Config{
		Image: found.ID, Entrypoint: []string{"/never"}, Labels: s.owner.labels("", 0),
	}, &container.HostConfig{NetworkMode: "none"}, nil, nil, "")
	if err != nil {
		return false, fmt.Errorf("look into the image: %w", err)
	}
	defer s.later(func(ctx context.Context) error { return s.engine.removeContainer(ctx, made.ID) })
	for _, p := range where {
		_, err := s.engine.api.ContainerStatPath(ctx, made.ID, p)
		if err == nil {
			return true, nil
		}
		if !errdefs.IsNotFound(err) {
			return true, nil // nothing is known: running it will tell
		}
	}
	return false, nil
}
