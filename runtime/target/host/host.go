// Package host runs ops as processes of this machine. Every attempt gets a workspace of its
// own, a bounded environment and a process group that is gone when the attempt ends. It
// knows nothing of pipelines, guards and retries, nothing of what an attempt's output means,
// and nothing of where content by digest is stored.
package host

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/pipelang/pipe/runtime/target"
	"github.com/pipelang/pipe/runtime/target/host/supervisor"
)

// Target is this machine. The zero value is ready.
type Target struct{}

var _ target.Target = Target{}

// New gives this machine as a target.
func New() Target { return Target{} }

// Open prepares for one run and removes what killed runs left beside its state folder.
// Workspaces are prepared by the first attempt that needs one.
func (Target) Open(ctx context.Context, run target.Run) (target.Session, error) {
	root, err := realDir(run.Root)
	if err != nil {
		return nil, fmt.Errorf("repository: %w", err)
	}
	kind, err := forcedKind(environ(run))
	if err != nil {
		return nil, err
	}
	supervisor.RefuseTerminal()
	supervisor.KeepDescriptors()
	run.Root = root
	found, err := supervisor.Find(ctx, run.State)
	if err != nil {
		return nil, err
	}
	if found != nil {
		sweepStale(hostFolders, run.State, func(path string) bool { return path == found.Folder }, nil)
		return goOn(run, found, kind), nil
	}
	if err := supervisor.EndLost(run.State); err != nil {
		return nil, err
	}
	sweepStale(hostFolders, run.State, func(string) bool { return false }, nil)
	folder, err := newFolder(hostFolders, root, run.State, run.State, os.TempDir())
	if err != nil {
		return nil, fmt.Errorf("state of the run: %w", err)
	}
	return newSession(run, folder, kind), nil
}

// goOn is the session of a run whose earlier pipe was killed, and whose supervisor was not.
func goOn(run target.Run, c *supervisor.Client, kind workspaceKind) *session {
	s := newSession(run, &folder{path: c.Folder, turn: c.Turn, state: run.State}, kind)
	s.start = func() (*supervisor.Client, error) { return c, nil }
	s.client.Store(c)
	if s.kill.Done() != nil {
		context.AfterFunc(s.kill, c.Kill)
	}
	return s
}

func environ(run target.Run) []string {
	if run.Environ != nil {
		return run.Environ
	}
	return os.Environ()
}

// realDir resolves links: a workspace is mounted at the path that the kernel would report.
func realDir(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(path)
}

func forcedKind(env []string) (workspaceKind, error) {
	name := lookup(env, "PIPE_WORKSPACE")
	kinds := []workspaceKind{"", overlay, reflink, plainCopy}
	if !slices.Contains(kinds, workspaceKind(name)) {
		return "", fmt.Errorf("PIPE_WORKSPACE is %q, expected overlay, reflink or copy", name)
	}
	return workspaceKind(name), nil
}
