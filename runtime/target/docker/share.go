package docker

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"

	"github.com/pipelang/pipe/runtime/target/host"
)

// sharing is how an engine gets at workspaces.
type sharing struct {
	files   files
	layered bool // it mounts overlays of this machine's folders
}

// shareOnce settles sharing for a session: what is forced, or what a probe finds.
func (s *session) shareOnce() func(context.Context, string) (sharing, error) {
	var mu sync.Mutex
	var known *sharing
	return func(ctx context.Context, image string) (sharing, error) {
		mu.Lock()
		defer mu.Unlock()
		if known != nil {
			return *known, nil
		}
		found, err := s.probe(ctx, image)
		if err != nil {
			return sharing{}, err
		}
		if err := s.spaces.Layered(found.layered || found.files == filesShip); err != nil {
			return sharing{}, err
		}
		known = &found
		return found, nil
	}
}

// probe looks whether a container would find in a folder what this machine finds there, and
// whether the engine lays folders over each other. Nothing is started for that.
func (s *session) probe(ctx context.Context, image string) (sharing, error) {
	if s.forced == filesShip {
		return sharing{files: filesShip}, nil
	}
	folder := filepath.Join(s.spaces.Folder(), "probe")
	defer os.RemoveAll(folder)
	name := rand.Text()
	for _, sub := range []string{"lower", "upper", "work"} {
		if err := os.MkdirAll(filepath.Join(folder, sub), 0o755); err != nil {
			return sharing{}, err
		}
	}
	if err := os.WriteFile(filepath.Join(folder, "lower", name), nil, 0o644); err != nil {
		return sharing{}, err
	}
	over := host.Layers{Lower: []string{filepath.Join(folder, "lower")}, Upper: filepath.Join(folder, "upper"), Work: filepath.Join(folder, "work")}
	layers, err := s.volume(over)
	if root := s.spaces.Root(); err == nil && !strings.ContainsAny(root, separators) && !s.engine.exposes(root) {
		if found, _ := s.finds(ctx, image, name, layers); found {
			return sharing{filesBind, true}, nil
		}
	}
	found, err := s.finds(ctx, image, name, bind(over.Lower[0], workspaceAt))
	switch {
	case err != nil:
		return sharing{}, err
	case found:
		return sharing{files: filesBind}, nil
	case s.forced == filesBind:
		return sharing{}, fmt.Errorf("PIPE_DOCKER_FILES is bind, and the engine at %s does not see this machine's files", s.engine.endpoint.Host)
	}
	return sharing{files: filesShip}, nil
}

// finds makes a container with a mount at the workspace's path and looks for a name in it.
func (s *session) finds(ctx context.Context, image, name string, m mount.Mount) (bool, error) {
	made, err := s.engine.api.ContainerCreate(ctx, &container.Config{Image: image, Cmd: []string{"/"}, Labels: s.owner.labels("probe", 0)},
		&container.HostConfig{NetworkMode: "none", Mounts: []mount.Mount{m}}, nil, nil, "")
	if errdefs.IsInvalidArgument(err) || err != nil && strings.Contains(err.Error(), "bind source path does not exist") {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	_, err = s.engine.api.ContainerStatPath(ctx, made.ID, workspaceAt+"/"+name)
	gone := s.engine.removeContainer(ctx, made.ID)
	return err == nil, gone
}

// errSeparators is for folders that cannot be named in options of a mount.
var errSeparators = errors.New("the path holds a character that separates options of a mount")

const separators = `,:\"`

// volume is an overlay that the engine mounts for one container.
func (s *session) volume(l host.Layers) (mount.Mount, error) {
	for _, p := range append([]string{l.Upper, l.Work}, l.Lower...) {
		if strings.ContainsAny(p, separators) || s.engine.exposes(p) {
			return mount.Mount{}, errSeparators
		}
	}
	// The engine gives the kernel one page of options.
	options := "lowerdir=" + strings.Join(l.Lower, ":") + ",upperdir=" + l.Upper + ",workdir=" + l.Work + l.Options
	if len(options) >= os.Getpagesize() {
		return mount.Mount{}, errSeparators
	}
	return mount.Mount{Type: mount.TypeVolume, Target: workspaceAt, VolumeOptions: &mount.VolumeOptions{
		NoCopy: true,
		Labels: s.owner.labels("workspace", 0),
		DriverConfig: &mount.Driver{Name: "local", Options: map[string]string{
			"type": "overlay", "device": "overlay", "o": options,
		}},
	}}, nil
}

func bind(source, at string) mount.Mount {
	return mount.Mount{Type: mount.TypeBind, Source: source, Target: at, BindOptions: &mount.BindOptions{Propagation: mount.PropagationRPrivate}}
}

// within reports whether path is dir or below it; both are absolute.
func within(dir, path string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}

func realPath(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}
