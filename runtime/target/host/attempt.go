package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/target"
	"github.com/pipelang/pipe/runtime/target/host/supervisor"
)

// attempt is one run of an op's programs, and what they leave until it is closed.
type attempt struct {
	session *session
	job     *target.Job
	out     target.Output
	// base is the start of the names of all that the attempt has on disk outside its workspace.
	base string
	// beside is the folder in which programs find what lies at base, where that is not its own; else "".
	beside    string
	workspace *workspace
	placed    []string // in the workspace, and to be taken out before it goes
	files     bool     // parameters or scripts lie in files
	silent    bool     // nothing was written to $PIPE_OUTPUT
	env       []string
	dir       string     // working folder, as processes see it
	id        uint64     // of the supervisor; 0 before it ran
	caches    []*os.File // locks of cache folders
	stdout    *supervisor.Capture
	stderr    *supervisor.Capture
	exit      target.Exit
	closed    bool
}

func (a *attempt) Exit() target.Exit { return a.exit }
func (a *attempt) Stdout() string    { return a.stdout.Text() }
func (a *attempt) Stderr() string    { return a.stderr.Text() }
func (a *attempt) Steady() bool      { return !a.workspace.moved }
func (a *attempt) Truncated() bool   { return a.stdout.Truncated() || a.stderr.Truncated() }

// run prepares the workspace and runs the programs.
func (a *attempt) run(ctx context.Context) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if err := a.prepare(ctx); err != nil {
		return err
	}
	return a.work(ctx)
}

func (a *attempt) prepare(ctx context.Context) (err error) {
	if err := a.useCaches(); err != nil {
		return err
	}
	if a.workspace, err = a.session.workspace(ctx, a.job); err != nil {
		return err
	}
	if err := a.mountAll(ctx); err != nil {
		return err
	}
	params, err := a.params(ctx)
	if err != nil {
		return err
	}
	if a.env, err = a.session.environment(a.job, params, a.seen(a.outputs())); err != nil {
		return err
	}
	narrow := !a.job.InPlace && !a.job.AllTree && a.job.Inputs != nil
	a.dir, err = a.workspace.enter(a.job.Workdir, narrow)
	return err
}

// seen is a path beside the workspace as programs find it.
func (a *attempt) seen(path string) string {
	if a.beside == "" {
		return path
	}
	return a.beside + strings.TrimPrefix(path, filepath.Dir(a.base))
}

// outputs is the file that $PIPE_OUTPUT names; it exists when a script has written to it.
func (a *attempt) outputs() string { return a.base + ".outputs" }

// work runs the programs to their end.
func (a *attempt) work(ctx context.Context) error {
	programs, err := a.programs()
	if err != nil {
		return err
	}
	c, err := a.session.keeper()
	if err != nil {
		return err
	}
	rest, err := a.rest()
	if err != nil {
		return err
	}
	w := &supervisor.Work{
		Step: a.job.Step, Attempt: a.job.Attempt, Programs: programs, Env: a.env, Dir: a.dir, Base: a.base,
		SuccessCodes: a.job.SuccessCodes, Grace: a.job.Grace, Holds: len(a.job.Hold), After: a.workspace.after, Rest: rest,
	}
	if deadline, ok := ctx.Deadline(); ok {
		w.Limit = max(1, time.Until(deadline))
	}
	if a.workspace.place != nil {
		w.Place = a.workspace.place.ID()
	}
	end, id, err := c.Run(ctx, w, slices.Concat(a.caches, a.job.Hold), a.handOn)
	return a.ended(end, id, err)
}

// ended takes over what is left of the programs.
func (a *attempt) ended(end *supervisor.End, id uint64, err error) error {
	a.id = id
	if errors.Is(err, supervisor.ErrGone) {
		// Nobody is left to do so.
		return errors.Join(err, supervisor.EndLost(a.session.run.State))
	}
	if err != nil {
		return err
	}
	a.exit, a.stdout, a.stderr = end.Exit, end.Stdout, end.Stderr
	return nil
}

// programs are the command lines of exec or the scripts.
func (a *attempt) programs() ([]supervisor.Program, error) {
	if len(a.job.Exec) > 0 {
		return []supervisor.Program{{Argv: a.job.Exec}}, checkArguments(a.job.Exec)
	}
	out := make([]supervisor.Program, len(a.job.Scripts))
	for i, s := range a.job.Scripts {
		path := a.base + ".script" + strconv.Itoa(i)
		args, err := argv(s, path)
		if err != nil {
			return nil, err
		}
		if args[len(args)-1] == path {
			a.files = true
		}
		out[i] = supervisor.Program{Argv: args, Section: s.Title, Name: scriptName(i, s), Interpreter: true, OnFailure: s.OnFailure}
	}
	return out, nil
}

func scriptName(i int, s target.Script) string {
	if s.Title != "" {
		return s.Title
	}
	return strconv.Itoa(i + 1)
}

// handOn gives output to who wants it.
func (a *attempt) handOn(stream event.Stream, section string, p []byte) {
	if a.out != nil {
		a.out.Write(stream, section, p)
	}
}

// Outputs reads $PIPE_OUTPUT; see parseOutputs.
func (a *attempt) Outputs() (map[string]string, error) {
	f, err := os.OpenFile(a.outputs(), os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOFOLLOW, 0)
	if errors.Is(err, fs.ErrNotExist) {
		a.silent = true
		return map[string]string{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("$%s: %w", outputVariable, plainError(err))
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxOutputs+1))
	if err != nil {
		return nil, fmt.Errorf("$%s: %w", outputVariable, plainError(err))
	}
	if len(text) > maxOutputs {
		return nil, fmt.Errorf("$%s is larger than %d bytes", outputVariable, maxOutputs)
	}
	return parseOutputs(string(text))
}

// Spare gives up an empty workspace that nobody touched: until an attempt is closed, a hundred others may
// run, and a folder for each costs a file system more than they do. See target.Sparer.
func (a *attempt) Spare() {
	w := a.workspace
	if w == nil || w.spare == nil || len(a.placed) > 0 || !w.spare(a.id) {
		return
	}
	w.spare, w.discard = nil, func() error { return nil }
}

// Close removes the workspace and all else that the attempt has on disk.
func (a *attempt) Close() error {
	if a.closed {
		return nil
	}
	a.closed = true
	for _, c := range []*supervisor.Capture{a.stdout, a.stderr} {
		if c != nil {
			c.Close()
		}
	}
	if !a.silent {
		syscall.Unlink(a.outputs())
	}
	defer a.releaseCaches()
	var err error
	if a.workspace != nil {
		err = errors.Join(a.unplace(), a.workspace.close())
	}
	if a.files {
		err = errors.Join(err, a.removeFiles())
	}
	if c := a.session.client.Load(); c != nil && a.id != 0 && (a.workspace == nil || a.workspace.place == nil) {
		c.Close(a.id)
	}
	return err
}
