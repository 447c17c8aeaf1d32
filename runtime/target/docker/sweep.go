package docker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"

	"github.com/pipelang/pipe/runtime/target"
	"github.com/pipelang/pipe/runtime/target/host"
)

// Left is something that a run left on an engine.
type Left struct {
	Kind string // container, network or volume
	ID   string
	Run  string
	Step string

	folder string
	// attempt says that it is a container of a step, and until when that may take; 0 is no limit.
	attempt bool
	until   int64
	state   string // what the engine says of it
}

// leftovers are what must stay, by the folders that it needs.
type leftovers map[string]bool

func (l leftovers) uses(folder string) bool { return l[folder] }

// Leftovers lists what killed runs of the store of a run left on the engine: what carries the
// store's label, and belongs neither to this run nor to one that lives or that may be gone on with: one
// of whose steps a container still works, or has ended within the hour. What stays needs the folders kept.
func (e *Engine) Leftovers(ctx context.Context, run target.Run) (stale []Left, kept []string, err error) {
	stale, stays, _, err := e.leftovers(ctx, ownerOf(run))
	return stale, slices.Collect(maps.Keys(stays)), err
}

// Sweep removes what Leftovers lists, and says what that was.
func (e *Engine) Sweep(ctx context.Context, run target.Run) ([]Left, error) {
	stale, _, _, err := e.leftovers(ctx, ownerOf(run))
	if err != nil {
		return nil, err
	}
	return stale, e.removeAll(ctx, stale)
}

// sweep removes what killed runs left, and gives what must stay, and what of that an earlier
// process of this run made.
func (e *Engine) sweep(ctx context.Context, mine owner) (stays leftovers, own []Left, err error) {
	stale, stays, own, err := e.leftovers(ctx, mine)
	if err != nil {
		return nil, nil, err
	}
	return stays, own, e.removeAll(ctx, stale)
}

func (e *Engine) leftovers(ctx context.Context, mine owner) (stale []Left, stays leftovers, own []Left, err error) {
	all, err := e.made(ctx, mine)
	if err != nil {
		return nil, nil, nil, err
	}
	stays = leftovers{}
	lives := map[string]bool{}
	for _, l := range all {
		alive, known := lives[l.folder]
		if !known {
			alive = host.InUse(l.folder)
		}
		alive = alive || l.attempt && e.awaited(ctx, mine, l)
		lives[l.folder] = alive // containers come first, and what they need has the same folder
	}
	for _, l := range all {
		switch {
		case l.Run == mine.Run:
			own = append(own, l)
			stays[l.folder] = true
		case lives[l.folder]:
			stays[l.folder] = true
		default:
			stale = append(stale, l)
		}
	}
	return stale, stays, own, nil
}

// folderKind is what the folders of this package's sessions are called by.
const folderKind = "docker"

// SessionFolder reports whether a path is that of a session of this package.
func SessionFolder(path string) bool {
	return strings.HasPrefix(filepath.Base(path), "pipe-"+folderKind+"-")
}

// awaits is how long a step's container that has ended waits for somebody to go on with its run, as
// long as a supervisor does.
const awaits = time.Hour

// awaited says that the container of a step may be found again: its run has not been given up, and it
// works within its time, or ended not long ago.
func (e *Engine) awaited(ctx context.Context, mine owner, l Left) bool {
	if _, err := os.Stat(filepath.Join(mine.States, l.Run)); err != nil || l.Run == "" {
		return false
	}
	switch l.state {
	case "running", "paused", "restarting":
		return l.until == 0 || time.Now().Unix() < l.until
	case "exited":
		c, err := e.api.ContainerInspect(ctx, l.ID)
		if err != nil {
			return !errdefs.IsNotFound(err)
		}
		ended, err := time.Parse(time.RFC3339Nano, c.State.FinishedAt)
		return err == nil && time.Since(ended) < awaits
	}
	return false
}

// made lists all that a store has on the engine; containers first, for they hold the rest.
func (e *Engine) made(ctx context.Context, mine owner) ([]Left, error) {
	var out []Left
	add := func(kind, id string, labels map[string]string) {
		out = append(out, Left{Kind: kind, ID: id, Run: labels[labelRun], Step: labels[labelStep], folder: filepath.Clean(labels[labelFolder])})
	}
	containers, err := e.api.ContainerList(ctx, container.ListOptions{All: true, Filters: mine.filter()})
	if err != nil {
		return nil, err
	}
	for _, c := range containers {
		add("container", c.ID, c.Labels)
		l := &out[len(out)-1]
		l.attempt, l.state = c.Labels[labelAttempt] != "", c.State
		l.until, _ = strconv.ParseInt(c.Labels[labelUntil], 10, 64)
	}
	networks, err := e.api.NetworkList(ctx, network.ListOptions{Filters: mine.filter()})
	if err != nil {
		return nil, err
	}
	for _, n := range networks {
		add("network", n.ID, n.Labels)
	}
	volumes, err := e.api.VolumeList(ctx, volume.ListOptions{Filters: mine.filter()})
	if err != nil {
		return nil, err
	}
	for _, v := range volumes.Volumes {
		if v.Labels[labelRun] != "" { // caches belong to no run
			add("volume", v.Name, v.Labels)
		}
	}
	return out, nil
}

// ForgetCaches removes the cache folders that the store of a run has on the engine, which are
// there where the engine does not see this machine's files. None may be in use.
func (e *Engine) ForgetCaches(ctx context.Context, run target.Run) error {
	mine := ownerOf(run)
	volumes, err := e.api.VolumeList(ctx, volume.ListOptions{Filters: mine.filter()})
	if err != nil {
		return err
	}
	for _, v := range volumes.Volumes {
		if v.Labels[labelRun] == "" {
			err = errors.Join(err, e.api.VolumeRemove(ctx, v.Name, false))
		}
	}
	return err
}

func (e *Engine) removeAll(ctx context.Context, all []Left) error {
	var err error
	for _, l := range all {
		if failed := e.remove(ctx, l); failed != nil {
			err = errors.Join(err, fmt.Errorf("remove %s %s of run %s: %w", l.Kind, l.ID, l.Run, failed))
		}
	}
	return err
}

// Remove removes one of Leftovers, unless its run lives by now.
func (e *Engine) Remove(ctx context.Context, l Left) error {
	if host.InUse(l.folder) {
		return fmt.Errorf("%s %s belongs to a run that lives", l.Kind, l.ID)
	}
	return e.remove(ctx, l)
}

func (e *Engine) remove(ctx context.Context, l Left) error {
	switch l.Kind {
	case "container":
		return e.removeContainer(ctx, l.ID)
	case "network":
		return goneIsFine(e.api.NetworkRemove(ctx, l.ID))
	}
	return goneIsFine(e.api.VolumeRemove(ctx, l.ID, true))
}

// removeContainer removes a container with the volumes that are its own, whatever it does.
func (e *Engine) removeContainer(ctx context.Context, id string) error {
	return goneIsFine(e.api.ContainerRemove(ctx, id, container.RemoveOptions{Force: true, RemoveVolumes: true}))
}

// goneIsFine takes it as done that something is gone already, or is just being removed.
func goneIsFine(err error) error {
	if errdefs.IsNotFound(err) || errdefs.IsConflict(err) {
		return nil
	}
	return err
}
