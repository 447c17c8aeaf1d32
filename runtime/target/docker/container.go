package docker

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"

	"github.com/pipelang/pipe/runtime/target"
)

const (
	// workspaceAt is where every container finds the workspace: the same on any machine, so that
	// what a step builds does not depend on where the repository lies.
	workspaceAt = "/workspace"
	// beside is where a container finds parameters, scripts and $PIPE_OUTPUT.
	beside = "/run/pipe"
)

// defaultPIDs bounds processes and threads where an op does not say.
const defaultPIDs = 4096

// shutIn is what every container of a run is held to.
func shutIn(c target.Container, memory int64) (*container.HostConfig, error) {
	if err := checkNetwork(c.Network); err != nil {
		return nil, err
	}
	caps, err := capabilities(c.Capabilities)
	if err != nil {
		return nil, err
	}
	yes := true
	pids := cmp.Or(c.PIDs, defaultPIDs)
	memory = cmp.Or(c.Memory, memory)
	return &container.HostConfig{
		Init:        &yes,
		CapDrop:     []string{"ALL"},
		CapAdd:      caps,
		SecurityOpt: []string{"no-new-privileges"},
		NetworkMode: container.NetworkMode(cmp.Or(c.Network, "bridge")),
		IpcMode:     "private",
		Resources: container.Resources{
			Memory:     memory,
			MemorySwap: memory, // none beyond memory
			NanoCPUs:   int64(c.CPU * 1e9),
			PidsLimit:  &pids,
		},
		// The engine's own log is what a later pipe reads on from.
		LogConfig: container.LogConfig{Type: "local", Config: map[string]string{"max-size": "100m", "max-file": "2", "compress": "false"}},
	}, nil
}

// checkNetwork refuses namespaces that belong to others.
func checkNetwork(name string) error {
	mode, _, other := strings.Cut(name, ":")
	if name == "host" || other && slices.Contains([]string{"container", "ns", "host"}, mode) {
		return fmt.Errorf(`network %q: a container gets a network of its own: write "none", "bridge" or the name of one of the engine's networks`, name)
	}
	return nil
}

// capabilities gives names as the engine has them. ALL is none: each is to be seen in the plan.
func capabilities(names []string) ([]string, error) {
	var out []string
	for _, name := range names {
		name = strings.TrimPrefix(strings.ToUpper(name), "CAP_")
		if name == "ALL" || name == "" {
			return nil, fmt.Errorf("capabilities: %q is no capability: name each, such as NET_BIND_SERVICE", name)
		}
		out = append(out, name)
	}
	return out, nil
}

// config is the container of an attempt, without its command.
func (a *attempt) config() (*container.Config, *container.HostConfig, error) {
	limits, err := shutIn(a.job.Container, a.session.memory)
	if err != nil {
		return nil, nil, err
	}
	if nets := a.networks(); len(nets) > 0 {
		limits.NetworkMode = container.NetworkMode(nets[0])
	}
	if limits.Mounts, err = a.mounts(); err != nil {
		return nil, nil, err
	}
	labels := a.session.owner.labels(a.job.Step, a.job.Attempt)
	labels[labelNonce] = a.nonce
	if !a.deadline.IsZero() {
		labels[labelUntil] = strconv.FormatInt(a.deadline.Add(a.job.Grace).Unix()+1, 10)
	}
	return &container.Config{
		Image:        a.image.ID,
		User:         cmp.Or(a.job.Container.User, a.session.user),
		Env:          a.environ(),
		WorkingDir:   path.Join(workspaceAt, a.WorkingDir()),
		Labels:       labels,
		AttachStdout: true,
		AttachStderr: true,
	}, limits, nil
}

// environ is what the image sets, a home that the user may write to, and what the op gives.
// The variable for the engine's init makes it pass signals to all of an op's processes.
func (a *attempt) environ() []string {
	env := []string{"TINI_KILL_PROCESS_GROUP=1"}
	if a.job.Container.User == "" && !strings.HasPrefix(a.session.user, "0:") {
		env = append(env, "HOME="+beside+"/home")
	}
	return append(env, a.Environ()...)
}

// mounts show the workspace, what lies beside it, and caches, where the engine sees them.
func (a *attempt) mounts() ([]mount.Mount, error) {
	caches, err := a.Caches()
	if err != nil {
		return nil, err
	}
	var out []mount.Mount
	if a.sharing.files == filesShip {
		for _, c := range caches {
			out = append(out, a.session.cacheVolume(c.Name, path.Join(workspaceAt, c.Path)))
		}
		return out, nil
	}
	workspace, err := a.workspaceMount()
	if err != nil {
		return nil, err
	}
	out = append(out, workspace, bind(a.Beside(), beside))
	for _, c := range caches {
		out = append(out, bind(c.Source, path.Join(workspaceAt, c.Path)))
	}
	for _, m := range out {
		if m.Type == mount.TypeBind && a.session.engine.exposes(realPath(m.Source)) {
			return nil, fmt.Errorf("%s holds the engine's socket, which no container is shown", m.Source)
		}
	}
	return out, nil
}

func (a *attempt) workspaceMount() (mount.Mount, error) {
	layers, err := a.Layers()
	switch {
	case err != nil:
		return mount.Mount{}, err
	case layers != nil:
		return a.session.volume(*layers)
	}
	return bind(a.Folder(), workspaceAt), nil
}

// cacheVolume is a cache folder that lives on the engine.
func (s *session) cacheVolume(name, at string) mount.Mount {
	return mount.Mount{Type: mount.TypeVolume, Source: "pipe-cache-" + s.owner.Store + "-" + volumeName(name), Target: at,
		VolumeOptions: &mount.VolumeOptions{NoCopy: true, Labels: map[string]string{labelStore: s.owner.Store}}}
}

// volumeName writes any name with the characters that the engine takes, one to one.
func volumeName(name string) string {
	var b strings.Builder
	for _, c := range []byte(name) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "_%02x", c)
		}
	}
	return b.String()
}

// networks are those of the services that the attempt reaches, which stand for its own.
func (a *attempt) networks() []string {
	var out []string
	for _, beside := range a.job.Beside {
		if v, ok := beside.(*services); ok && v.where() == a.session.engine.endpoint.Host {
			out = append(out, v.network)
		}
	}
	return out
}

// reachesServices refuses services that no network leads to from here.
func (a *attempt) reachesServices() error {
	here := a.session.engine.endpoint.Host
	for _, beside := range a.job.Beside {
		if v, ok := beside.(*services); ok && v.where() != here {
			return fmt.Errorf("the services that the step mentions run on the engine at %s, and the step on that at %s: give both the same target", v.where(), here)
		}
	}
	return nil
}

// where is the engine that the services run on.
func (v *services) where() string { return v.session.engine.endpoint.Host }

// join joins the networks that the container was not made in.
func (a *attempt) join(ctx context.Context) error {
	for i, name := range a.networks() {
		if i == 0 {
			continue
		}
		if err := a.session.engine.api.NetworkConnect(ctx, name, a.id, nil); err != nil {
			return fmt.Errorf("join the network of services: %w", err)
		}
	}
	return nil
}
