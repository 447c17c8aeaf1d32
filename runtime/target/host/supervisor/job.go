package supervisor

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/target"
)

// job is an attempt under way, or ended and not closed.
type job struct {
	id     uint64
	work   *Work
	server *server
	place  place
	begun  time.Time
	cancel canceller
	files  []*os.File   // to be kept open
	holds  []*os.File   // to be kept open until its programs have ended; guarded by mu
	leader atomic.Int64 // of the group of the program that runs; 0 for none
	groups []int        // of all its programs so far
	known  []int        // processes that were seen to be the job's

	handing sync.Mutex // to who gets the output; held before mu

	mu      sync.Mutex
	room    sync.Cond // there is room in the window again
	over    sync.Cond // who gets the output knows the end, or is gone
	window  window
	to      *conn // who gets the output; nil while nobody does
	told    bool  // it knows the end
	telling bool  // the end is on its way, with files that must stay open meanwhile
	stuck   bool  // it waits for room
	closed  bool  // nobody wants its output
	ended   bool
	at      time.Time // when it ended
	exit    target.Exit
	err     error // why it did not run
	stdout  *Capture
	stderr  *Capture
}

func newJob(s *server, id uint64, w *Work, p place, to *conn) *job {
	j := &job{id: id, work: w, server: s, place: p, begun: time.Now(), to: to,
		stdout: NewCapture(w.Base + ".stdout"), stderr: NewCapture(w.Base + ".stderr")}
	j.room.L, j.over.L = &j.mu, &j.mu
	j.cancel.grace, j.cancel.others = w.Grace, j.tell
	return j
}

// lateness is how much later than pipe a supervisor ends an attempt whose time is over: while
// there is a pipe, it is pipe that does so.
const lateness = time.Second

// run runs the programs to their end.
func (j *job) run() {
	if limit := j.work.Limit; limit > 0 {
		late := time.AfterFunc(limit+lateness, func() { j.cancel.interrupt(true) })
		defer late.Stop()
	}
	err := j.runPrograms()
	j.exit.Left, j.exit.Stuck = j.endStrays()
	j.cancel.release()
	j.finish(err)
}

// finish says how the job ended; the error is why it did not run.
func (j *job) finish(err error) {
	j.server.active.Add(-1)
	j.mu.Lock()
	j.ended, j.err, j.at = true, err, time.Now()
	closeFiles(j.holds) // before anybody is told: what they lock is free then
	j.holds = nil
	if j.closed {
		j.release()
	}
	j.mu.Unlock()
	j.pump()
	j.server.changed()
}

// runPrograms runs programs in order, to the first that fails; then those for failures.
func (j *job) runPrograms() error {
	failed := false
	for i, p := range j.work.Programs {
		if p.OnFailure {
			continue
		}
		ok, err := j.runProgram(p)
		if err != nil {
			if i == 0 {
				return err
			}
			ok = j.neverRan(p, err)
		}
		if j.exit.Cancelled {
			return nil
		}
		if !ok {
			j.exit.Script, failed = p.Name, true
			break
		}
	}
	if failed {
		j.runOnFailure()
	}
	return nil
}

// runOnFailure runs what is for failures; how that ends changes nothing but cancellation.
func (j *job) runOnFailure() {
	exit := j.exit
	for _, p := range j.work.Programs {
		if !p.OnFailure || j.exit.Cancelled {
			continue
		}
		if _, err := j.runProgram(p); err != nil {
			j.neverRan(p, err)
		}
	}
	exit.Cancelled, exit.TimedOut = j.exit.Cancelled, j.exit.TimedOut
	j.exit = exit
}

// neverRan turns an error of a later program into an exit: the first ones did run.
func (j *job) neverRan(p Program, err error) bool {
	j.exit = target.Exit{Code: 126, Reason: err.Error()}
	if _, missing := errors.AsType[*notFoundError](err); missing {
		j.exit.Code = 127
	}
	j.deliver(event.Stderr, p.Section, []byte("pipe: "+err.Error()+"\n"))
	return false
}

// runProgram runs one program to its end, sets the exit and reports whether it succeeded.
// The error is for a program that did not start.
func (j *job) runProgram(p Program) (bool, error) {
	if told, late := j.cancel.cancelled(); told {
		j.exit = target.Exit{Code: 128 + int(syscall.SIGINT), Signal: unix.SignalName(syscall.SIGINT), Cancelled: true, TimedOut: late}
		return false, nil
	}
	process, outputs, err := j.start(p.Argv)
	if missing, is := errors.AsType[*notFoundError](err); is && p.Interpreter {
		return false, fmt.Errorf("interpreter %w", missing)
	}
	if err != nil {
		return false, err
	}
	j.mu.Lock()
	j.groups = append(j.groups, process.pid)
	j.mu.Unlock()
	j.leader.Store(int64(process.pid))
	j.cancel.reaches(process)
	f := follower{
		process:  process,
		stdout:   outputs[0],
		stderr:   outputs[1],
		deliver:  func(stream event.Stream, data []byte) { j.deliver(stream, p.Section, data) },
		patience: j.cancel.patience,
	}
	status, err := f.follow()
	j.cancel.reaches(nil)
	j.leader.Store(0)
	if err != nil {
		return false, err
	}
	j.exit = exitOf(status)
	j.exit.Cancelled, j.exit.TimedOut = j.cancel.cancelled()
	return !j.exit.Cancelled && j.succeeded(j.exit.Code), nil
}

// start starts a program and gives the ends of its output to read from.
func (j *job) start(argv []string) (p *process, outputs [2]int, err error) {
	outR, outW, err := pipe()
	if err != nil {
		return nil, outputs, err
	}
	errR, errW, err := pipe()
	if err != nil {
		closeFds(outR, outW)
		return nil, outputs, err
	}
	c := command{Argv: argv, Env: j.work.Env, Dir: j.work.Dir}
	p, err = j.place.start(c, [3]int{int(j.server.null.Fd()), outW, errW})
	closeFds(outW, errW)
	if err != nil {
		closeFds(outR, errR)
		return nil, outputs, err
	}
	return p, [2]int{outR, errR}, nil
}

func closeFds(fds ...int) {
	for _, fd := range fds {
		unix.Close(fd)
	}
}

func (j *job) succeeded(code int) bool {
	if j.work.SuccessCodes == nil {
		return code == 0
	}
	for _, c := range j.work.SuccessCodes {
		if c == code {
			return true
		}
	}
	return false
}

func exitOf(status syscall.WaitStatus) target.Exit {
	if status.Signaled() {
		return target.Exit{Code: 128 + int(status.Signal()), Signal: unix.SignalName(status.Signal())}
	}
	return target.Exit{Code: status.ExitStatus()}
}

// leave lets go of all that the job has.
func (j *job) leave() {
	j.cancel.kill()
	j.mu.Lock()
	defer j.mu.Unlock()
	j.closed, j.to = true, nil
	j.room.Broadcast()
	j.over.Broadcast()
	if j.ended && !j.telling {
		j.release()
	}
}

// release closes its files, when nothing of it runs any more.
func (j *job) release() {
	j.stdout.Close()
	j.stderr.Close()
	closeFiles(j.files)
}

// files are those of the captures, in the order in which they are sent.
func filesOf(captures ...*os.File) []*os.File {
	var out []*os.File
	for _, f := range captures {
		if f != nil {
			out = append(out, f)
		}
	}
	return out
}
