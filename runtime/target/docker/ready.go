package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"

	"github.com/pipelang/pipe/runtime/event"
	"github.com/pipelang/pipe/runtime/target"
)

const (
	// readyWithin is how long a service may take where nothing says it.
	readyWithin = time.Minute
	// readyEvery is how long to wait between two looks.
	readyEvery = 100 * time.Millisecond
	// patientFor is how long nothing is said of a service that is waited for, and sayEvery how long after that.
	patientFor, sayEvery = 3 * time.Second, 15 * time.Second
)

// await waits until a service is ready, or has ended.
func (s *session) await(ctx context.Context, one *service, r target.Ready) error {
	within := r.Within
	if within <= 0 {
		within = readyWithin
	}
	ctx, cancel := context.WithTimeoutCause(ctx, within, fmt.Errorf("it was not ready within %s", within))
	defer cancel()
	var missed error // what the last look found that was not cut short
	for next := time.Now().Add(patientFor); ; {
		failure := s.look(ctx, one, r)
		if failure == nil {
			return nil
		}
		if ctx.Err() == nil || missed == nil && r.Script == "" {
			missed = failure
		}
		state, err := s.engine.api.ContainerInspect(ctx, one.id)
		if err == nil && !state.State.Running {
			return endedEarly(state.State.ExitCode, one.log.tail())
		}
		if now := time.Now(); now.After(next) && ctx.Err() == nil {
			one.log.say(fmt.Sprintf("not ready yet, and waited for up to %s: %v", within, missed))
			next = now.Add(sayEvery)
		}
		select {
		case <-ctx.Done():
			if missed == nil {
				missed = errors.New("its ready script has not ended")
			}
			// Not wrapped: whom a service does not answer is this look, and not the engine's client.
			return fmt.Errorf("%w: %v%s: see its log, correct ready, or raise within", context.Cause(ctx), missed, one.log.tail())
		case <-time.After(readyEvery):
		}
	}
}

// endedEarly says why a service is over that was to get ready. The engine's init has words of its
// own for a program that is not there.
func endedEarly(code int, tail string) error {
	if _, why, missing := strings.Cut(tail, initSays); missing && code == 127 {
		_, why, _ = strings.Cut(why, "exec ")
		return fmt.Errorf("its program does not start: %s: choose an image that has it, or change exec", why)
	}
	return fmt.Errorf("it ended with code %d before it was ready%s", code, tail)
}

// look looks once whether a service is ready.
func (s *session) look(ctx context.Context, one *service, r target.Ready) error {
	switch {
	case r.Script != "":
		return s.tryScript(ctx, one.id, r.Script)
	case r.HTTP != "":
		return one.tryHTTP(ctx, r.TCP, r.HTTP)
	case r.TCP != 0:
		return one.tryTCP(ctx, r.TCP)
	}
	// A program that is not there, or ends at once, has a moment to do so.
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(readyEvery):
	}
	state, err := s.engine.api.ContainerInspect(ctx, one.id)
	if err == nil && !state.State.Running {
		return errors.New("it does not run")
	}
	return err
}

// tryScript runs a script in the service's container.
func (s *session) tryScript(ctx context.Context, id, script string) error {
	api := s.engine.api
	made, err := api.ContainerExecCreate(ctx, id, container.ExecOptions{Cmd: []string{"sh", "-euc", script}, AttachStdout: true, AttachStderr: true})
	if err != nil {
		return err
	}
	stream, err := api.ContainerExecAttach(ctx, made.ID, container.ExecAttachOptions{})
	if err != nil {
		return err
	}
	defer stream.Close()
	stop := context.AfterFunc(ctx, stream.Close)
	defer stop()
	if _, err := io.Copy(io.Discard, stream.Reader); err != nil {
		return err
	}
	ended, err := api.ContainerExecInspect(ctx, made.ID)
	if err == nil && ended.ExitCode != 0 {
		return fmt.Errorf("its ready script ended with code %d", ended.ExitCode)
	}
	return err
}

// address is a port of a service as this machine reaches it: in its network, else as published.
func (one *service) dial(ctx context.Context, port int) (net.Conn, error) {
	d := net.Dialer{Timeout: time.Second}
	c, err := d.DialContext(ctx, "tcp", net.JoinHostPort(one.ip, strconv.Itoa(port)))
	if err == nil || one.ports[port] == 0 {
		return c, err
	}
	c, err = d.DialContext(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(one.ports[port])))
	if err != nil {
		return nil, err
	}
	// Whoever forwards the port takes connections before the service does, and then ends them.
	if err := c.SetReadDeadline(time.Now().Add(2 * readyEvery)); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	if _, err := c.Read(make([]byte, 1)); err != nil {
		if timeout, ok := errors.AsType[net.Error](err); !ok || !timeout.Timeout() {
			return nil, errors.Join(fmt.Errorf("port %d takes no connections", port), c.Close())
		}
	}
	return c, nil
}

func (one *service) tryTCP(ctx context.Context, port int) error {
	c, err := one.dial(ctx, port)
	if err != nil {
		return err
	}
	return c.Close()
}

func (one *service) tryHTTP(ctx context.Context, port int, path string) error {
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		c, err := one.dial(ctx, port)
		if err == nil {
			err = c.SetReadDeadline(time.Time{})
		}
		return c, err
	}}
	ask, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(one.name, strconv.Itoa(port))+"/"+strings.TrimPrefix(path, "/"), nil)
	if err != nil {
		return err
	}
	got, err := (&http.Client{Transport: transport, Timeout: 5 * time.Second}).Do(ask)
	if err != nil {
		return err
	}
	defer got.Body.Close()
	if got.StatusCode >= 400 {
		return fmt.Errorf("%s answers with status %d", path, got.StatusCode)
	}
	return nil
}

// serviceLog hands on what a service writes, and keeps the end of it.
type serviceLog struct {
	stream types.HijackedResponse
	out    target.Output
	name   string
	read   chan struct{} // closed at the end

	mu   sync.Mutex
	last []byte
}

func (s *session) followLog(id, name string, out target.Output) (*serviceLog, error) {
	stream, err := s.engine.api.ContainerAttach(context.Background(), id, container.AttachOptions{Stream: true, Stdout: true, Stderr: true})
	if err != nil {
		return nil, fmt.Errorf("attach to the container: %w", err)
	}
	l := &serviceLog{stream: stream, out: out, name: name, read: make(chan struct{})}
	go func() {
		defer close(l.read)
		_ = readFrames(stream.Reader, l.write) // it ends with the service
	}()
	return l, nil
}

const maxTail = 2000

func (l *serviceLog) write(stream event.Stream, p []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.out != nil {
		l.out.Write(stream, l.name, p)
	}
	l.last = append(l.last, p...)
	l.last = l.last[max(0, len(l.last)-maxTail):]
}

// say adds a line of pipe's own to what a service writes.
func (l *serviceLog) say(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.out != nil {
		l.out.Write(event.Stderr, l.name, []byte("pipe: "+line+"\n"))
	}
}

// tail is the last line that the service wrote, as an end of a message.
func (l *serviceLog) tail() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	lines := strings.Split(strings.TrimSpace(string(l.last)), "\n")
	if last := strings.TrimSpace(strings.ReplaceAll(lines[len(lines)-1], "\t", " ")); last != "" {
		return ": " + last
	}
	return ""
}

func (l *serviceLog) stop() {
	if l != nil {
		l.stream.Close()
		<-l.read
	}
}

// removeNetwork removes a network whose containers are just going.
func (s *session) removeNetwork(ctx context.Context, id string) error {
	for {
		err := s.engine.api.NetworkRemove(ctx, id)
		if err == nil || errdefs.IsNotFound(err) {
			return nil
		}
		if !strings.Contains(err.Error(), "active endpoints") {
			return fmt.Errorf("remove the network of services: %w", err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("remove the network of services: %w", err)
		case <-time.After(readyEvery):
		}
	}
}
