package supervisor

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pipelang/pipe/runtime/target"
)

// server is what a supervisor knows.
type server struct {
	null  *os.File // what programs read
	event chan struct{}
	keep  atomic.Bool  // output is kept until it is acknowledged
	alive atomic.Int64 // jobs

	mu       sync.Mutex
	state    string
	traces   *traces
	jobs     map[uint64]*job
	places   map[uint64]*held
	folders  []folder
	killed   bool
	last     uint64
	turn     int
	userns   func() (*namespace, error)
	space    *namespace                                    // once it was needed
	listens  func(state string) (*net.UnixListener, error) // nil where no other pipe may come
	listener *net.UnixListener
	pending  sync.WaitGroup // requests under way
}

// held is a place, and its workspace opened.
type held struct {
	place place
	dir   *os.File
}

// folder is one that goes with the supervisor.
type folder struct {
	path string
	lock *os.File
}

func newServer() (*server, error) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, fmt.Errorf("supervisor: %w", err)
	}
	s := &server{null: null, event: make(chan struct{}, 1), jobs: map[uint64]*job{}, places: map[uint64]*held{}}
	s.userns = sync.OnceValues(startNamespace)
	return s, nil
}

// changed wakes who waits for something to end.
func (s *server) changed() {
	select {
	case s.event <- struct{}{}:
	default:
	}
}

// keeps says that output is kept until it is acknowledged.
func (s *server) keeps() bool { return s.keep.Load() }

// maxKept is how much output is kept of all attempts together, in bytes, and leastKept how much
// of each however many there are.
const (
	maxKept   = 32 << 20
	leastKept = 64 << 10
)

// share is how much is kept of one attempt.
func (s *server) share() int {
	return max(leastKept, maxKept/int(max(1, s.alive.Load())))
}

// serve answers one pipe until it is gone, and reports whether it said that the run has ended.
// That one waits for the connection to be closed.
func (s *server) serve(c *conn) (ended bool) {
	defer s.pending.Wait()
	for {
		var m message
		files, err := c.receive(&m)
		if err != nil {
			c.close()
			s.detach(c)
			return false
		}
		if m.Kind == askEnd {
			return true
		}
		s.handle(c, &m, files)
	}
}

func (s *server) detach(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, j := range s.jobs {
		j.detach(c)
	}
}

// handle does what a message asks for. What may take a while does not keep the others waiting.
func (s *server) handle(c *conn, m *message, files []*os.File) {
	switch m.Kind {
	case askHello:
		s.greet(c, m)
	case askHold:
		s.hold(m.Path, files)
	case askRun:
		s.run(c, m)
	case askCancel:
		s.withJob(m.ID, func(j *job) { j.cancel.interrupt(false) })
	case askKill:
		s.killAll()
	case askMore:
		s.withJob(m.ID, func(j *job) { j.taken(m.N) })
	case askLeave:
		s.leaves(c, m)
	case askKeep:
		s.keep.Store(true)
	case askForget:
		s.acknowledge(m)
	default:
		s.pending.Go(func() { s.answer(c, m) })
	}
}

// answer does what takes a while, and says when it is done.
func (s *server) answer(c *conn, m *message) {
	reply := &message{Kind: tellAnswer, Call: m.Call, ID: m.ID}
	var file *os.File
	var after func()
	var err error
	switch m.Kind {
	case askEnter:
		file, err = s.enter(m.ID, *m.View)
	case askTraces:
		reply.Traces, err = s.list()
	case askAdopt:
		file, after, err = s.adopt(c, m, reply)
	default:
		err = fmt.Errorf("supervisor: %d is no request", m.Kind)
	}
	if err != nil {
		reply.Err = err.Error()
	}
	if m.Call != 0 {
		_ = c.send(reply, filesOf(file)...) // a pipe that is gone needs no answer
	}
	if after != nil {
		after()
	}
}

func (s *server) withJob(id uint64, do func(*job)) {
	s.mu.Lock()
	j := s.jobs[id]
	s.mu.Unlock()
	if j != nil {
		do(j)
	}
}

// greet takes in what is to be known of the run.
func (s *server) greet(c *conn, m *message) {
	s.mu.Lock()
	s.state = m.Hello.State
	s.turn++
	reply := &message{Kind: tellAnswer, Call: m.Call, Hello: &greeting{Turn: s.turn, Last: s.last}}
	if len(s.folders) > 0 {
		reply.Hello.Folder = s.folders[0].path
	}
	if s.turn == 1 {
		t, err := openTraces(s.state)
		if err != nil {
			reply.Err = err.Error()
		}
		s.traces = t
		if s.listens != nil && err == nil {
			// Without a socket everything works but being found again.
			s.listener, _ = s.listens(s.state)
		}
	}
	s.mu.Unlock()
	if m.Call != 0 {
		_ = c.send(reply) // a pipe that is gone needs no answer
	}
}

// hold keeps a folder, whose lock comes along.
func (s *server) hold(path string, files []*os.File) {
	if len(files) != 1 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.folders = append(s.folders, folder{path, files[0]})
}

func (s *server) enter(id uint64, v View) (*os.File, error) {
	p, err := s.newPlace(v)
	if err != nil {
		return nil, err
	}
	dir, err := p.enter(v)
	if err != nil {
		p.leave()
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.places[id] = &held{p, dir}
	s.last = max(s.last, id)
	return dir, nil
}

func (s *server) newPlace(v View) (place, error) {
	if !v.User {
		return ownPlace()
	}
	n, err := s.userns()
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.space = n
	s.mu.Unlock()
	return n.place()
}

// leaves gives up an attempt, and its place in a while.
func (s *server) leaves(c *conn, m *message) {
	s.mu.Lock()
	j, p := s.jobs[m.ID], s.places[m.ID]
	delete(s.jobs, m.ID)
	delete(s.places, m.ID)
	s.mu.Unlock()
	reply := &message{Kind: tellAnswer, Call: m.Call}
	if j != nil {
		s.alive.Add(-1)
		j.leave()
		if err := s.traces.closed(m.ID); err != nil {
			reply.Err = err.Error()
		}
	}
	if p == nil {
		return
	}
	s.pending.Go(func() {
		p.dir.Close()
		p.place.leave()
		_ = c.send(reply) // a pipe that is gone needs no answer
	})
}

func (s *server) run(c *conn, m *message) {
	s.mu.Lock()
	p := place(here{})
	if at := s.places[m.Work.Place]; at != nil {
		p = at.place
	}
	j := newJob(s, m.ID, m.Work, p, c)
	s.jobs[m.ID] = j
	s.last = max(s.last, m.ID)
	if s.killed {
		j.cancel.kill()
	}
	s.mu.Unlock()
	s.alive.Add(1)
	if err := s.traces.started(j); err != nil {
		j.over(err)
		return
	}
	go j.run()
}

func (s *server) killAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.killed = true
	for _, j := range s.jobs {
		j.cancel.kill()
	}
}

// find gives the latest attempt of a step.
func (s *server) find(step string, attempt int) *job {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found *job
	for _, j := range s.jobs {
		if j.work.Step == step && j.work.Attempt == attempt && (found == nil || j.id > found.id) {
			found = j
		}
	}
	return found
}

func (s *server) acknowledge(m *message) {
	if j := s.find(m.Step, m.Attempt); j != nil {
		j.acknowledge(m.Stream, m.N)
	}
}

// adopt hands a job to another pipe; after must be called when the reply is on its way.
func (s *server) adopt(c *conn, m, reply *message) (dir *os.File, after func(), err error) {
	j := s.find(m.Step, m.Attempt)
	if j == nil {
		reply.State = s.traces.stateOf(m.Step, m.Attempt)
		return nil, nil, errors.New("there is no such attempt")
	}
	reply.ID, reply.Work = j.id, j.work
	s.mu.Lock()
	if p := s.places[j.work.Place]; p != nil {
		dir = p.dir
	}
	s.mu.Unlock()
	return dir, func() { j.attach(c, m.Written) }, nil
}

// idle says that there is nothing for another pipe to find.
func (s *server) idle() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.jobs) == 0
}

// rests says that nothing happens until somebody comes.
func (s *server) rests() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, j := range s.jobs {
		if !j.rests() {
			return false
		}
	}
	return true
}

// list gives what was started and not closed, by this supervisor and by those before it.
func (s *server) list() ([]target.Trace, error) {
	out := s.traces.lost()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, j := range s.jobs {
		t := target.Trace{Step: j.work.Step, Attempt: j.work.Attempt, Started: j.begun, State: target.Running}
		if j.hasEnded() {
			t.State = target.Ended
		}
		out = append(out, t)
	}
	return out, nil
}

// leave ends what runs and gives up all that is held. Where the run has ended, no trace of it is
// left; otherwise what was going on is lost.
func (s *server) leave(runEnded bool) {
	s.killAll()
	s.mu.Lock()
	jobs, places, folders := s.jobs, s.places, s.folders
	s.mu.Unlock()
	for _, j := range jobs {
		j.leave()
	}
	s.awaitEnd(jobs)
	for _, p := range places {
		p.dir.Close()
		p.place.leave()
	}
	if s.space != nil {
		_ = s.space.close() // nothing is in it any more
	}
	for _, f := range folders {
		_ = RemoveTree(f.path) // the next run's sweep tries again
		f.lock.Close()
	}
	if s.traces != nil {
		s.traces.close(runEnded)
	}
}

// awaitEnd waits for jobs that were killed, for a while.
func (s *server) awaitEnd(jobs map[uint64]*job) {
	deadline := time.After(5 * time.Second)
	for _, j := range jobs {
		for !j.hasEnded() {
			select {
			case <-s.event:
			case <-deadline:
				return
			}
		}
	}
}
