package docker

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"

	"github.com/pipelang/pipe/runtime/target"
	"github.com/pipelang/pipe/runtime/target/host"
)

// Left is something that a run whose pipe is gone left on an engine.
type Left struct {
	Kind string // container, network, volume or image
	ID   string
	Run  string
	Step string
	// Attempt says that it is the container of a step, which may be gone on with.
	Attempt bool
	// Since is when a container was made, and Ended when the one of a step ended; zero where it works.
	Since, Ended time.Time
	// Until is when it is given up, of what Found.Awaited holds; the zero time is never.
	Until time.Time

	folder string
	limit  int64  // until when the step's time lasts, in seconds since 1970; 0 is none
	state  string // what the engine says of it
}

// Found is what there is on an engine of runs whose pipe is gone.
type Found struct {
	// Stale is of no use any more, and goes with the next run.
	Stale []Left
	// Awaited may be gone on with: containers of steps, and what they need.
	Awaited []Left
	// Kept are the folders of this machine that those need, each with its run.
	Kept map[string]string
	// Engine is the address of the engine.
	Engine string

	own []Left // what an earlier process of this very run made
}

// keeps says that something on the engine needs a folder.
func (f Found) keeps(folder string) bool {
	_, needed := f.Kept[folder]
	return needed
}

// Leftovers lists what carries the label of the store of a run, and belongs neither to this run nor
// to one that lives.
func (e *Engine) Leftovers(ctx context.Context, run target.Run) (Found, error) {
	return e.leftovers(ctx, ownerOf(run))
}

// Sweep removes what is stale of Leftovers, and says what that was.
func (e *Engine) Sweep(ctx context.Context, run target.Run) ([]Left, error) {
	found, err := e.leftovers(ctx, ownerOf(run))
	if err != nil {
		return nil, err
	}
	return found.Stale, e.removeAll(ctx, found.Stale)
}

func (e *Engine) leftovers(ctx context.Context, mine owner) (found Found, err error) {
	all, err := e.made(ctx, mine)
	if err != nil {
		return found, err
	}
	held, untils := map[string]bool{}, map[string]time.Time{}
	for i := range all {
		l := &all[i]
		if _, known := held[l.folder]; !known {
			held[l.folder] = host.InUse(l.folder)
		}
		if l.Attempt && !held[l.folder] && l.Run != mine.Run {
			e.await(ctx, mine, l)
			untils[l.folder] = later(untils[l.folder], l.Until)
		}
	}
	found.Kept, found.Engine = map[string]string{}, e.endpoint.Host
	for _, l := range all {
		switch {
		case l.Run == mine.Run:
			found.own = append(found.own, l)
		case held[l.folder]:
		case l.Attempt && l.Until.IsZero(), untils[l.folder].IsZero():
			found.Stale = append(found.Stale, l)
			continue
		default:
			if !l.Attempt { // what steps need has the same folder
				l.Until = untils[l.folder]
			}
			found.Awaited = append(found.Awaited, l)
		}
		found.Kept[l.folder] = l.Run
	}
	return found, nil
}

// folderKind is what the folders of this package's sessions are called by.
const folderKind = "docker"

// SessionFolder reports whether a path is that of a session of this package.
func SessionFolder(path string) bool {
	return strings.HasPrefix(filepath.Base(path), "pipe-"+folderKind+"-")
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
		l.Attempt, l.state, l.Since = c.Labels[labelAttempt] != "", c.State, time.Unix(c.Created, 0)
		l.limit, _ = strconv.ParseInt(c.Labels[labelUntil], 10, 64)
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
	images, err := e.api.ImageList(ctx, image.ListOptions{Filters: mine.filter()})
	if err != nil {
		return nil, err
	}
	for _, i := range images {
		add("image", i.ID, i.Labels)
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
	case "image":
		return e.removeImage(ctx, l.ID)
	}
	return goneIsFine(e.api.VolumeRemove(ctx, l.ID, true))
}

// removeContainer removes a container with the volumes that are its own, whatever it does.
func (e *Engine) removeContainer(ctx context.Context, id string) error {
	return goneIsFine(e.api.ContainerRemove(ctx, id, container.RemoveOptions{Force: true, RemoveVolumes: true}))
}

func (e *Engine) removeImage(ctx context.Context, id string) error {
	_, err := e.api.ImageRemove(ctx, id, image.RemoveOptions{})
	return goneIsFine(err)
}

// goneIsFine takes it as done that something is gone already, or is just being removed.
func goneIsFine(err error) error {
	if errdefs.IsNotFound(err) || errdefs.IsConflict(err) {
		return nil
	}
	return err
}
