package docker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/docker/docker/api/types/system"

	"github.com/pipelang/pipe/runtime/target"
	"github.com/pipelang/pipe/runtime/target/host"
)

// Target is an engine as a place that runs ops.
type Target struct {
	Endpoint Endpoint
	Pull     Pull // "" is PullMissing

	patience time.Duration // how long the engine may take to answer; 0 is unhealthy
}

var _ target.Target = Target{}

// New gives the engine that an endpoint means as a target.
func New(where Endpoint) Target { return Target{Endpoint: where} }

// Pull says when images are pulled.
type Pull string

const (
	PullMissing Pull = "missing" // those that the engine does not have
	PullAlways  Pull = "always"  // every image, once a run
	PullNever   Pull = "never"
)

// Open connects to the engine and removes what killed runs of the same store left on it.
func (t Target) Open(ctx context.Context, run target.Run) (target.Session, error) {
	if t.Endpoint.Environ == nil {
		t.Endpoint.Environ = run.Environ
	}
	engine, err := Connect(ctx, t.Endpoint)
	if err != nil {
		return nil, err
	}
	s, err := t.session(ctx, engine, run)
	if err != nil {
		return nil, errors.Join(err, engine.Close())
	}
	return s, nil
}

func (t Target) session(ctx context.Context, engine *Engine, run target.Run) (*session, error) {
	if engine.Windows() {
		return nil, fmt.Errorf("the engine at %s runs Windows containers: switch it to Linux containers", engine.endpoint.Host)
	}
	files, err := forcedFiles(engine.env)
	if err != nil {
		return nil, err
	}
	info, err := engine.api.Info(ctx)
	if err != nil {
		return nil, engine.Failure(ctx, err)
	}
	if files == "" && secured(info, "userns") {
		files = filesShip // its users are none that could write in folders of this machine
	}
	engine.platform = info.OSType + "/" + architecture(info.Architecture)
	mine := ownerOf(run)
	found, err := engine.leftovers(ctx, mine)
	if err == nil {
		err = engine.removeAll(ctx, found.Stale)
	}
	if err != nil {
		return nil, fmt.Errorf("remove what killed runs left: %w", engine.Failure(ctx, err))
	}
	spaces, err := host.OpenWorkspaces(run, host.Place{
		Kind:    folderKind,
		InUse:   func(path string) bool { return found.keeps(path) || engine.leaves(path) },
		Reclaim: engine.reclaimer(run),
	})
	if err != nil {
		return nil, err
	}
	if err := holdAll(spaces, found.own); err != nil {
		return nil, errors.Join(err, spaces.Close())
	}
	mine.Folder = spaces.Folder()
	s := &session{
		engine:   engine,
		run:      run,
		owner:    mine,
		earlier:  found.own,
		spaces:   spaces,
		images:   newImages(engine, t.Pull),
		memory:   info.MemTotal / 10 * 9,
		user:     userOn(info, spaces.Root()),
		patience: cmp.Or(t.patience, unhealthy),
		removals: make(chan struct{}, maxRemovals),
		forced:   files,
	}
	s.share = s.shareOnce()
	s.watch()
	return s, nil
}

// userOn is whom containers run as, unless an op says otherwise: the user who runs pipe, or,
// where that is root in a repository of another, the owner of the repository. Without
// capabilities root may not write there. What an engine without root takes for root is the user who runs it.
func userOn(info system.Info, root string) string {
	if secured(info, "rootless") {
		return "0:0"
	}
	uid, gid := os.Getuid(), os.Getgid()
	if info, err := os.Stat(root); err == nil && uid == 0 {
		uid, gid = ownerOfFile(info)
	}
	return fmt.Sprintf("%d:%d", uid, gid)
}

// files says how an engine gets at workspaces.
type files string

const (
	filesBind files = "bind" // the engine sees this machine's folders
	filesShip files = "ship" // they are sent to it and fetched from it
)

// forcedFiles is what the environment says instead of a probe.
func forcedFiles(env []string) (files, error) {
	f := files(lookup(env, "PIPE_DOCKER_FILES"))
	if !slices.Contains([]files{"", filesBind, filesShip}, f) {
		return "", fmt.Errorf("PIPE_DOCKER_FILES is %q, expected bind or ship", f)
	}
	return f, nil
}

// exposes says that a folder shown to a container would show it the engine's socket.
func (e *Engine) exposes(folder string) bool {
	for _, host := range []string{e.endpoint.Host, "unix:///var/run/docker.sock"} {
		socket, local := strings.CutPrefix(host, "unix://")
		if local && (within(folder, socket) || within(folder, realPath(socket))) {
			return true
		}
	}
	return false
}
