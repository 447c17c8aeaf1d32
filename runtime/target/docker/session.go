package docker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/pipelang/pipe/runtime/target"
	"github.com/pipelang/pipe/runtime/target/host"
)

// session runs the attempts of one run in containers.
type session struct {
	engine *Engine
	run    target.Run
	owner  owner
	spaces *host.Workspaces
	images *images
	memory int64  // what a container may use, in bytes, where an op does not say
	user   string // whom containers run as, where an op does not say
	forced files
	// earlier is what was on the engine of this run when it was opened.
	earlier []Left
	// share settles how the engine gets at workspaces, with the first image that is there.
	share func(ctx context.Context, image string) (sharing, error)

	patience time.Duration // how long the engine may take to answer
	removals chan struct{} // one for each removal under way behind a step's back

	// lost ends, with its cause, when the engine does not answer any more.
	lost   context.Context
	giveUp context.CancelCauseFunc

	mu       sync.Mutex
	failures error // of removals behind a step's back
}

// maxRemovals bounds what is on the engine and no longer needed.
const maxRemovals = 4

const (
	pulse     = 5 * time.Second  // how often a living engine is asked
	unhealthy = 20 * time.Second // how long it may take to answer
	lastCall  = 10 * time.Second // how long a call may take that cleans up
)

// watch looks after the engine: one that hangs must not hang the run.
func (s *session) watch() {
	s.lost, s.giveUp = context.WithCancelCause(context.Background())
	go func() {
		beat := time.NewTicker(min(pulse, s.patience))
		defer beat.Stop()
		for {
			select {
			case <-s.lost.Done():
				return
			case now := <-beat.C:
				s.spaces.Seen(now)
			}
			ctx, cancel := context.WithTimeout(s.lost, s.patience)
			_, err := s.engine.api.Ping(ctx)
			if err != nil && s.lost.Err() == nil {
				s.giveUp(s.engine.endpoint.failure(ctx, err))
			}
			cancel()
		}
	}()
}

// alive gives a context that also ends when the engine is lost.
func (s *session) alive(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(s.lost, func() { cancel(context.Cause(s.lost)) })
	return ctx, func() { stop(); cancel(nil) }
}

// wrap says what an error of the engine means for a step.
func (s *session) wrap(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if cause := context.Cause(s.lost); cause != nil {
		return cause
	}
	return s.engine.Failure(ctx, explain(err))
}

// Survey says what the inputs of a job select; see target.Surveyor.
func (s *session) Survey(ctx context.Context, job target.Job) (target.Survey, error) {
	return s.spaces.Survey(ctx, job)
}

// Start runs one attempt; see target.Session.
func (s *session) Start(ctx context.Context, job target.Job, out target.Output) (target.Attempt, error) {
	if job.Image == "" {
		return nil, errors.New(`an op that runs in a container needs an image: write image "…"`)
	}
	live, done := s.alive(ctx)
	defer done()
	image, err := s.images.get(live, job.Image, pullLines{out})
	if err != nil {
		return nil, s.wrap(live, err)
	}
	sharing, err := s.share(live, image.ID)
	if err != nil {
		return nil, s.wrap(live, err)
	}
	if job.InPlace && sharing.files == filesShip {
		return nil, fmt.Errorf("the engine at %s does not see this machine's files, so no op works in place there: leave in place out", s.engine.endpoint.Host)
	}
	a := &attempt{session: s, job: &job, image: image, sharing: sharing, begun: -1}
	a.deadline, _ = ctx.Deadline()
	if a.Workspace, err = s.spaces.Prepare(live, &job, out, beside); err != nil {
		return nil, err
	}
	if err := a.start(ctx, live); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// later does what is left to do for an attempt while the run goes on. What fails is told at
// the end of the session.
func (s *session) later(work func(ctx context.Context) error) {
	s.removals <- struct{}{}
	go func() {
		defer func() { <-s.removals }()
		ctx, cancel := context.WithTimeout(context.Background(), 3*lastCall)
		defer cancel()
		if err := work(ctx); err != nil {
			s.mu.Lock()
			s.failures = errors.Join(s.failures, err)
			s.mu.Unlock()
		}
	}()
}

// Close waits for what is being removed, and ends the connection.
func (s *session) Close() error {
	for range maxRemovals {
		s.removals <- struct{}{}
	}
	earlier := s.removeEarlier()
	for _, m := range s.begun() {
		_ = s.closed(m.Container) // all that began has been settled, or the session stays open
	}
	s.giveUp(nil)
	err := errors.Join(s.failures, earlier, s.spaces.Close(), s.engine.Close())
	if err != nil {
		return fmt.Errorf("clean up after the run: %w", err)
	}
	return nil
}

// pullLines shows how a pull goes as output of the step that waits for it.
type pullLines struct{ out target.Output }

func (p pullLines) say(line string) {
	if p.out != nil {
		p.out.Write(pullStream, pullSection, []byte(strings.TrimSpace(line)+"\n"))
	}
}
