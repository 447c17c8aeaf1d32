package docker

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/go-connections/nat"

	"github.com/pipelang/pipe/runtime/target"
)

// services are containers in a private network, each known there by its name.
type services struct {
	session *session
	owner   string
	network string // its name
	netID   string
	closed  bool // nothing leads outside

	mu      sync.Mutex
	running []*service
}

// service is one of them.
type service struct {
	name  string
	id    string
	ip    string
	ports map[int]int // of the container, to those of this machine; 0 where there is none
	log   *serviceLog
}

// Serve starts services; see target.Servicer.
func (s *session) Serve(ctx context.Context, owner string, all []target.ServiceOf, closed bool) (target.Services, error) {
	live, done := s.alive(ctx)
	defer done()
	v := &services{session: s, owner: owner, closed: closed, network: "pipe-" + strings.ToLower(rand.Text()[:16])}
	made, err := s.engine.api.NetworkCreate(live, v.network, network.CreateOptions{
		Driver: "bridge", Internal: closed, Labels: s.owner.labels(owner, 0),
	})
	if err != nil {
		return nil, fmt.Errorf("network of the services: %w", s.wrap(live, err))
	}
	v.netID = made.ID
	for _, of := range all {
		if err := v.start(live, of); err != nil {
			return nil, errors.Join(fmt.Errorf("service %s: %w", of.Name, s.wrap(live, err)), v.Close())
		}
	}
	return v, nil
}

func (v *services) start(ctx context.Context, of target.ServiceOf) error {
	spec, err := of.Prepare(ctx, v)
	if err != nil {
		return err
	}
	image, err := v.session.images.get(ctx, spec.Image, pullLines{of.Out})
	if err != nil {
		return err
	}
	config, limits, err := v.config(of.Name, &spec, image.ID)
	if err != nil {
		return err
	}
	ports := slices.Clone(spec.Ports)
	if image.Config != nil {
		ports = append(ports, exposed(slices.Collect(maps.Keys(image.Config.ExposedPorts)))...)
	}
	if spec.Ready.TCP != 0 {
		ports = append(ports, spec.Ready.TCP)
	}
	v.publish(config, limits, ports)
	endpoint := &network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{v.network: {Aliases: []string{of.Name}}}}
	made, err := v.session.engine.api.ContainerCreate(ctx, config, limits, endpoint, nil, "")
	if err != nil {
		return createFailed(err)
	}
	one := &service{name: of.Name, id: made.ID, ports: map[int]int{}}
	v.mu.Lock()
	v.running = append(v.running, one)
	v.mu.Unlock()
	if one.log, err = v.session.followLog(made.ID, of.Name, of.Out); err != nil {
		return err
	}
	if err := v.session.engine.api.ContainerStart(ctx, made.ID, container.StartOptions{}); err != nil {
		return startFailed(err)
	}
	if err := v.locate(ctx, one, ports); err != nil {
		return err
	}
	return v.session.await(ctx, one, spec.Ready)
}

func (v *services) config(name string, spec *target.Service, image string) (*container.Config, *container.HostConfig, error) {
	limits, err := shutIn(spec.Container, v.session.memory)
	if err != nil {
		return nil, nil, err
	}
	limits.NetworkMode = container.NetworkMode(v.network)
	limits.Tmpfs = map[string]string{}
	for _, path := range spec.Tmpfs {
		limits.Tmpfs[path] = ""
	}
	labels := v.session.owner.labels(v.owner, 0)
	labels[labelService] = name
	c := &container.Config{Image: image, User: spec.Container.User, Labels: labels, AttachStdout: true, AttachStderr: true}
	for _, e := range spec.Env {
		c.Env = append(c.Env, e.Name+"="+e.Value)
	}
	if len(spec.Exec) > 0 {
		c.Entrypoint, c.Cmd = spec.Exec[:1], spec.Exec[1:]
	}
	return c, limits, nil
}

// publish makes ports reachable from this machine, and from nowhere else.
func (v *services) publish(c *container.Config, limits *container.HostConfig, ports []int) {
	c.ExposedPorts, limits.PortBindings = nat.PortSet{}, nat.PortMap{}
	for _, n := range ports {
		port := nat.Port(strconv.Itoa(n) + "/tcp")
		c.ExposedPorts[port] = struct{}{}
		if !v.closed && v.session.engine.local() {
			limits.PortBindings[port] = []nat.PortBinding{{HostIP: "127.0.0.1"}}
		}
	}
}

// exposed are the TCP ports that an image says it listens on, "5432/tcp".
func exposed(all []string) []int {
	var out []int
	for _, p := range all {
		number, proto, _ := strings.Cut(p, "/")
		if n, err := strconv.Atoi(number); err == nil && (proto == "tcp" || proto == "") {
			out = append(out, n)
		}
	}
	return out
}

// locate asks where a service's ports are.
func (v *services) locate(ctx context.Context, one *service, ports []int) error {
	found, err := v.session.engine.api.ContainerInspect(ctx, one.id)
	if err != nil {
		return err
	}
	if at := found.NetworkSettings.Networks[v.network]; at != nil {
		one.ip = at.IPAddress
	}
	for _, n := range ports {
		one.ports[n] = 0
		for _, b := range found.NetworkSettings.Ports[nat.Port(strconv.Itoa(n)+"/tcp")] {
			one.ports[n], _ = strconv.Atoi(b.HostPort)
		}
	}
	return nil
}

// Address is how a program reaches a service; see target.Services.
func (v *services) Address(name string, inside bool) (string, map[int]int, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	i := slices.IndexFunc(v.running, func(s *service) bool { return s.name == name })
	if i < 0 {
		return "", nil, fmt.Errorf("service %s has not started", name)
	}
	ports := map[int]int{}
	for inner, outer := range v.running[i].ports {
		switch {
		case inside:
			ports[inner] = inner
		case outer != 0:
			ports[inner] = outer
		}
	}
	if inside {
		return name, ports, nil
	}
	if !v.session.engine.local() {
		return "", nil, fmt.Errorf("service %s runs on the engine at %s, which this machine's programs do not reach: give the op an image, so that it runs there, too", name, v.session.engine.endpoint.Host)
	}
	return "127.0.0.1", ports, nil
}

// local says that ports of the engine's machine are ports of this one.
func (e *Engine) local() bool { return strings.HasPrefix(e.endpoint.Host, "unix://") }

// Close ends the services while the run goes on.
func (v *services) Close() error {
	v.mu.Lock()
	running := v.running
	v.running = nil
	v.mu.Unlock()
	v.session.silence(running)
	v.session.later(func(ctx context.Context) error {
		var err error
		for _, one := range slices.Backward(running) {
			err = errors.Join(err, v.session.engine.removeContainer(ctx, one.id))
		}
		return errors.Join(err, v.session.removeNetwork(ctx, v.netID))
	})
	return nil
}

// lastWords is how long the end of a service's output may take to arrive once it is killed.
const lastWords = 5 * time.Second

// silence kills services and reads what they wrote to its end, which the engine tells when they are gone.
func (s *session) silence(running []*service) {
	ctx, cancel := context.WithTimeout(s.lost, lastWords)
	defer cancel()
	var all sync.WaitGroup
	for _, one := range running {
		all.Go(func() {
			if one.log != nil && s.engine.api.ContainerKill(ctx, one.id, "KILL") == nil {
				select {
				case <-one.log.read:
				case <-ctx.Done():
				}
			}
			one.log.stop()
		})
	}
	all.Wait()
}
