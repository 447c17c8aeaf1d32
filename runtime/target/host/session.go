package host

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/pipelang/pipe/runtime/target"
	"github.com/pipelang/pipe/runtime/target/host/supervisor"
)

// session runs the attempts of one run.
type session struct {
	run      target.Run
	environ  []string // pipe's own
	basic    []string // what of it every process gets
	folder   *folder
	workshop *workshop
	memory   *memory
	// turn is held by the one attempt that works in the real tree.
	turn chan struct{}
	// kill ends when nothing is waited for any more, or with the session.
	kill   context.Context
	closed context.CancelFunc
	// start gives the supervisor, and starts it where it is not there; client is it once it is.
	start        func() (*supervisor.Client, error)
	client       atomic.Pointer[supervisor.Client]
	warming      sync.WaitGroup
	acknowledges atomic.Bool // output is written down by who asked for traces
}

func newSession(run target.Run, f *folder, kind workspaceKind) *session {
	env := environ(run)
	s := &session{
		run:     run,
		environ: env,
		basic:   basicEnv(env),
		folder:  f,
		memory:  &memory{path: run.Digests},
		turn:    make(chan struct{}, 1),
		kill:    context.Background(),
		closed:  func() {},
	}
	s.start = sync.OnceValues(s.startKeeper)
	s.workshop = newWorkshop(run.Root, ownIn(run.Root, run.Store), f, kind, s.keeper)
	if run.Kill != nil {
		s.kill, s.closed = context.WithCancel(context.Background())
		go s.watchKill()
	}
	return s
}

// watchKill ends the session's kill context when the run's channel is closed.
func (s *session) watchKill() {
	select {
	case <-s.run.Kill:
		s.closed()
	case <-s.kill.Done():
	}
}

// Start runs one attempt; see target.Session.
func (s *session) Start(ctx context.Context, job target.Job, out target.Output) (target.Attempt, error) {
	if job.Image != "" {
		return nil, fmt.Errorf("image %s: this machine itself runs no images", job.Image)
	}
	a := &attempt{session: s, job: &job, out: out, base: s.folder.next()}
	if err := a.run(ctx); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// Warm starts the supervisor, which takes as long as ten short attempts.
func (s *session) Warm() {
	s.warming.Go(func() { _, _ = s.start() }) // the attempt gets the same error
}

// Close removes what the session made on disk.
func (s *session) Close() error {
	s.warming.Wait()
	s.workshop.settle()
	var ended error
	if c := s.client.Load(); c != nil {
		if ended = c.End(); ended != nil {
			ended = fmt.Errorf("the supervisor of the run: %w", ended)
		}
	}
	s.closed()
	_ = s.memory.save(s.run.Root) // what is not remembered is read again
	if err := errors.Join(ended, s.workshop.closeLayers(), s.folder.close()); err != nil {
		return fmt.Errorf("clean up after the run: %w", err)
	}
	return nil
}

// workspace makes the folder that a job asks for.
func (s *session) workspace(ctx context.Context, job *target.Job) (*workspace, error) {
	whole := job.AllTree || job.Inputs == nil
	switch {
	case job.InPlace:
		return s.inPlace(ctx)
	case !whole && len(job.Inputs) == 0:
		return s.workshop.empty()
	}
	binds, err := cacheBinds(job, s.run.Cache)
	if err != nil {
		return nil, err
	}
	if whole {
		return s.workshop.whole(ctx, binds)
	}
	return s.workshop.narrowed(ctx, job.Inputs, binds)
}

// inPlace waits for its turn in the real tree, which lasts until the workspace is closed.
func (s *session) inPlace(ctx context.Context) (*workspace, error) {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for another step that works in place: %w", context.Cause(ctx))
	}
	return &workspace{path: s.run.Root, discard: func() error {
		s.workshop.changed()
		<-s.turn
		return nil
	}}, nil
}

// keepFolder is where the kept files of a step go.
func (s *session) keepFolder(step string) string { return s.run.KeepFolder(step) }
