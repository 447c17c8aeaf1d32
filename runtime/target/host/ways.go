package host

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pipelang/pipe/runtime/target"
)

// Ways is how this machine makes workspaces of a repository.
type Ways struct {
	// Kind is overlay, reflink or copy, as in PIPE_WORKSPACE.
	Kind string
	// Namespace says that overlays are made in a user namespace, since pipe may not mount.
	Namespace bool
	// Why says why it is no overlay, "" where it is one or was not asked for.
	Why string
}

// FindWays tries them out, as the first attempt of a run does, and leaves nothing behind.
// The run needs a root, a state folder and an environment.
func FindWays(run target.Run) (w Ways, err error) {
	root, err := realDir(run.Root)
	if err != nil {
		return w, fmt.Errorf("repository: %w", err)
	}
	forced, err := forcedKind(environ(run))
	if err != nil {
		return w, err
	}
	f, err := newFolder(hostFolders, root, run.State, run.State)
	if err != nil {
		return w, err
	}
	run.Root = root
	opened := newSession(run, f, forced)
	defer func() { err = errors.Join(err, opened.Close()) }()
	shop := opened.workshop
	if err := shop.choose(); err != nil {
		return w, err
	}
	w.Kind = string(shop.kind)
	switch {
	case shop.kind == overlay:
		w.Namespace = shop.isolation.user
	case forced == "":
		if err := shop.probeOverlay(); err != nil {
			w.Why = strings.ReplaceAll(err.Error(), "\n", "; ")
		}
	}
	return w, nil
}
