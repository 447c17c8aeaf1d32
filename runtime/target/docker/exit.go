package docker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/client"

	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/target"
	"github.com/pipelang/pipe/runtime/target/host"
)

// What can become of a container beside an exit of its own.
var (
	ErrContainerGone = errors.New("the container was removed while the step ran: leave containers with the label pipe.run alone")
	ErrRestarted     = errors.New("the engine was restarted")
	ErrDiskFull      = errors.New("the engine's disk is full: make room with `docker system df` and `docker system prune`")
)

// settle turns the container's exit into the attempt's. The error is for programs that never ran.
func (a *attempt) settle(ctx context.Context, code int, stop *stopper) error {
	if a.initSaid != "" && len(a.scripts) == 0 {
		return a.missing()
	}
	exit := target.Exit{Code: code, Cancelled: stop.cancelled()}
	if a.nonce != "" {
		if err := a.settleScripts(&exit); err != nil {
			return err
		}
	} else if len(a.job.Scripts) > 0 && !a.good(code) {
		exit.Script = host.ScriptName(0, a.job.Scripts[0])
	}
	if sig := syscall.Signal(exit.Code - 128); exit.Code > 128 && !a.good(exit.Code) {
		exit.Signal = unix.SignalName(sig)
	}
	if !a.good(exit.Code) && !exit.Cancelled {
		if err := a.examine(ctx, &exit); err != nil {
			return err
		}
	}
	a.Ended(exit)
	return a.giveBack()
}

// settleScripts finds the script that decides, as the host does.
func (a *attempt) settleScripts(exit *target.Exit) error {
	code := exit.Code
	for n, e := range a.scripts {
		s := a.job.Scripts[e.index]
		if e.missing {
			why := fmt.Sprintf("interpreter %q is not in PATH", program(s))
			if n == 0 && !s.OnFailure {
				return &target.NoProgramError{Text: why}
			}
			a.Deliver(event.Stderr, s.Title, []byte("pipe: "+why+"\n"))
		}
		if s.OnFailure || exit.Script != "" {
			continue
		}
		exit.Code = e.code
		if e.missing || !a.good(e.code) {
			exit.Script = host.ScriptName(e.index, s)
		}
		if e.missing {
			exit.Reason = fmt.Sprintf("interpreter %q is not in PATH", program(s))
		}
	}
	if s := a.begun; s >= 0 && exit.Script == "" && !a.good(code) && !a.job.Scripts[s].OnFailure {
		// It ended the shell that ran it, too, or what it wrote last did not arrive.
		exit.Code, exit.Script = code, host.ScriptName(s, a.job.Scripts[s])
	}
	return nil
}

func program(s target.Script) string {
	switch s.Interpreter {
	case "":
		return "sh"
	case "python":
		return "python3"
	}
	return s.Interpreter
}

// examine asks the engine why a container failed: for memory, or because it restarted.
func (a *attempt) examine(ctx context.Context, exit *target.Exit) error {
	found, err := a.session.engine.api.ContainerInspect(ctx, a.id)
	if err == nil && (exit.Signal == "SIGKILL" || exit.Signal == "SIGTERM") && !found.State.OOMKilled {
		found, err = a.lookAgain(ctx)
	}
	switch {
	case err != nil && (broken(err) || client.IsErrConnectionFailed(err)):
		return fmt.Errorf("%w while the step ran", ErrRestarted)
	case errdefs.IsNotFound(err):
		return ErrContainerGone
	case err != nil:
		return nil // how it ended is known, why is not
	case found.State.OOMKilled:
		exit.Reason = fmt.Sprintf("killed for want of memory: its limit is %s: raise memory", sizeOf(found.HostConfig.Memory))
	case found.State.Error != "":
		return startFailed(errors.New(found.State.Error))
	case exit.Reason == "" && startsNoMore(a.Stderr()):
		if limit := found.HostConfig.PidsLimit; limit != nil && *limit > 0 {
			exit.Reason = fmt.Sprintf("exit code %d, and it seems to have met its limit of %d processes: raise pids", exit.Code, *limit)
		}
	}
	return nil
}

// startsNoMore says that a program met the limit of processes. The engine does not tell, and the kernel forgets its
// count with the container; what remains is how shells, Python, Go, Java and others put it.
func startsNoMore(stderr string) bool {
	if strings.Contains(stderr, "esource temporarily unavailable") {
		for _, sign := range []string{"fork", "clone", "BlockingIOError", "thread", "exec"} {
			if strings.Contains(stderr, sign) {
				return true
			}
		}
	}
	for _, words := range []string{"can't fork", "annot fork", "can't start new thread", "unable to create native thread", "failed to create new OS thread"} {
		if strings.Contains(stderr, words) {
			return true
		}
	}
	return false
}

// lookAgain gives whoever killed a container the time to remove it, and an engine that ends the
// time to be gone.
func (a *attempt) lookAgain(ctx context.Context) (container.InspectResponse, error) {
	for tries := 0; ; tries++ {
		found, err := a.session.engine.api.ContainerInspect(ctx, a.id)
		if err != nil || tries == 20 {
			return found, err
		}
		select {
		case <-ctx.Done():
			return found, err
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func sizeOf(n int64) string {
	for _, unit := range []struct {
		size int64
		name string
	}{{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
		if n >= unit.size && n%unit.size == 0 {
			return fmt.Sprintf("%d%s", n/unit.size, unit.name)
		}
	}
	return fmt.Sprintf("%.1fGiB", float64(n)/(1<<30))
}

// explain gives errors of the engine that have a cause of their own their name.
func explain(err error) error {
	switch {
	case err == nil:
		return nil
	case strings.Contains(err.Error(), "no space left on device"):
		return fmt.Errorf("%w: %w", ErrDiskFull, err)
	}
	return err
}

// startFailed shortens what the engine says of a container that did not start.
func startFailed(err error) error {
	text := err.Error()
	switch {
	case strings.Contains(text, "unable to find user"), strings.Contains(text, "no matching entries in passwd"):
		return fmt.Errorf("user: the image has no such user: write one that it has, or a number: %w", said(err))
	case strings.Contains(text, "network ") && strings.HasSuffix(text, "not found"):
		return fmt.Errorf("network: the engine has none of that name: write \"bridge\", \"none\", or one that `docker network ls` shows: %w", said(err))
	case strings.Contains(text, "ormat error"):
		return fmt.Errorf("the image is for another processor than the engine's: choose one for the engine's platform: %w", err)
	case strings.Contains(text, "docker-init"):
		return fmt.Errorf("the engine lacks its init program: install tini as docker-init on the engine's machine: %w", err)
	}
	return fmt.Errorf("start the container: %w", explain(said(err)))
}

// createFailed gives what the engine says of a container that it does not make the attribute that
// is to blame, and the way out.
func createFailed(err error) error {
	text := err.Error()
	switch {
	case strings.Contains(text, "inimum memory limit"):
		return fmt.Errorf("memory: raise it: %w", said(err))
	case strings.Contains(text, "unknown capability"):
		return fmt.Errorf("capabilities: write one that capabilities(7) lists, without CAP_: %w", said(err))
	case strings.Contains(text, "CPUs"):
		return fmt.Errorf("cpu: lower it: %w", said(err))
	}
	return fmt.Errorf("create the container: %w", said(err))
}

// engineSaid is what the client puts before the engine's own words.
const engineSaid = "Error response from daemon: "

// saidError is an error in the engine's own words alone.
type saidError struct{ err error }

func (e *saidError) Error() string { return strings.TrimPrefix(e.err.Error(), engineSaid) }
func (e *saidError) Unwrap() error { return e.err }

// said leaves out that the engine said it.
func said(err error) error {
	if strings.HasPrefix(err.Error(), engineSaid) {
		return &saidError{err}
	}
	return err
}
