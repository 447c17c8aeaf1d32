package doctor

import (
	"context"
	"fmt"
	"os/exec"
	"runtime"
	"slices"
	"strings"

	"github.com/pipelang/pipe/runtime/store"
)

// Surroundings are what the checks look at.
type Surroundings struct {
	// Root is the repository's absolute path, Files how many .pipe files it has.
	Root  string
	Files int
	// Broken are files with errors, of whose needs only a part may be known.
	Broken            []string
	Version, Language string
	Environ           []string
	// StoreDir is where the store is to be; Open opens it, and makes it where it is missing.
	StoreDir string
	Open     func() (*store.Store, error)
	Needs    *Needs
	// Space is what is free on a folder's disk for this user, in bytes, and the kind of network
	// file system that it is, "" for a local one.
	Space func(dir string) (free int64, network string, known bool)
}

// Checks are all there are, in the order in which people read them.
func (s *Surroundings) Checks() []Check {
	out := []Check{
		{Name: "pipe", Look: s.pipe},
		{Name: "repository", Needed: s.Broken, Look: s.repository},
		{Name: "store", Needed: []string{"pipe"}, Look: s.store},
		{Name: "git", Needed: s.gitNeeded(), Look: s.git},
		{Name: "workspaces", Needed: []string{"pipe"}, Look: s.workspaces},
		{Name: "supervision", Needed: []string{"pipe"}, Look: s.supervision},
		{Name: "docker", Needed: slices.Concat(s.Needs.Containers, s.Needs.Builds), Look: s.engine},
	}
	for _, e := range s.Needs.Engines {
		out = append(out, Check{Name: "docker " + e.Name, Needed: []string{e.At}, Look: s.declared(e)})
	}
	out = append(out, s.registries()...)
	return append(out,
		Check{Name: "programs", Look: s.programs},
		Check{Name: "tools", Look: s.tools},
		Check{Name: "proxy", Look: s.proxy},
		Check{Name: "leftovers", Look: s.leftovers},
	)
}

func (s *Surroundings) pipe(context.Context) []Line {
	return ok("%s, language %s, %s/%s", s.Version, s.Language, runtime.GOOS, runtime.GOARCH)
}

func (s *Surroundings) repository(context.Context) []Line {
	switch {
	case s.Files == 0:
		return ok("%s: no .pipe file, so nothing is needed", s.Root)
	case len(s.Broken) > 0:
		return warns("run pipe check", "%s: %d of %d .pipe files have errors, so what they need is known in part", s.Root, len(s.Broken), s.Files)
	}
	return ok("%s: %d .pipe files", s.Root, s.Files)
}

// getenv is the last value of a variable, as the system takes it.
func (s *Surroundings) getenv(name string) string {
	for _, kv := range slices.Backward(s.Environ) {
		if v, is := strings.CutPrefix(kv, name+"="); is {
			return v
		}
	}
	return ""
}

// output runs a program of this machine and gives the first line that it writes.
func (s *Surroundings) output(ctx context.Context, argv ...string) (string, error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = s.Environ
	cmd.WaitDelay = waitDelay
	out, err := cmd.Output()
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	if err != nil {
		return line, fmt.Errorf("%s: %w", argv[0], err)
	}
	return line, nil
}
