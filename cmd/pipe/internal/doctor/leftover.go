package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/pipelang/pipe/runtime/target/host"
)

// Leftover is something that a killed run left. The next run removes it, too.
type Leftover struct {
	Kind   string `json:"kind"` // folder
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
	var out []Leftover
	for _, path := range host.Leftovers(states) {
		l := Leftover{Kind: "folder", Name: path, remove: func(context.Context) error { return host.RemoveLeftover(path) }}
		if place := filepath.Dir(path); filepath.Dir(place) == states {
			l.Run = filepath.Base(place)
		}
		out = append(out, l)
	}
	out = append(out, emptyStates(states, opened.UnderWay)...)
	return out, ctx.Err()
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
		lines = warns("see the lines above", "not everything could be looked through: %v", err)
	}
	switch len(found) {
	case 0:
		return append(ok("nothing that a killed run left"), lines...)
	case 1:
		return append(lines, warns("pipe doctor --fix removes it; so does the next run", "1 thing that a killed run left: %s", found[0])...)
	}
	return append(lines, warns("pipe doctor --fix removes them; so does the next run", "%d things that killed runs left", len(found))...)
}
