package docker_test

import (
	"context"
	"testing"

	"github.com/pipelang/pipe/runtime/target"
	"github.com/pipelang/pipe/runtime/target/conformance"
	"github.com/pipelang/pipe/runtime/target/docker"
	"github.com/pipelang/pipe/runtime/target/docker/dockertest"
)

// One engine is used in all three ways in which an engine may get at workspaces.
func TestConformance(t *testing.T) {
	engine := dockertest.Engine(t)
	image := dockertest.Tools(t, engine)
	for name, env := range map[string][]string{
		"layers":  {"PIPE_DOCKER_FILES=bind"},
		"folders": {"PIPE_DOCKER_FILES=bind", "PIPE_WORKSPACE=copy"},
		"shipped": {"PIPE_DOCKER_FILES=ship"},
	} {
		if testing.Short() && name != "layers" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			conformance.Run(t, conformance.Place{
				Open: tidily(t, engine), Image: image, Environ: env, Apart: name == "shipped",
				At: "/workspace", LeaderEndsAll: true, FilesOnly: name != "layers",
			})
		})
	}
}

// tidily opens the engine as a target, whose caches are removed with the test.
func tidily(t *testing.T, engine *docker.Engine) func(context.Context, target.Run) (target.Session, error) {
	return func(ctx context.Context, run target.Run) (target.Session, error) {
		t.Cleanup(func() {
			if err := engine.ForgetCaches(context.Background(), run); err != nil {
				t.Error(err)
			}
		})
		return docker.New(docker.Endpoint{}).Open(ctx, run)
	}
}
