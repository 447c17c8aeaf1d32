// Package target says what a place that runs ops must do. It holds the interface and the
// data that cross it; places themselves are in packages of their own. It knows no
// expressions: everything that it is handed has been evaluated.
package target

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/event"
)

// Target is a place that runs ops.
type Target interface {
	// Open prepares the place for one run. It is called once, before any Start, and
	// may be called again for another run.
	Open(ctx context.Context, run Run) (Session, error)
}

// Run is what a place is told about a run.
type Run struct {
	ID   string
	Plan string // digest of the plan; "" where nobody says
	Root string // absolute path of the repository
	// State is a folder for this run alone, which exists and is removed by the caller after Close.
	State string
	// Keep is the folder under which kept files go, in one folder a step.
	Keep string
	// Store is the folder in which pipe keeps all of its own, absolute; "" is none. Where it lies in the
	// repository no workspace shows it.
	Store string
	// Cache is the folder of named cache folders.
	Cache string
	// Digests is a file in which a place remembers the digests of files that do not change
	// between runs; "" is none.
	Digests   string
	Artifacts Artifacts
	// Kill, when closed, ends every grace at once: processes get SIGKILL and Start returns. nil never is.
	Kill <-chan struct{}
	// Environ is pipe's own environment, NAME=value; nil is that of this process.
	Environ []string
}

// Artifacts is content by digest. Its methods are safe for concurrent use.
type Artifacts interface {
	// Take starts to take in what belongs together. With seal, content and names are encrypted
	// before they touch the disk, and digests are keyed: they tell nothing of the content.
	Take(seal bool) Intake
	// GetFile and GetDir write content, in the plain, to a path that does not exist yet, its
	// parent does.
	GetFile(ctx context.Context, f value.File, path string) error
	GetDir(ctx context.Context, d value.Dir, path string) error
}

// Shower are Artifacts that show stored content without writing it anywhere.
type Shower interface {
	// Show visits a file, as Intake.Walk does, or the files of a folder.
	Show(v value.Value, visit func(name string, content io.Reader) error) error
}

// Intake is content on its way into Artifacts: nobody gets it before Commit. It is for one
// goroutine at a time, and must be closed.
type Intake interface {
	// PutFile takes in a regular file and PutDir a tree; links that leave the tree are an error.
	PutFile(ctx context.Context, path string) (value.File, error)
	PutDir(ctx context.Context, path string) (value.Dir, error)
	// Walk shows what a Put took in, by its digest: a file's content under the name "", and each
	// entry of a tree under its path, a link's target as its content, a folder without any.
	Walk(ctx context.Context, digest string, visit func(name string, content io.Reader) error) error
	// Commit makes content of these digests part of Artifacts, with all that its trees hold.
	Commit(digests ...string) error
	// Close removes what was not committed.
	Close() error
}

// Finder looks for secrets in a text that is written to it in any pieces.
type Finder interface {
	io.Writer
	// Found gives the line, from 1, in which the first secret begins, and whether there is one.
	Found() (line int, ok bool)
}

// LeakError says where content that is to be kept holds a secret.
type LeakError struct {
	Path string
	Line int // 0 where the name itself is meant
}

func (e *LeakError) Error() string {
	if e.Line == 0 {
		return e.Path + " holds a secret in its name"
	}
	return fmt.Sprintf("%s holds a secret in line %d", e.Path, e.Line)
}

// Session runs attempts of one run. Start is safe for concurrent use.
type Session interface {
	// Start runs one attempt to its end and returns when every process of it is gone.
	// When ctx ends, the processes get SIGINT, job.Grace to end, and then SIGKILL.
	// The error is for what kept the attempt from running; a program that fails is an Exit.
	// The Attempt must be closed when the error is nil.
	Start(ctx context.Context, job Job, out Output) (Attempt, error)
	// Close frees what the session holds. No Start may be under way.
	Close() error
}

// Output takes what processes write, as it comes, in order within a stream. p is only lent:
// it is overwritten after Write returns. One attempt calls it from one goroutine at a time.
type Output interface {
	Write(stream event.Stream, section string, p []byte)
}

// Job is one attempt of an op, evaluated.
type Job struct {
	Step    string // unique in the run, instance included
	Attempt int
	Image   string
	Scripts []Script
	Exec    []string // argv, instead of Scripts
	// Params become environment variables; file and dir values are put into place and their
	// absolute paths given. Env follows and wins.
	Params []Param
	Env    []EnvVar
	// Inherit names variables of pipe's own environment.
	Inherit []string
	// Inputs are globs relative to the root; nil is the whole tree, empty an empty folder.
	Inputs  []string
	AllTree bool // Inputs was absent
	Mounts  []Mount
	// Folder is where the op's relative paths start, Workdir where its scripts run; both relative to the root.
	Folder  string
	Workdir string
	InPlace bool
	Keep    []string // globs relative to Workdir, with a leading / to the root
	Grace   time.Duration
	// Container says how the container of Image is to be.
	Container Container
	// Beside are services that the container of Image reaches.
	Beside []Services
	// SuccessCodes are the exit codes that let the next script run; nil is {0}.
	SuccessCodes []int
	// Hold are files that stay the caller's and that an attempt keeps open, too, as long as a process
	// of it runs, whatever becomes of pipe: locks, which last until the last who has them open is gone.
	// A place that cannot keep files leaves them alone.
	Hold []*os.File
	// Written is how much of each stream an earlier pipe wrote down, in bytes as processes wrote
	// them; it is for Adopter.Adopt alone.
	Written map[event.Stream]int64
}

// Container is what a container is held to. Zero values leave it to the place.
type Container struct {
	CPU     float64 // processors
	Memory  int64   // bytes
	PIDs    int64   // processes and threads
	Network string
	User    string
	// Capabilities are those beyond none, as NET_BIND_SERVICE.
	Capabilities []string
}

// Script is one `run`, whose guard was true.
type Script struct {
	Title       string
	Interpreter string
	Text        string
	// OnFailure scripts run only after another failed, and never change the exit code.
	OnFailure bool
}

// Param is a parameter's value.
type Param struct {
	Name   string
	Value  value.Value
	Secret bool
}

// EnvVar is a variable as the process sees it.
type EnvVar struct{ Name, Value string }

// Mount puts content at a path relative to the workspace's root. One of the fields is set.
type Mount struct {
	Path  string
	Files []value.Value // File or Dir values; several are merged, a collision is an error
	// List says that Files was a list: files go below Path by their names, however many there
	// are. Otherwise a single File or Dir is put at Path itself.
	List bool
	// Secret says that Files is one: files get mode 0400.
	Secret bool
	Text   *string // a secret's content, mode 0400
	Cache  string  // the name of a cache folder
}

// Attempt is what is left of an attempt: its exit and, until Close, its workspace.
type Attempt interface {
	Exit() Exit
	// Stdout and Stderr are what was written, without the last newlines, cut at the limit of
	// package target; Truncated says that something was cut.
	Stdout() string
	Stderr() string
	Truncated() bool
	// Outputs reads $PIPE_OUTPUT, which its errors name.
	Outputs() (map[string]string, error)
	// Text, File, Dir and Files read the workspace; paths and globs are relative to Workdir,
	// with a leading / to the workspace's root, and may not leave it. Files and folders are put
	// into to.
	Text(path string) (string, error)
	File(ctx context.Context, path string, to Intake) (value.File, error)
	Dir(ctx context.Context, path string, to Intake) (value.Dir, error)
	Files(ctx context.Context, glob string, to Intake) ([]value.File, error)
	// Kept stores the files that Keep names and returns where they are. Where find is not nil
	// it searches all of them, names included, and a *LeakError means that none is kept.
	Kept(ctx context.Context, find func() Finder) ([]string, error)
	Close() error
}

// Exit says how an attempt's processes ended.
type Exit struct {
	Code int // of the script that failed, else of the last one; 128+N for a signal
	// Signal is the name of the signal that ended it, or "".
	Signal string
	// Script is the title or number of the script that failed, or "".
	Script string
	// Cancelled says that ctx ended first.
	Cancelled bool
	// TimedOut says that it was cancelled because the deadline of the ctx that it started with
	// had passed, and no pipe was there to say so.
	TimedOut bool
	// Left names processes that it left behind, and that were ended; Stuck those that could not be.
	Left, Stuck string
	// Reason says why a program did not start, in one line; it is "" for one that ran. With the code
	// 127 a program was not there.
	Reason string
}

// MaxCapture is how much of each stream an attempt keeps for stdout and stderr, in bytes.
const MaxCapture = 64 << 20
