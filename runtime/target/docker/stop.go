package docker

import (
	"context"
	"sync"
	"time"
)

// stopper tells a container to end when a context does: SIGINT at once, SIGKILL after grace.
// Where the run's kill ends, grace is over.
type stopper struct {
	attempt *attempt
	stop    []func() bool
	gaveUp  chan struct{} // closed when even SIGKILL does not help

	mu    sync.Mutex
	told  bool
	ended bool
	timer *time.Timer
}

func (a *attempt) stopWith(ctx context.Context) *stopper {
	s := &stopper{attempt: a, gaveUp: make(chan struct{})}
	s.stop = append(s.stop, context.AfterFunc(ctx, s.interrupt))
	if kill := a.session.run.Kill; kill != nil {
		quit := make(chan struct{})
		go func() {
			select {
			case <-kill:
				s.kill()
			case <-quit:
			}
		}()
		s.stop = append(s.stop, func() bool { close(quit); return true })
	}
	return s
}

func (s *stopper) interrupt() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	s.told = true
	if s.attempt.job.Grace > 0 {
		s.signal("SIGINT")
	}
	s.timer = time.AfterFunc(s.attempt.job.Grace, s.kill)
}

func (s *stopper) kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	s.told = true
	s.signal("SIGKILL")
	if s.timer != nil {
		s.timer.Stop()
	}
	s.timer = time.AfterFunc(lastCall, s.despair)
}

// despair gives up on a container that cannot be killed.
func (s *stopper) despair() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended {
		s.ended = true
		close(s.gaveUp)
	}
}

// signal does not fail: a container that has ended needs none, and one whose engine does not
// answer is given up.
func (s *stopper) signal(name string) {
	ctx, cancel := context.WithTimeout(context.Background(), lastCall)
	defer cancel()
	_ = s.attempt.session.engine.api.ContainerKill(ctx, s.attempt.id, name)
}

// cancelled says that the container was told to end.
func (s *stopper) cancelled() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.told
}

func (s *stopper) release() {
	for _, stop := range s.stop {
		stop()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	if s.timer != nil {
		s.timer.Stop()
	}
}
