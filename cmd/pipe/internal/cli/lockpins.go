package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/pipelang/pipe/compiler/load"
	"github.com/pipelang/pipe/compiler/lower"
	"github.com/pipelang/pipe/runtime/registry"
	"github.com/pipelang/pipe/runtime/target/docker"
)

// pinKind is what becomes of a pin.
type pinKind string

const (
	pinKept    pinKind = "kept"
	pinAdded   pinKind = "added"
	pinMoved   pinKind = "moved"
	pinRemoved pinKind = "removed"
	pinMissing pinKind = "missing" // named, and not in the lock
)

// pinChange is an image with the pin it had and has.
type pinChange struct {
	Name     string
	Kind     pinKind
	Old, New load.Pin
	Uses     []lower.Image
	Err      error // why a registry gave no answer; the old pin, if any, stays
}

// lockReport is what becomes of every pin, by name.
type lockReport struct {
	changes []pinChange
	late    []lower.Image
	covered bool // the names of late ones are in pipe.toml
}

// compare says what the lock lacks and what nothing names.
func (w *wanted) compare() *lockReport {
	r := &lockReport{late: w.late, covered: w.extra}
	names := map[string]bool{}
	for n := range w.uses {
		names[n] = true
	}
	for n := range w.lock.Images {
		names[n] = true
	}
	for _, n := range slices.Sorted(maps.Keys(names)) {
		uses, used := w.uses[n]
		pin, pinned := w.lock.Images[n]
		c := pinChange{Name: n, Kind: pinKept, Old: pin, New: pin, Uses: uses}
		switch {
		case !used:
			c.Kind, c.New = pinRemoved, load.Pin{}
		case !pinned:
			c.Kind = pinMissing
		}
		r.changes = append(r.changes, c)
	}
	return r
}

const (
	asksAtATime = 4
	// registryTime is how long a registry may take, tries included.
	registryTime = 60 * time.Second
	engineTime   = 5 * time.Second
)

// ask fills in what registries say now of the pins that are asked for.
func (a *app) ask(ctx context.Context, r *lockReport, wants func(pinChange) bool) {
	turns := make(chan struct{}, asksAtATime)
	var all sync.WaitGroup
	for i := range r.changes {
		c := &r.changes[i]
		if !wants(*c) {
			continue
		}
		all.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			a.askFor(ctx, c)
		})
	}
	all.Wait()
}

func (a *app) askFor(ctx context.Context, c *pinChange) {
	ctx, cancel := context.WithTimeout(ctx, registryTime)
	defer cancel()
	found, err := registry.Resolve(ctx, c.Name, registry.Options{})
	if err != nil {
		c.Err = a.onlyLocal(ctx, c.Name, err)
		return
	}
	now := load.Pin{Digest: found.Digest, Platforms: found.Platforms, Created: found.Created}
	switch {
	case c.Kind == pinMissing:
		c.Kind = pinAdded
	case now.Digest != c.Old.Digest:
		c.Kind = pinMoved
	}
	c.New = now
}

// localError is an image that no registry has and the engine of this machine does.
type localError struct{ name string }

func (e *localError) Error() string {
	return e.name + " exists in this machine's engine only, where a name may move to another image at any time"
}

func (e *localError) Help() string {
	return "push it to a registry that its name leads to, or build it in the pipeline and hand on its image"
}

// onlyLocal looks whether an image that no registry gives is one of the engine here.
func (a *app) onlyLocal(ctx context.Context, name string, err error) error {
	var failed *registry.Error
	if !errors.As(err, &failed) || failed.Kind == registry.Invalid {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), engineTime)
	defer cancel()
	engine, bad := docker.Connect(ctx, docker.Endpoint{Environ: a.Environ})
	if bad != nil {
		return err
	}
	defer engine.Close()
	if has, bad := engine.Has(ctx, name); bad == nil && has {
		return &localError{name}
	}
	return err
}

// lock is the lock as it becomes.
func (r *lockReport) lock() load.Lock {
	out := load.Lock{Images: map[string]load.Pin{}}
	for _, c := range r.changes {
		if c.New.Digest != "" {
			out.Images[c.Name] = c.New
		}
	}
	return out
}

// differs says that a lock is to be written; none is where there is nothing to pin.
func (r *lockReport) differs(was load.Lock, text, before string) bool {
	return text != before && (was.Path != "" || len(r.lock().Images) > 0)
}

// failed says that the exit code is 1: something is not pinned, or --check found it stale.
func (r *lockReport) failed(check bool) bool {
	if check && len(r.late) > 0 && !r.covered {
		return true
	}
	return slices.ContainsFunc(r.changes, func(c pinChange) bool {
		return c.Err != nil || c.Kind == pinMissing || check && c.Kind != pinKept
	})
}

// count is how many pins become of a kind.
func (r *lockReport) count(kind pinKind) int {
	n := 0
	for _, c := range r.changes {
		if c.Kind == kind {
			n++
		}
	}
	return n
}

// pinText is a pin for people.
func pinText(p load.Pin) string {
	text := p.Digest[:min(len(p.Digest), len("sha256:")+12)]
	if !p.Created.IsZero() {
		text += fmt.Sprintf(" (made %s)", p.Created.Format(time.DateOnly))
	}
	return text
}
