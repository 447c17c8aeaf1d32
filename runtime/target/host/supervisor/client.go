package supervisor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/target"
)

// Client is pipe's side of a supervisor. Its methods are safe for concurrent use.
type Client struct {
	conn *conn
	cmd  *exec.Cmd     // of a supervisor that this process started
	over chan struct{} // closed when the connection is
	last atomic.Uint64 // number of an attempt or place

	// Folder is the folder that was held first by a supervisor that was found, and Turn says how
	// many pipes there were, this one included.
	Folder string
	Turn   int

	mu     sync.Mutex
	calls  map[uint64]chan reply
	lanes  []*conn // free
	err    error   // why the connection is no more
	closed []uint64
	soon   *time.Timer // sends closed
}

type reply struct {
	message
	files []*os.File
}

// ErrGone is wrapped by what calls give when the supervisor has ended.
var ErrGone = errors.New("the supervisor of the run has ended")

// Start starts a supervisor of a run that has none. state is the run's folder.
func Start(ctx context.Context, state string) (*Client, error) {
	cmd, fd, err := start(state)
	if err != nil {
		return nil, err
	}
	return connect(ctx, fd, cmd, state)
}

// Find connects to the supervisor that an earlier pipe of the run started. It gives nil where
// that has none any more.
func Find(ctx context.Context, state string) (*Client, error) {
	for {
		fd, err := find(state)
		if err != nil || fd < 0 {
			return nil, err
		}
		c, err := connect(ctx, fd, nil, state)
		// One that was about to end is no more, and its lock is free.
		if !errors.Is(err, ErrGone) {
			return c, err
		}
	}
}

// Local is a supervisor in this process, whose attempts end with it. It leaves traces in state,
// which may be "".
func Local(ctx context.Context, state string) (*Client, error) {
	ours, theirs, err := socketPair()
	if err != nil {
		return nil, err
	}
	s, err := newServer()
	if err != nil {
		closeFds(ours, theirs)
		return nil, err
	}
	AdoptOrphans()
	go func() {
		c := newConn(theirs)
		s.leave(s.serve(c))
		c.close()
	}()
	return connect(ctx, ours, nil, state)
}

// helloTime is how long a supervisor may take to answer first: another pipe may be there.
const helloTime = 20 * time.Second

func connect(ctx context.Context, fd int, cmd *exec.Cmd, state string) (*Client, error) {
	c := &Client{conn: newConn(fd), cmd: cmd, over: make(chan struct{}), calls: map[uint64]chan reply{}}
	go c.read()
	ctx, cancel := context.WithTimeoutCause(ctx, helloTime, errors.New("it does not answer: another pipe works on this run"))
	defer cancel()
	r, err := c.call(ctx, &message{Kind: askHello, Hello: &greeting{Protocol: protocol, State: state}})
	if err == nil && r.Hello.Protocol != protocol {
		err = otherVersion(fd)
	}
	if err != nil {
		c.conn.hangUp()
		return nil, fmt.Errorf("supervisor: %w", err)
	}
	c.Folder, c.Turn = r.Hello.Folder, r.Hello.Turn
	c.last.Store(r.Hello.Last)
	return c, nil
}

// otherVersion says whose supervisor it is that speaks another protocol, and how to go on with the run.
func otherVersion(fd int) error {
	const what = "it was started by another version of pipe, which alone can go on with this run"
	if pid := peer(fd); pid > 0 {
		return fmt.Errorf("%s: /proc/%d/exe resume", what, pid)
	}
	return errors.New(what)
}

// read hands out what the supervisor says.
func (c *Client) read() {
	for {
		var m message
		files, err := c.conn.receive(&m)
		if err != nil {
			c.fail(err)
			return
		}
		c.take(&m, files)
	}
}

func (c *Client) take(m *message, files []*os.File) {
	c.mu.Lock()
	wait, ok := c.calls[m.Call]
	delete(c.calls, m.Call)
	c.mu.Unlock()
	if !ok {
		closeFiles(files)
		return
	}
	wait <- reply{*m, files}
}

// fail ends all that waits for the supervisor.
func (c *Client) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
	c.conn.hangUp()
	close(c.over)
}

// call sends a request and waits for the answer.
func (c *Client) call(ctx context.Context, m *message) (reply, error) {
	m.Call = c.last.Add(1)
	wait := make(chan reply, 1)
	c.mu.Lock()
	c.calls[m.Call] = wait
	c.mu.Unlock()
	m.Closed = c.takeClosed()
	if err := c.conn.send(m); err != nil {
		return reply{}, c.gone()
	}
	select {
	case r := <-wait:
		if r.Err != "" {
			return r, errors.New(r.Err)
		}
		return r, nil
	case <-c.over:
		return reply{}, c.gone()
	case <-ctx.Done():
		return reply{}, context.Cause(ctx)
	}
}

// gone is the error for a supervisor that is no more.
func (c *Client) gone() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		return ErrGone
	}
	return fmt.Errorf("%w: %w", ErrGone, c.err)
}

// Hold hands a folder and its lock to the supervisor: it goes with that, and not with pipe.
func (c *Client) Hold(path string, lock *os.File) error {
	return c.conn.send(&message{Kind: askHold, Path: path}, lock)
}

// Enter makes a place with a workspace, and opens that.
func (c *Client) Enter(v View) (*Place, *os.File, error) {
	id := c.last.Add(1)
	r, err := c.call(context.Background(), &message{Kind: askEnter, ID: id, View: &v})
	if err != nil {
		return nil, nil, err
	}
	if len(r.files) != 1 {
		return nil, nil, errors.New("supervisor: a workspace lacks its descriptor")
	}
	return &Place{client: c, id: id}, r.files[0], nil
}

// Place is where programs of one attempt start, and see its workspace.
type Place struct {
	client *Client
	id     uint64
}

// ID is what Work names it by.
func (p *Place) ID() uint64 { return p.id }

// Leave gives up the place and the attempt in it. Nothing is mounted there any more.
func (p *Place) Leave() {
	_, _ = p.client.call(context.Background(), &message{Kind: askLeave, ID: p.id}) // gone with the supervisor
}

// tell sends what needs no answer; a supervisor that is gone has told so elsewhere.
func (c *Client) tell(m *message) {
	m.Closed = c.takeClosed()
	_ = c.conn.send(m)
}

// soon is how long a message may wait that nobody waits for.
const soon = 20 * time.Millisecond

// Close removes the trace of an attempt without a place of its own, of which nothing runs any more.
// The supervisor hears of it with whatever it is told next, or soon: most often that is the next attempt.
func (c *Client) Close(id uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = append(c.closed, id)
	switch {
	case c.soon == nil:
		c.soon = time.AfterFunc(soon, c.tellClosed)
	case len(c.closed) == 1:
		c.soon.Reset(soon)
	}
}

func (c *Client) tellClosed() {
	if ids := c.takeClosed(); len(ids) > 0 {
		_ = c.conn.send(&message{Kind: askClose, Closed: ids}) // gone with the supervisor
	}
}

// takeClosed gives the attempts that were closed and of which the supervisor was not told.
func (c *Client) takeClosed() []uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.closed) > 0 {
		c.soon.Stop()
	}
	ids := c.closed
	c.closed = nil
	return ids
}

// Kill ends all attempts at once, and those that start later.
func (c *Client) Kill() { c.tell(&message{Kind: askKill}) }

// Keep says that output will be acknowledged. Before, what was handed over is not kept.
func (c *Client) Keep() { c.tell(&message{Kind: askKeep}) }

// Acknowledge says that output is written down.
func (c *Client) Acknowledge(step string, attempt int, stream event.Stream, offset int64) {
	c.tell(&message{Kind: askForget, Step: step, Attempt: attempt, Stream: stream, N: offset})
}

// Traces are the attempts that were started and not closed.
func (c *Client) Traces(ctx context.Context) ([]target.Trace, error) {
	r, err := c.call(ctx, &message{Kind: askTraces})
	return r.Traces, err
}

// Held gives the files that an attempt holds until its programs have ended. They are the caller's.
func (c *Client) Held(ctx context.Context, step string, attempt int) ([]*os.File, error) {
	r, err := c.call(ctx, &message{Kind: askHeld, Step: step, Attempt: attempt})
	return r.files, err
}

// End says that the run has ended, and waits until the supervisor has.
func (c *Client) End() error {
	c.tell(&message{Kind: askEnd})
	stuck := time.AfterFunc(10*time.Second, c.conn.hangUp)
	defer stuck.Stop()
	<-c.over
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, lane := range c.lanes {
		lane.close()
	}
	c.lanes = nil
	c.conn.close()
	if c.cmd != nil {
		return c.cmd.Wait()
	}
	return nil
}

func closeFiles(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}
