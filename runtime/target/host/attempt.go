package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/target"
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
	env       []string
	dir       string // working folder, as processes see it
	stdout    capture
	stderr    capture
	exit      target.Exit
	closed    bool
}

func (a *attempt) Exit() target.Exit { return a.exit }
func (a *attempt) Stdout() string    { return a.stdout.text() }
func (a *attempt) Stderr() string    { return a.stderr.text() }
func (a *attempt) Steady() bool      { return !a.workspace.moved }
func (a *attempt) Truncated() bool   { return a.stdout.truncated() || a.stderr.truncated() }

// run prepares the workspace and runs the programs.
func (a *attempt) run(ctx context.Context) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if err := a.prepare(ctx); err != nil {
		return err
	}
	if len(a.job.Exec) > 0 {
		return a.runExec(ctx)
	}
	return a.runScripts(ctx)
}

func (a *attempt) prepare(ctx context.Context) (err error) {
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

func (a *attempt) runExec(ctx context.Context) error {
	if err := checkArguments(a.job.Exec); err != nil {
		return err
	}
	_, err := a.runProgram(ctx, a.job.Exec, "")
	return err
}

// runScripts runs scripts in order, to the first that fails; then those for failures.
func (a *attempt) runScripts(ctx context.Context) error {
	failedAt := -1
	for i, s := range a.job.Scripts {
		if s.OnFailure {
			continue
		}
		ok, err := a.runScript(ctx, i, s)
		if err != nil {
			if i == 0 {
				return err
			}
			ok = a.neverRan(s, err)
		}
		if a.exit.Cancelled {
			return nil
		}
		if !ok {
			failedAt = i
			a.exit.Script = scriptName(i, s)
			break
		}
	}
	if failedAt < 0 {
		return nil
	}
	return a.runOnFailure(ctx)
}

func scriptName(i int, s target.Script) string {
	if s.Title != "" {
		return s.Title
	}
	return strconv.Itoa(i + 1)
}

// runOnFailure runs what is for failures; how that ends changes nothing but cancellation.
func (a *attempt) runOnFailure(ctx context.Context) error {
	exit := a.exit
	for i, s := range a.job.Scripts {
		if !s.OnFailure || a.exit.Cancelled {
			continue
		}
		if _, err := a.runScript(ctx, i, s); err != nil {
			a.neverRan(s, err)
		}
	}
	exit.Cancelled = a.exit.Cancelled
	a.exit = exit
	return nil
}

// neverRan turns an error of a later script into an exit: the first ones did run.
func (a *attempt) neverRan(s target.Script, err error) bool {
	a.exit = target.Exit{Code: 126, Reason: err.Error()}
	if _, missing := errors.AsType[*notFoundError](err); missing {
		a.exit.Code = 127
	}
	a.deliver(s.Title)(event.Stderr, []byte("pipe: "+err.Error()+"\n"))
	return false
}

func (a *attempt) runScript(ctx context.Context, i int, s target.Script) (ok bool, err error) {
	path := a.base + ".script" + strconv.Itoa(i)
	args, err := argv(s, path)
	if err != nil {
		return false, err
	}
	if args[len(args)-1] == path {
		a.files = true
	}
	ok, err = a.runProgram(ctx, args, s.Title)
	if missing, is := errors.AsType[*notFoundError](err); is {
		return false, fmt.Errorf("interpreter %w", missing)
	}
	return ok, err
}

// runProgram runs one program to its end, sets the exit and reports whether it succeeded.
// The error is for a program that did not start.
func (a *attempt) runProgram(ctx context.Context, args []string, section string) (bool, error) {
	if ctx.Err() != nil {
		a.exit = target.Exit{Code: 128 + int(syscall.SIGINT), Signal: unix.SignalName(syscall.SIGINT), Cancelled: true}
		return false, nil
	}
	p, outputs, err := a.startProgram(args)
	if err != nil {
		return false, err
	}
	cancel := cancelWith(ctx, a.session.kill, p, a.job.Grace)
	f := follower{
		process:  p,
		stdout:   outputs[0],
		stderr:   outputs[1],
		deliver:  a.deliver(section),
		patience: cancel.patience,
	}
	status, err := f.follow()
	cancel.release()
	if err != nil {
		return false, err
	}
	a.exit = exitOf(status)
	a.exit.Cancelled = cancel.cancelled()
	return !a.exit.Cancelled && a.succeeded(a.exit.Code), nil
}

// startProgram starts a program and gives the ends of its output to read from.
func (a *attempt) startProgram(args []string) (p *process, outputs [2]int, err error) {
	outR, outW, err := pipe()
	if err != nil {
		return nil, outputs, err
	}
	errR, errW, err := pipe()
	if err != nil {
		closeFds(outR, outW)
		return nil, outputs, err
	}
	c := command{Argv: args, Env: a.env, Dir: a.dir}
	p, err = a.workspace.place.start(c, [3]int{int(a.session.null.Fd()), outW, errW})
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

// deliver hands output on and keeps the start of it.
func (a *attempt) deliver(section string) func(event.Stream, []byte) {
	return func(stream event.Stream, p []byte) {
		if stream == event.Stdout {
			a.stdout.write(p)
		} else {
			a.stderr.write(p)
		}
		if a.out != nil {
			a.out.Write(stream, section, p)
		}
	}
}

func (a *attempt) succeeded(code int) bool {
	if a.job.SuccessCodes == nil {
		return code == 0
	}
	for _, c := range a.job.SuccessCodes {
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

// Outputs reads $PIPE_OUTPUT; see parseOutputs.
func (a *attempt) Outputs() (map[string]string, error) {
	f, err := os.OpenFile(a.outputs(), os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOFOLLOW, 0)
	if errors.Is(err, fs.ErrNotExist) {
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

// Close removes the workspace and all else that the attempt has on disk.
func (a *attempt) Close() error {
	if a.closed {
		return nil
	}
	a.closed = true
	a.stdout.close()
	a.stderr.close()
	syscall.Unlink(a.outputs())
	var err error
	if a.workspace != nil {
		err = errors.Join(a.unplace(), a.workspace.close())
	}
	if a.files {
		err = errors.Join(err, a.removeFiles())
	}
	return err
}
