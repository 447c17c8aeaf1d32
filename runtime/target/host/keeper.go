package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/target"
	"github.com/pipelang/pipe/runtime/target/host/supervisor"
)

// Helper must be the first call of a program that runs sessions of this package: started by
// itself under another name, the program supervises attempts, and Helper does not return.
func Helper() { supervisor.Main() }

// keeper gives the supervisor of the run, which is started by the first who needs it: a run
// whose steps are all cached needs none.
func (s *session) keeper() (*supervisor.Client, error) { return s.start() }

// startKeeper starts the supervisor, as a process of its own where that can be.
func (s *session) startKeeper() (*supervisor.Client, error) {
	ctx := context.Background()
	c, err := supervisor.Start(ctx, s.run.State)
	if errors.Is(err, errors.ErrUnsupported) {
		c, err = supervisor.Local(ctx, s.run.State)
	}
	if err != nil {
		return nil, err
	}
	return c, s.took(c)
}

// localKeeper is for sessions whose programs run elsewhere.
func (s *session) localKeeper() (*supervisor.Client, error) {
	c, err := supervisor.Local(context.Background(), "")
	if err != nil {
		return nil, err
	}
	return c, s.took(c)
}

// took makes the session's folder the supervisor's, too.
func (s *session) took(c *supervisor.Client) error {
	s.client.Store(c)
	if s.acknowledges.Load() {
		c.Keep()
	}
	if s.kill.Done() != nil {
		context.AfterFunc(s.kill, c.Kill)
	}
	return c.Hold(s.folder.path, s.folder.lock)
}

// Traces are the attempts of the run that were started and not closed.
func (s *session) Traces(ctx context.Context) ([]target.Trace, error) {
	s.acknowledges.Store(true)
	if c := s.client.Load(); c != nil {
		c.Keep()
		return c.Traces(ctx)
	}
	return supervisor.ReadLost(s.run.State)
}

// Acknowledge says that output is written down; see target.Adopter.
func (s *session) Acknowledge(step string, attempt int, stream event.Stream, offset int64) {
	if c := s.client.Load(); c != nil {
		c.Acknowledge(step, attempt, stream, offset)
	}
}

// Held gives what an attempt that goes on keeps open; see target.Holder.
func (s *session) Held(ctx context.Context, step string, attempt int) ([]*os.File, error) {
	c := s.client.Load()
	if c == nil {
		return nil, nil // its supervisor is gone, and all that it kept open
	}
	return c.Held(ctx, step, attempt)
}

// Adopt goes on with an attempt of an earlier pipe; see target.Adopter.
func (s *session) Adopt(ctx context.Context, job target.Job, out target.Output) (target.Attempt, error) {
	c := s.client.Load()
	if c == nil {
		return nil, s.lostOrNever(&job)
	}
	found, err := c.Adopt(&job)
	if err != nil {
		return nil, err
	}
	a := &attempt{session: s, job: &job, out: out}
	if err := a.restore(ctx, found); err != nil {
		return nil, fmt.Errorf("adopt: %w", err)
	}
	end, id, err := c.Follow(ctx, found, a.handOn)
	if err = a.ended(end, id, err); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// lostOrNever is the error for an attempt that no supervisor knows of.
func (s *session) lostOrNever(job *target.Job) error {
	lost, err := supervisor.ReadLost(s.run.State)
	if err != nil {
		return err
	}
	for _, t := range lost {
		if t.Step == job.Step && t.Attempt == job.Attempt {
			return target.ErrLost
		}
	}
	return target.ErrNoTrace
}

// remains is what another pipe must know to go on with an attempt.
type remains struct {
	Base    string   `json:"base"`
	Path    string   `json:"path"`
	Own     string   `json:"own,omitempty"` // what goes with the workspace; "" for the real tree
	Binds   bool     `json:"binds,omitempty"`
	Moved   bool     `json:"moved,omitempty"`
	InPlace bool     `json:"in_place,omitempty"`
	Placed  []string `json:"placed,omitempty"`
	Files   bool     `json:"files,omitempty"`
	Dir     string   `json:"dir,omitempty"`
}

// rest describes an attempt that is about to start.
func (a *attempt) rest() ([]byte, error) {
	w := a.workspace
	return json.Marshal(remains{a.base, w.path, w.own, w.binds, w.moved, a.job.InPlace, a.placed, a.files, a.dir})
}

// restore makes an attempt what it was in the pipe that started it.
func (a *attempt) restore(ctx context.Context, found *supervisor.Adopted) error {
	var r remains
	if err := json.Unmarshal(found.Work.Rest, &r); err != nil {
		return err
	}
	a.base, a.placed, a.files, a.dir = r.Base, r.Placed, r.Files, r.Dir
	if r.InPlace {
		w, err := a.session.inPlace(ctx)
		a.workspace = w
		return err
	}
	if found.Work.Bare {
		w, err := a.session.workshop.empty()
		a.workspace = w
		return err
	}
	a.workspace = &workspace{path: r.Path, own: r.Own, binds: r.Binds, moved: r.Moved, place: found.Place,
		discard: func() error { return a.session.workshop.remove(r.Own) }}
	if found.Dir == nil {
		return nil
	}
	defer found.Dir.Close()
	root, err := os.OpenRoot(fdPath(found.Dir))
	a.workspace.root = root
	return err
}
