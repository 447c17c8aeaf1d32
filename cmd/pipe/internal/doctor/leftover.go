package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pipelang/pipe/runtime/target"
	"github.com/pipelang/pipe/runtime/target/docker"
	"github.com/pipelang/pipe/runtime/target/host"
)

// Leftover is something that a killed run left. The next run removes it, too.
type Leftover struct {
	Kind   string `json:"kind"` // folder, container, network or volume
	Name   string `json:"name"`
	Run    string `json:"run,omitempty"`
	Step   string `json:"step,omitempty"`
	remove func(context.Context) error
}

// Remove removes it, unless somebody holds it by now.
func (l Leftover) Remove(ctx context.Context) error { return l.remove(ctx) }

func (l Leftover) String() string {
	text := l.Kind + " " + l.Name
	if l.Run != "" {
		text += " of run " + l.Run
	}
	if l.Step != "" {
		text += ", step " + l.Step
	}
	return text
}

// Leftovers finds them. The error says where could not be looked.
func (s *Surroundings) Leftovers(ctx context.Context) ([]Leftover, error) {
	opened, err := s.Open()
	if err != nil {
		return nil, fmt.Errorf("the store: %w", err)
	}
	states := filepath.Join(opened.Dir(), "state")
	onEngines, kept, err := s.leftOnEngines(ctx, states)
	out := onEngines                  // containers first: folders are in them
	inUse := func(path string) bool { // a container that may be gone on with works in it, or may
		return slices.Contains(kept, path) || err != nil && docker.SessionFolder(path)
	}
	for _, path := range host.Leftovers(states, inUse) {
		l := Leftover{Kind: "folder", Name: path, remove: func(context.Context) error { return host.RemoveLeftover(path) }}
		if place := filepath.Dir(path); filepath.Dir(place) == states {
			l.Run = filepath.Base(place)
		}
		out = append(out, l)
	}
	return append(out, emptyStates(states, opened.UnderWay)...), err
}

// leftOnEngines are what carries the labels of this store, on the usual engine and on those that
// targets name, and the folders that must be kept for what stays there.
func (s *Surroundings) leftOnEngines(ctx context.Context, states string) (out []Leftover, kept []string, err error) {
	out, kept, err = s.leftOnEngine(ctx, docker.Endpoint{Environ: s.Environ}, states)
	seen := map[string]bool{}
	for _, l := range out {
		seen[l.Name] = true
	}
	for _, e := range s.Needs.Engines {
		if e.Unknown != nil {
			continue
		}
		more, folders, failed := s.leftOnEngine(ctx, e.Where, states)
		kept = append(kept, folders...)
		if failed != nil {
			err = errors.Join(err, fmt.Errorf("the engine of target %s", e.Name))
		}
		for _, l := range more {
			if !seen[l.Name] { // a target may name the usual engine
				seen[l.Name], out = true, append(out, l)
			}
		}
	}
	return out, kept, err
}

// leftOnEngine looks at one engine. Without an engine there is nothing.
func (s *Surroundings) leftOnEngine(ctx context.Context, where docker.Endpoint, states string) (out []Leftover, kept []string, err error) {
	e, err := docker.Connect(ctx, where)
	if errors.Is(err, docker.ErrAbsent) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("the Docker engine: %w", err)
	}
	defer e.Close()
	all, kept, err := e.Leftovers(ctx, target.Run{State: filepath.Join(states, "doctor")})
	if err != nil {
		return nil, nil, fmt.Errorf("the Docker engine: %w", err)
	}
	for _, l := range all {
		out = append(out, Leftover{Kind: l.Kind, Name: l.ID, Run: l.Run, Step: l.Step, remove: func(ctx context.Context) error {
			return removeOnEngine(ctx, where, l)
		}})
	}
	return out, kept, nil
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
	found, err := s.Leftovers(ctx)
	var lines []Line
	if err != nil {
		lines = warns("see the lines above", "not everything could be looked through: %s", strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	switch len(found) {
	case 0:
		return append(ok("nothing that a killed run left"), lines...)
	case 1:
		return append(lines, warns("pipe doctor --fix removes it; so does the next run", "1 thing that a killed run left: %s", found[0])...)
	}
	return append(lines, warns("pipe doctor --fix removes them; so does the next run", "%d things that killed runs left", len(found))...)
}
