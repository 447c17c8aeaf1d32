package docker

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/mount"

	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/target"
	"github.com/pipelang/pipe/runtime/target/host"
)

var _ target.Adopter = (*session)(nil)

// Traces are the containers of this run's attempts that were started; see target.Adopter. A
// container that was made and not started is none: no process of it ever ran. One that was started
// and removed since is lost.
func (s *session) Traces(ctx context.Context) ([]target.Trace, error) {
	all, err := s.attempts(ctx)
	if err != nil {
		return nil, s.wrap(ctx, err)
	}
	var out []target.Trace
	for _, c := range all {
		n, err := strconv.Atoi(c.Labels[labelAttempt])
		if err != nil || c.State == "created" {
			continue
		}
		t := target.Trace{Step: c.Labels[labelStep], Attempt: n, Started: time.Unix(c.Created, 0), State: target.Ended}
		switch c.State {
		case "running", "paused", "restarting":
			t.State = target.Running
		case "dead", "removing":
			t.State = target.Lost
		default:
			t.Ended = s.engine.endOf(ctx, c.ID, time.Time{})
		}
		out = append(out, t)
	}
	return append(out, s.gone(all)...), nil
}

// attempts are the containers of this run's attempts.
func (s *session) attempts(ctx context.Context, more ...filters.KeyValuePair) ([]container.Summary, error) {
	f := s.owner.filter()
	f.Add("label", labelRun+"="+s.owner.Run)
	f.Add("label", labelAttempt)
	for _, m := range more {
		f.Add(m.Key, m.Value)
	}
	return s.engine.api.ContainerList(ctx, container.ListOptions{All: true, Filters: f})
}

// Adopt goes on with a container that an earlier pipe started: its output comes from the
// engine's log, its end from the engine; see target.Adopter.
func (s *session) Adopt(ctx context.Context, job target.Job, out target.Output) (target.Attempt, error) {
	live, done := s.alive(context.WithoutCancel(ctx)) // one that is to end has to be found first
	defer done()
	found, err := s.attempts(live, filters.Arg("label", labelStep+"="+job.Step), filters.Arg("label", labelAttempt+"="+strconv.Itoa(job.Attempt)))
	if err != nil {
		return nil, s.wrap(live, err)
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("step %s, attempt %d: %w", job.Step, job.Attempt, target.ErrNoTrace)
	}
	made, err := s.engine.api.ContainerInspect(live, found[0].ID)
	if err != nil {
		return nil, s.wrap(live, err)
	}
	switch made.State.Status {
	case "created":
		return nil, errors.Join(fmt.Errorf("step %s, attempt %d: %w", job.Step, job.Attempt, target.ErrNoTrace), s.engine.removeContainer(live, made.ID))
	case "dead", "removing":
		return nil, fmt.Errorf("step %s, attempt %d: %w", job.Step, job.Attempt, target.ErrLost)
	}
	a := &attempt{session: s, job: &job, id: made.ID, args: append(made.Config.Entrypoint, made.Config.Cmd...), nonce: made.Config.Labels[labelNonce], begun: -1,
		image: &image.InspectResponse{ID: made.Image}, made: time.Unix(found[0].Created, 0).Add(-clockGrain)}
	if err := a.recover(live, made, out); err != nil {
		return nil, err
	}
	if err := a.goOn(ctx, live); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// recover finds the workspace of a container again: the engine knows what it was shown.
func (a *attempt) recover(ctx context.Context, made container.InspectResponse, out target.Output) error {
	left := host.Left{Out: &behind{out: out, written: a.job.Written}, Seen: beside}
	a.sharing.files = filesShip
	for _, m := range made.Mounts {
		switch {
		case m.Destination == beside:
			left.Beside, a.sharing.files = m.Source, filesBind
		case m.Destination == workspaceAt && m.Type == mount.TypeBind:
			left.Folder = m.Source
		case m.Destination == workspaceAt:
			v, err := a.session.engine.api.VolumeInspect(ctx, m.Name)
			if err != nil {
				return a.session.wrap(ctx, err)
			}
			left.Layers = layersOf(v.Options["o"])
		}
	}
	var err error
	a.Workspace, err = a.session.spaces.Recover(a.job, left)
	if err == nil && a.sharing.files == filesShip {
		a.ReadFrom(a.fetch)
	}
	return err
}

// layersOf reads the options of an overlay that volume wrote.
func layersOf(options string) *host.Layers {
	out := &host.Layers{}
	for part := range strings.SplitSeq(options, ",") {
		name, v, _ := strings.Cut(part, "=")
		switch name {
		case "lowerdir":
			out.Lower = strings.Split(v, ":")
		case "upperdir":
			out.Upper = v
		case "workdir":
			out.Work = v
		default:
			out.Options += "," + part
		}
	}
	return out
}

// goOn reads the container's log from its start, waits for its end, and settles it.
func (a *attempt) goOn(ctx, live context.Context) error {
	api := a.session.engine.api
	reading, quit := a.session.alive(context.Background())
	defer quit()
	a.stdout, a.stderr = a.newMarks(event.Stdout), a.newMarks(event.Stderr)
	log, err := api.ContainerLogs(reading, a.id, container.LogsOptions{ShowStdout: true, ShowStderr: true, Follow: true})
	if err != nil {
		return a.session.wrap(live, fmt.Errorf("read the log of the container: %w", err))
	}
	defer log.Close()
	exit, failed := api.ContainerWait(reading, a.id, container.WaitConditionNotRunning)
	stop := a.stopWith(ctx)
	defer stop.release()
	read := make(chan error, 1)
	go func() { read <- a.frames(log) }()
	code, stop, err := a.end(exit, failed, read, stop)
	if err != nil {
		return a.session.wrap(live, err)
	}
	return a.settle(live, code, stop)
}

// Acknowledge has nothing to do: the engine keeps a container's log until the attempt is closed.
func (s *session) Acknowledge(string, int, event.Stream, int64) {}

// behind leaves out what an earlier pipe wrote down.
type behind struct {
	out     target.Output
	written map[event.Stream]int64
	passed  map[event.Stream]int64
}

func (b *behind) Write(stream event.Stream, section string, p []byte) {
	if b.passed == nil {
		b.passed = map[event.Stream]int64{}
	}
	skip := min(max(0, b.written[stream]-b.passed[stream]), int64(len(p)))
	b.passed[stream] += int64(len(p))
	if p = p[skip:]; len(p) > 0 && b.out != nil {
		b.out.Write(stream, section, p)
	}
}
