package docker

import (
	"context"
	"fmt"
	"strings"

	"github.com/docker/docker/api/types/container"

	"github.com/pipelang/pipe/runtime/target"
)

var (
	_ target.Lingering = (*session)(nil)
	_ target.Lingerer  = Target{}
)

// Lingers names the engine, on which a container goes on when pipe is killed; see target.Lingering.
func (s *session) Lingers() string { return s.engine.endpoint.Host }

// Outlast waits for the containers of a run whose pipe is gone; see target.Lingerer.
func (t Target) Outlast(ctx context.Context, run target.Run, left target.Left, waits func() error) error {
	where := t.Endpoint
	if where.Environ == nil {
		where.Environ = run.Environ
	}
	if known, err := where.resolve(where.environ()); err != nil || known.Host != left.Where {
		where = Endpoint{Host: left.Where, Environ: where.Environ}
	}
	e, err := Connect(ctx, where)
	if err != nil {
		return err
	}
	defer e.Close()
	for told := false; ; told = true {
		id, err := e.atWork(ctx, ownerOf(run), left)
		if err != nil || id == "" {
			return e.Failure(ctx, err)
		}
		if !told {
			if err := waits(); err != nil {
				return err
			}
		}
		if err := e.awaitEnd(ctx, id); err != nil {
			return e.Failure(ctx, err)
		}
	}
}

// atWork gives a container that runs an attempt of what is left; "" is none.
func (e *Engine) atWork(ctx context.Context, mine owner, left target.Left) (string, error) {
	f := mine.filter()
	f.Add("label", labelRun+"="+left.Run)
	f.Add("label", labelAttempt)
	for _, state := range []string{"running", "paused", "restarting"} {
		f.Add("status", state)
	}
	all, err := e.api.ContainerList(ctx, container.ListOptions{Filters: f})
	if err != nil {
		return "", err
	}
	for _, c := range all {
		step := c.Labels[labelStep]
		if left.Step == "" || step == left.Step || strings.HasPrefix(step, left.Step+"/") {
			return c.ID, nil
		}
	}
	return "", nil
}

// awaitEnd waits until a container does not run any more, or is gone.
func (e *Engine) awaitEnd(ctx context.Context, id string) error {
	ended, failed := e.api.ContainerWait(ctx, id, container.WaitConditionNotRunning)
	select {
	case <-ended:
		return nil
	case err := <-failed:
		if err = goneIsFine(err); err != nil {
			return fmt.Errorf("wait for container %s: %w", id, err)
		}
		return nil
	}
}
