package supervisor

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pipelang/pipe/runtime/target"
)

// server is what a supervisor knows.
type server struct {
	null   *os.File // what programs read
	event  chan struct{}
	keep   atomic.Bool  // output is kept until it is acknowledged
	alive  atomic.Int64 // jobs
	active atomic.Int64 // those of them whose programs have not ended
	// reading counts the lanes that have no job: what pipe asked for last may still lie in them.
	reading atomic.Int64
	own     bool // this process is for nothing else

	mu       sync.Mutex
	state    string
	traces   *traces
	jobs     map[uint64]*job
	places   map[uint64]*held
	folders  []folder
	killed   bool
	early    map[uint64]bool // attempts that were cancelled before they came
	last     uint64
	turn     int
	userns   func() (*namespace, error)
	space    *namespace                      // once it was needed
	listens  func(state string) (int, error) // nil where no other pipe may come
	listener int
	pending  sync.WaitGroup // requests under way
}

// held is a place, and its workspace opened.
type held struct {
	mu    sync.Mutex // of using dir
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
	s := &server{null: null, event: make(chan struct{}, 1), jobs: map[uint64]*job{}, places: map[uint64]*held{}, early: map[uint64]bool{}, listener: -1}
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
			s.detach()
			return false
		}
		s.closed(m.Closed)
		if m.Kind == askEnd {
			return true
		}
		s.handle(c, &m, files)
	}
}

// detach goes on without pipe.
func (s *server) detach() {
	s.traces.settle()
	for _, j := range s.all() {
		j.detach()
	}
}

func (s *server) all() []*job {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Values(s.jobs))
}

// handle does what a message asks for. What may take a while does not keep the others waiting.
func (s *server) handle(c *conn, m *message, files []*os.File) {
	switch m.Kind {
	case askHello:
		s.greet(c, m)
	case askHold:
		s.hold(m.Path, files)
	case askLane:
		s.open(files)
	case askCancel:
		s.cancel(m.ID)
	case askKill:
		s.killAll()
	case askLeave:
		s.leaves(c, m)
	case askClose: // done
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
	var err error
	switch m.Kind {
	case askEnter:
		s.enter(c, m, reply)
		return
	case askHeld:
		s.sendHeld(c, m, reply)
		return
	case askTraces:
		reply.Traces, err = s.list()
	default:
		err = fmt.Errorf("supervisor: %d is no request", m.Kind)
	}
	if err != nil {
		reply.Err = err.Error()
	}
	if m.Call != 0 {
		_ = c.send(reply) // a pipe that is gone needs no answer
	}
}

// cancel tells an attempt to end. It may overtake what starts the attempt, which comes another way.
func (s *server) cancel(id uint64) {
	s.mu.Lock()
	j := s.jobs[id]
	if j == nil {
		s.early[id] = true
	}
	s.mu.Unlock()
	if j != nil {
		j.cancel.interrupt(false)
	}
}

// greet takes in what is to be known of the run.
func (s *server) greet(c *conn, m *message) {
	if m.Hello.Protocol != protocol {
		_ = c.send(&message{Kind: tellAnswer, Call: m.Call, Hello: &greeting{Protocol: protocol}})
		return // such a pipe asks for nothing more
	}
	s.mu.Lock()
	s.state = m.Hello.State
	s.turn++
	reply := &message{Kind: tellAnswer, Call: m.Call, Hello: &greeting{Protocol: protocol, Turn: s.turn, Last: s.last}}
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
			if fd, err := s.listens(s.state); err == nil {
				s.listener = fd
			}
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

// enter makes a place and hands over its workspace.
func (s *server) enter(c *conn, m, reply *message) {
	h, err := s.newHeld(*m.View)
	if err != nil {
		reply.Err = err.Error()
		_ = c.send(reply) // a pipe that is gone needs no answer
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	s.mu.Lock()
	s.places[m.ID] = h
	s.last = max(s.last, m.ID)
	s.mu.Unlock()
	_ = c.send(reply, h.dir)
}

// sendHeld hands over what an attempt holds that goes on.
func (s *server) sendHeld(c *conn, m, reply *message) {
	j := s.find(m.Step, m.Attempt)
	if j == nil {
		_ = c.send(reply) // a pipe that is gone needs no answer
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	_ = c.send(reply, j.holds...)
}

func (s *server) newHeld(v View) (*held, error) {
	p, err := s.newPlace(v)
	if err != nil {
		return nil, err
	}
	dir, err := p.enter(v)
	if err != nil {
		p.leave()
		return nil, err
	}
	return &held{place: p, dir: dir}, nil
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
	reply := &message{Kind: tellAnswer, Call: m.Call}
	if err := s.leaveJob(m.ID); err != nil {
		reply.Err = err.Error()
	}
	s.mu.Lock()
	p := s.places[m.ID]
	delete(s.places, m.ID)
	s.mu.Unlock()
	if p == nil {
		return
	}
	s.pending.Go(func() {
		p.leave()
		_ = c.send(reply) // a pipe that is gone needs no answer
	})
}

// closed gives up attempts that have no place.
func (s *server) closed(ids []uint64) {
	for _, id := range ids {
		_ = s.leaveJob(id) // a trace that stays is one of an attempt that is written down, too
	}
}

func (s *server) leaveJob(id uint64) error {
	s.mu.Lock()
	j := s.jobs[id]
	delete(s.jobs, id)
	delete(s.early, id)
	s.mu.Unlock()
	if j == nil {
		return nil
	}
	s.alive.Add(-1)
	j.leave()
	return s.traces.closed(id)
}

// open serves a lane, whose socket this is.
func (s *server) open(files []*os.File) {
	if len(files) != 1 {
		return
	}
	fd, err := unix.FcntlInt(files[0].Fd(), unix.F_DUPFD_CLOEXEC, 0)
	files[0].Close()
	if err != nil {
		return
	}
	lane := newLane(fd)
	s.reading.Add(1)
	go func() {
		defer s.reading.Add(-1)
		defer lane.close()
		for s.serveLane(lane) {
			lane.turn.take()
		}
	}()
}

// serveLane runs one attempt, or hands over one that runs or ended, and reports whether another
// may follow.
func (s *server) serveLane(lane *conn) bool {
	var m message
	files, err := lane.receive(&m)
	if err != nil {
		return false
	}
	s.closed(m.Closed)
	switch m.Kind {
	case askRun:
		s.run(lane, &m, files)
		s.reading.Add(1)
	case askAdopt:
		s.adopt(lane, &m)
	}
	return true
}

func (s *server) run(lane *conn, m *message, files []*os.File) {
	s.mu.Lock()
	p := place(here{})
	if at := s.places[m.Work.Place]; at != nil {
		p = at.place
	}
	j := newJob(s, m.ID, m.Work, p, lane)
	held := max(0, len(files)-m.Work.Holds)
	j.files, j.holds = files[:held], files[held:]
	s.jobs[m.ID] = j
	if before := s.jobs[m.Work.After]; before != nil {
		before.work.Bare = true
	}
	s.last = max(s.last, m.ID)
	if s.killed {
		j.cancel.kill()
	}
	if s.early[m.ID] {
		j.cancel.interrupt(false)
		delete(s.early, m.ID)
	}
	s.mu.Unlock()
	s.reading.Add(-1)
	s.alive.Add(1)
	s.active.Add(1)
	if err := s.traces.started(j); err != nil {
		j.finish(err)
		return
	}
	j.run()
}

func (s *server) killAll() {
	s.mu.Lock()
	s.killed = true
	s.mu.Unlock()
	for _, j := range s.all() {
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

// adopt hands a job to another pipe, to its end.
func (s *server) adopt(lane *conn, m *message) {
	reply := &message{Kind: tellAnswer}
	j := s.find(m.Step, m.Attempt)
	if j == nil {
		reply.Err, reply.State = "there is no such attempt", s.traces.stateOf(m.Step, m.Attempt)
		_ = lane.send(reply) // a pipe that is gone needs no answer
		return
	}
	reply.ID, reply.Work = j.id, j.work
	s.mu.Lock()
	p := s.places[j.work.Place]
	s.mu.Unlock()
	if p.sendWith(lane, reply) == nil {
		j.attach(lane, m.Written)
	}
}

// sendWith sends a message with the workspace, where there is one.
func (h *held) sendWith(to *conn, m *message) error {
	if h == nil {
		return to.send(m)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return to.send(m, h.dir)
}

// leave gives up the place.
func (h *held) leave() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.dir.Close()
	h.place.leave()
}

// hearOut waits until what a pipe that is gone asked for has been read: its lanes have ended, or
// have a job.
func (s *server) hearOut() {
	for deadline := time.Now().Add(hearing); s.reading.Load() > 0 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
}

// hearing is how long a lane may take to end after its pipe.
const hearing = 10 * time.Second

// idle says that there is nothing for another pipe to find, once the one that is gone was heard out.
func (s *server) idle() bool {
	s.hearOut()
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
		if at, ended := j.hasEndedAt(); ended {
			t.State, t.Ended = target.Ended, at
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
	s.endAll()
	for _, p := range places {
		p.leave()
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
