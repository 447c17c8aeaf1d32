package supervisor

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/target"
)

// lane gives a connection for one attempt: one that another is done with, or a new one. Whoever
// waits for an attempt reads it, and nobody stands between.
func (c *Client) lane() (*conn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.lanes); n > 0 {
		lane := c.lanes[n-1]
		c.lanes = c.lanes[:n-1]
		return lane, nil
	}
	ours, theirs, err := socketPair()
	if err != nil {
		return nil, err
	}
	end := os.NewFile(uintptr(theirs), "supervisor")
	defer end.Close()
	if err := c.conn.send(&message{Kind: askLane}, end); err != nil {
		closeFds(ours)
		return nil, ErrGone
	}
	return newLane(ours), nil
}

// free takes a lane back that an attempt is done with.
func (c *Client) free(lane *conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lanes = append(c.lanes, lane)
}

// Run runs an attempt to its end. Output is handed to deliver from the calling goroutine, which
// may not keep it. When ctx ends, the attempt is told to. The attempt must be closed by its number.
// Files stay the caller's, and stay open for the attempt until it is closed, the last w.Holds of them
// until its programs have ended, whatever becomes of pipe.
func (c *Client) Run(ctx context.Context, w *Work, files []*os.File, deliver func(event.Stream, string, []byte)) (*End, uint64, error) {
	id := w.Place
	if id == 0 {
		id = c.last.Add(1)
	}
	lane, err := c.lane()
	if err != nil {
		return nil, id, err
	}
	if err := lane.send(&message{Kind: askRun, ID: id, Work: w, Closed: c.takeClosed()}, files...); err != nil {
		lane.close()
		return nil, id, c.gone()
	}
	end, err := c.follow(ctx, id, lane, deliver)
	return end, id, err
}

// Adopted is an attempt of an earlier pipe.
type Adopted struct {
	Work  *Work
	Place *Place   // nil where it has none of its own
	Dir   *os.File // the workspace of the place
	id    uint64
	lane  *conn
}

// Adopt finds an attempt, of which Follow must be called; its error wraps target.ErrLost or
// target.ErrNoTrace.
func (c *Client) Adopt(job *target.Job) (*Adopted, error) {
	lane, err := c.lane()
	if err != nil {
		return nil, err
	}
	var m message
	err = lane.send(&message{Kind: askAdopt, Step: job.Step, Attempt: job.Attempt, Written: job.Written})
	var files []*os.File
	if err == nil {
		files, err = lane.receive(&m)
	}
	switch {
	case err != nil:
		lane.close()
		return nil, c.gone()
	case m.Err != "":
		c.free(lane)
		if m.State == target.Lost {
			return nil, target.ErrLost
		}
		return nil, target.ErrNoTrace
	}
	a := &Adopted{Work: m.Work, id: m.ID, lane: lane}
	if len(files) == 1 {
		a.Dir, a.Place = files[0], &Place{client: c, id: m.ID}
	}
	return a, nil
}

// Follow goes on with an attempt, as Run does.
func (c *Client) Follow(ctx context.Context, a *Adopted, deliver func(event.Stream, string, []byte)) (*End, uint64, error) {
	end, err := c.follow(ctx, a.id, a.lane, deliver)
	return end, a.id, err
}

// follow hands on what comes, to the end.
func (c *Client) follow(ctx context.Context, id uint64, lane *conn, deliver func(event.Stream, string, []byte)) (*End, error) {
	stop := context.AfterFunc(ctx, func() { c.tell(&message{Kind: askCancel, ID: id}) })
	defer stop()
	lane.turn.take()
	for {
		var m message
		files, err := lane.receive(&m)
		switch {
		case err != nil:
			lane.close()
			return nil, fmt.Errorf("%w: %w", ErrGone, err)
		case m.Kind == tellOutput:
			deliver(m.Stream, m.Section, m.data)
			continue
		}
		c.free(lane)
		return endOf(&m, files)
	}
}

// endOf puts an end together again.
func endOf(m *message, files []*os.File) (*End, error) {
	if m.Err != "" {
		closeFiles(files)
		if m.Missing {
			return nil, &target.NoProgramError{Text: m.Err}
		}
		return nil, errors.New(m.Err)
	}
	end := &End{Exit: m.End.Exit, Stdout: m.End.Stdout.capture(), Stderr: m.End.Stderr.capture()}
	for _, c := range []*Capture{end.Stdout, end.Stderr} {
		if c.key != nil && len(files) > 0 {
			c.spill, files = files[0], files[1:]
		}
	}
	return end, nil
}
