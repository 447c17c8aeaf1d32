package doctor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pipelang/pipe/runtime/target"
	"github.com/pipelang/pipe/runtime/target/docker"
	"github.com/pipelang/pipe/runtime/target/host"
)

// Leftover is something that a killed run left. The next run removes it, too.
type Leftover struct {
	Kind string `json:"kind"` // folder, container, network, volume or processes
	Name string `json:"name"`
	Run  string `json:"run,omitempty"`
	Step string `json:"step,omitempty"`
	// Since is when a step began, Ended when it did that has, and Until when what may be gone on with
	// is given up, where that is known.
	Since *time.Time `json:"since,omitempty"`
	Ended *time.Time `json:"ended,omitempty"`
	Until *time.Time `json:"until,omitempty"`

	attempt bool // of a step
	remove  func(context.Context) error
}

// Remains are all that killed runs left.
type Remains struct {
	Leftovers []Leftover // of no use any more
	Waiting   []Leftover // what `pipe resume` finds again: steps, and what they need
}

// Of is what waits of a run.
func (r Remains) Of(run string) []Leftover {
	return slices.DeleteFunc(slices.Clone(r.Waiting), func(l Leftover) bool { return l.Run != run })
}

// Remove removes it, unless somebody holds it by now.
func (l Leftover) Remove(ctx context.Context) error { return l.remove(ctx) }

func (l Leftover) String() string {
	text := l.named()
	if l.Run != "" {
		text += " of run " + l.Run
	}
	if l.Step != "" && l.Kind != "volume" {
		text += ", step " + l.Step
	}
	return text
}

// isDigest says that a name is one that engines make; its beginning tells them apart.
func isDigest(name string) bool {
	return len(name) == 64 && strings.Trim(name, "0123456789abcdef") == ""
}

func (l Leftover) named() string {
	if isDigest(l.Name) {
		return l.Kind + " " + l.Name[:12]
	}
	return l.Kind + " " + l.Name
}

// Remains finds what killed runs left. The error says where could not be looked.
func (s *Surroundings) Remains(ctx context.Context) (Remains, error) {
	opened, err := s.Open()
	if err != nil {
		return Remains{}, fmt.Errorf("the store: %w", err)
	}
	states := filepath.Join(opened.Dir(), "state")
	out, kept, engines, err := s.leftOnEngines(ctx, states) // containers first: folders are in them
	inUse := func(path string) bool {                       // a container that may be gone on with works in it, or may
		return kept[path] != "" || err != nil && docker.SessionFolder(path)
	}
	for _, path := range host.Leftovers(states, inUse) {
		l := s.leftFolder(path, "")
		if place := filepath.Dir(path); filepath.Dir(place) == states {
			l.Run = filepath.Base(place)
		}
		if docker.SessionFolder(path) && docker.IsOfOthers(path, engines...) { // one that is away, or that no target names
			l.Run = filepath.Base(host.StateOf(path))
			out.Waiting = append(out.Waiting, l)
			continue
		}
		out.Leftovers = append(out.Leftovers, l)
	}
	for _, path := range slices.Sorted(maps.Keys(kept)) {
		if host.Deserted(path) {
			out.Waiting = append(out.Waiting, s.leftFolder(path, kept[path]))
		}
	}
	out.Waiting = append(out.Waiting, onThisMachine(states, opened.UnderWay)...)
	out.Leftovers = append(out.Leftovers, emptyStates(states, opened.UnderWay)...)
	return out, err
}

func (s *Surroundings) leftFolder(path, run string) Leftover {
	return Leftover{Kind: "folder", Name: path, Run: run, remove: func(ctx context.Context) error {
		return host.RemoveLeftover(path, func(path string) error { return s.reclaim(ctx, path) })
	}}
}

// reclaim has an engine make a folder this user's: the first that sees it and can.
func (s *Surroundings) reclaim(ctx context.Context, folder string) error {
	where, _ := s.engines()
	var failed error
	for _, at := range where {
		e, err := docker.Connect(ctx, at)
		if err == nil {
			err = errors.Join(e.Reclaim(ctx, target.Run{State: host.StateOf(folder)}, folder), e.Close())
		}
		if err == nil {
			return nil
		}
		failed = errors.Join(failed, err)
	}
	return failed
}

// engines are the usual one and those that targets name, and what to call them.
func (s *Surroundings) engines() (where []docker.Endpoint, names []string) {
	where, names = []docker.Endpoint{{Environ: s.Environ}}, []string{"the Docker engine"}
	for _, e := range s.Needs.Engines {
		if e.Unknown == nil {
			where, names = append(where, e.Where), append(names, "the engine of target "+e.Name)
		}
	}
	return where, names
}

// leftOnEngines are what carries the labels of this store, on the usual engine and on those that
// targets name, and the folders that must be kept for what stays there, each with its run. engines are the addresses
// of those that answered.
func (s *Surroundings) leftOnEngines(ctx context.Context, states string) (out Remains, kept map[string]string, engines []string, err error) {
	where, names := s.engines()
	kept, seen := map[string]string{}, map[string]bool{}
	fresh := func(all []Leftover) []Leftover { // a target may name the usual engine
		return slices.DeleteFunc(all, func(l Leftover) bool {
			known := seen[l.Name]
			seen[l.Name] = true
			return known
		})
	}
	for i, at := range where {
		found, failed := leftOnEngine(ctx, at, states)
		if failed != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w", names[i], failed))
			continue
		}
		engines = append(engines, found.Engine)
		maps.Copy(kept, found.Kept)
		out.Leftovers = append(out.Leftovers, fresh(leftAt(at, found.Stale))...)
		out.Waiting = append(out.Waiting, fresh(leftAt(at, found.Awaited))...)
	}
	return out, kept, engines, err
}

// leftOnEngine looks at one engine. Without an engine there is nothing.
func leftOnEngine(ctx context.Context, where docker.Endpoint, states string) (docker.Found, error) {
	e, err := docker.Connect(ctx, where)
	if errors.Is(err, docker.ErrAbsent) {
		return docker.Found{}, nil
	}
	if err != nil {
		return docker.Found{}, err
	}
	defer e.Close()
	return e.Leftovers(ctx, target.Run{State: filepath.Join(states, "doctor")})
}

func leftAt(where docker.Endpoint, all []docker.Left) []Leftover {
	var out []Leftover
	for _, l := range all {
		out = append(out, Leftover{Kind: l.Kind, Name: l.ID, Run: l.Run, Step: l.Step, attempt: l.Attempt,
			Since: moment(l.Since), Ended: moment(l.Ended), Until: moment(l.Until),
			remove: func(ctx context.Context) error { return removeOnEngine(ctx, where, l) }})
	}
	return out
}

// moment is a time that may not be known.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func removeOnEngine(ctx context.Context, where docker.Endpoint, l docker.Left) error {
	e, err := docker.Connect(ctx, where)
	if err != nil {
		return err
	}
	defer e.Close()
	return e.Remove(ctx, l)
}

// emptyStates are state folders of runs that are over, with nothing in them.
func emptyStates(states string, underWay func(run string) bool) []Leftover {
	entries, err := os.ReadDir(states)
	if err != nil {
		return nil
	}
	var out []Leftover
	for _, e := range entries {
		path := filepath.Join(states, e.Name())
		inside, err := os.ReadDir(path)
		if err != nil || len(inside) > 0 || underWay(e.Name()) {
			continue
		}
		out = append(out, Leftover{Kind: "folder", Name: path, Run: e.Name(), remove: func(context.Context) error { return gone(os.Remove(path)) }})
	}
	return out
}

// gone is no error about what is not there any more.
func gone(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

func (s *Surroundings) leftovers(ctx context.Context) []Line {
	found, err := s.Remains(ctx)
	lines := goingOn(found.Waiting, time.Now())
	if err != nil {
		lines = append(lines, warns("see the lines above", "not everything could be looked through: %s", strings.ReplaceAll(err.Error(), "\n", "; "))...)
	}
	switch n := len(found.Leftovers); {
	case n == 1:
		return append(lines, warns("pipe doctor --fix removes it; so does the next run", "1 thing that a killed run left: %s", found.Leftovers[0])...)
	case n > 0:
		return append(lines, warns("pipe doctor --fix removes them; so does the next run", "%d things that killed runs left", n)...)
	case len(lines) == 0:
		return ok("nothing that a killed run left")
	}
	return lines
}
