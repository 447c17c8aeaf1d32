package docker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"

	"github.com/pipelang/pipe/runtime/target"
	"github.com/pipelang/pipe/runtime/target/host"
)

// attempt is one run of an op in a container of its own, and what it leaves until it is closed.
type attempt struct {
	*host.Workspace
	session *session
	job     *target.Job
	image   *image.InspectResponse
	sharing sharing
	args    []string
	nonce   string // "" where there is one script
	// deadline is when its time is over; zero is never.
	deadline time.Time
	id       string    // of the container
	made     time.Time // not after the container was

	stdout, stderr *marks
	initSaid       string
	wrote          bool
	outputs        bool // $PIPE_OUTPUT was fetched, where it is elsewhere
	fetched        fetched
	scripts        []scriptEnd
	begun          int // the index of the script that began last and has not ended; -1 for none
}

// scriptEnd is how one of several scripts ended.
type scriptEnd struct {
	index   int
	code    int
	missing bool
}

func (a *attempt) ended(i, code int, missing bool) {
	a.scripts = append(a.scripts, scriptEnd{i, code, missing})
	a.begun = -1
}

// start runs the container to its end. live ends with the engine, too.
func (a *attempt) start(ctx, live context.Context) error {
	if err := context.Cause(live); err != nil {
		return err
	}
	if err := a.create(live); err != nil {
		return a.session.wrap(live, err)
	}
	code, stop, err := a.run(ctx, live)
	if err != nil {
		return a.session.wrap(live, err)
	}
	return a.settle(live, code, stop)
}

// create makes the container, with all that it needs in it.
func (a *attempt) create(ctx context.Context) (err error) {
	if err := a.reachesServices(); err != nil {
		return err
	}
	if a.args, err = a.command(); err != nil {
		return err
	}
	home := filepath.Join(a.Beside(), "home")
	if err := errors.Join(os.Mkdir(home, 0o777), os.Chmod(home, 0o777)); err != nil {
		return err
	}
	config, limits, err := a.config()
	if err != nil {
		return err
	}
	if a.sharing.files == filesBind {
		a.Rest()
	}
	config.Entrypoint, config.Cmd = a.args[:1], a.args[1:]
	a.stdout, a.stderr = a.newMarks("stdout"), a.newMarks("stderr")
	a.made = time.Now().Add(-clockGrain)
	made, err := a.session.engine.api.ContainerCreate(ctx, config, limits, nil, nil, "")
	if errdefs.IsNotFound(err) && strings.Contains(err.Error(), "image") {
		a.session.images.forget(a.job.Image)
		return &ImageError{Image: a.job.Image, Kind: ErrNoImage, Err: errors.New("it was removed from the engine during the run"), WayOut: "run again"}
	}
	if err != nil {
		return createFailed(err)
	}
	a.id = made.ID
	if err := a.join(ctx); err != nil {
		return err
	}
	if a.sharing.files == filesShip {
		return a.ship(ctx)
	}
	return nil
}

// run starts the container and follows it to its end.
func (a *attempt) run(ctx, live context.Context) (code int, stop *stopper, err error) {
	api := a.session.engine.api
	// Not ctx: what a container says while it ends is to be read, too.
	reading, quit := a.session.alive(context.Background())
	defer quit()
	stream, err := api.ContainerAttach(reading, a.id, container.AttachOptions{Stream: true, Stdout: true, Stderr: true})
	if err != nil {
		return 0, nil, fmt.Errorf("attach to the container: %w", err)
	}
	defer stream.Close()
	exit, failed := api.ContainerWait(reading, a.id, container.WaitConditionNextExit)
	if err := a.session.begin(a.id, a.job); err != nil {
		return 0, nil, fmt.Errorf("write down that the container starts: %w", err)
	}
	if err := api.ContainerStart(live, a.id, container.StartOptions{}); err != nil {
		if ctx.Err() == nil || context.Cause(a.session.lost) != nil {
			return 0, nil, startFailed(err)
		}
	}
	stop = a.stopWith(ctx)
	defer stop.release()
	return a.end(exit, failed, a.follow(stream), stop)
}

// end waits for the container's end.
func (a *attempt) end(exit <-chan container.WaitResponse, failed <-chan error, read <-chan error, stop *stopper) (int, *stopper, error) {
	select {
	case got := <-exit:
		<-read
		if got.Error != nil {
			return 0, stop, errors.New(got.Error.Message)
		}
		return int(got.StatusCode), stop, nil
	case err := <-failed:
		return a.afterLoss(err, stop)
	case <-stop.gaveUp:
		return 0, stop, errors.New("the container does not end, even by SIGKILL: see what the engine's log says")
	case <-a.session.lost.Done():
		return 0, stop, context.Cause(a.session.lost)
	}
}

// follow reads output until it ends.
func (a *attempt) follow(stream types.HijackedResponse) <-chan error {
	done := make(chan error, 1)
	go func() { done <- a.frames(stream.Reader) }()
	return done
}

// afterLoss says what became of a container when the engine broke off.
func (a *attempt) afterLoss(err error, stop *stopper) (int, *stopper, error) {
	ctx, cancel := context.WithTimeout(context.Background(), lastCall)
	defer cancel()
	if errdefs.IsNotFound(err) {
		return 0, stop, ErrContainerGone
	}
	for {
		state, inspectErr := a.session.engine.api.ContainerInspect(ctx, a.id)
		switch {
		case inspectErr == nil && state.State.Running:
			return 0, stop, fmt.Errorf("the engine broke off the connection: %w", err)
		case inspectErr == nil, errdefs.IsNotFound(inspectErr):
			return 0, stop, fmt.Errorf("%w while the step ran", ErrRestarted)
		}
		select {
		case <-ctx.Done():
			return 0, stop, a.session.engine.endpoint.failure(ctx, inspectErr)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Close removes the container, and the workspace when nothing needs it any more. Only what
// others could see meanwhile is waited for: secrets, and the real tree.
func (a *attempt) Close() error {
	if a.session == nil {
		return nil
	}
	s, id, space := a.session, a.id, a.Workspace
	a.session = nil
	wait := a.job.InPlace
	err := space.Unplace()
	remove := func(ctx context.Context) error {
		var err error
		if id != "" {
			err = s.closed(id) // first: a mark without a container is of an attempt that was lost
			if failed := s.engine.removeContainer(ctx, id); failed != nil {
				err = errors.Join(err, fmt.Errorf("remove container %s: %w", id, failed))
			}
		}
		return errors.Join(err, space.Close())
	}
	if !wait {
		s.later(remove)
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), lastCall)
	defer cancel()
	return errors.Join(err, remove(ctx))
}
