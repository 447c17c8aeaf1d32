// Package targettest gives tests of places a repository, a store and a session over it, and what they say again and
// again. It is for tests alone, and knows no place.
package targettest

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pipelang/pipe/runtime/secret"
	"github.com/pipelang/pipe/runtime/store"
	"github.com/pipelang/pipe/runtime/target"
)

// Bench is a repository with a session over it.
type Bench struct {
	testing.TB
	Root    string
	Run     target.Run
	Session target.Session // nil before Open
	Store   *store.Store
	opens   Opens
}

// Opens opens a place for a run.
type Opens func(ctx context.Context, run target.Run) (target.Session, error)

// Tree is files by path; a path that ends in "/" is a folder, "-> x" a link's content.
type Tree map[string]string

// New makes a git repository of files, for runs of a place. env follows pipe's own environment, NAME=value.
func New(t testing.TB, opens Opens, files Tree, env ...string) *Bench {
	t.Helper()
	base := RealPath(t, t.TempDir())
	b := &Bench{TB: t, opens: opens, Root: filepath.Join(base, "repo")}
	Write(t, b.Root, files)
	Git(t, b.Root, "init", "-q")
	for _, sub := range []string{"state/run1", "cache", "keep"} {
		Must(t, os.MkdirAll(filepath.Join(base, sub), 0o755))
	}
	s, err := store.Open(filepath.Join(base, "store"), secret.NewSealer(func(name string) string {
		if name == secret.IdentityVariable {
			return filepath.Join(base, "identity")
		}
		return ""
	}))
	Must(t, err)
	b.Store = s
	b.Run = target.Run{
		ID:        "run1",
		Root:      b.Root,
		State:     filepath.Join(base, "state/run1"),
		Cache:     filepath.Join(base, "cache"),
		Keep:      filepath.Join(base, "keep"),
		Artifacts: s,
		Environ:   append(os.Environ(), env...),
	}
	return b
}

// Open starts the session; it is closed at the end, and must leave nothing behind.
func (b *Bench) Open() *Bench {
	b.Helper()
	s, err := b.opens(b.Context(), b.Run)
	Must(b, err)
	b.Session = s
	b.Cleanup(func() {
		Must(b, s.Close())
		if left, _ := os.ReadDir(b.Run.State); len(left) > 0 {
			b.Errorf("state folder still holds %v", left)
		}
	})
	return b
}

// Start starts a job, whose attempt is closed at the end.
func (b *Bench) Start(job target.Job) target.Attempt {
	b.Helper()
	a, err := b.Session.Start(b.Context(), job, nil)
	Must(b, err)
	b.Cleanup(func() { Must(b, a.Close()) })
	return a
}

// Sh runs a script, which must succeed, and gives what it wrote to stdout.
func (b *Bench) Sh(job target.Job, script string) string {
	b.Helper()
	a := b.Shell(job, script)
	if e := a.Exit(); e.Code != 0 {
		b.Fatalf("%s: %+v\n%s", script, e, a.Stderr())
	}
	return a.Stdout()
}

// Shell runs a script.
func (b *Bench) Shell(job target.Job, script string) target.Attempt {
	b.Helper()
	job.Scripts = []target.Script{{Interpreter: "sh", Text: script}}
	return b.Start(job)
}

// Whole is a job in all of the repository.
func Whole() target.Job { return target.Job{Step: "step", AllTree: true, Grace: time.Second} }

// Empty is a job in an empty folder.
func Empty() target.Job {
	return target.Job{Step: "step", Inputs: []string{}, Grace: time.Second}
}

// Script is one script of sh.
func Script(text string) []target.Script {
	return []target.Script{{Interpreter: "sh", Text: text}}
}
