package docker

import (
	"archive/tar"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
)

// fetched is what was got of a container's workspace, which may be far away.
type fetched struct {
	into string
	have []string // paths with all that is below them
}

func (f fetched) has(below string) bool {
	for _, p := range f.have {
		if p == "." || p == below || strings.HasPrefix(below, p+"/") {
			return true
		}
	}
	return false
}

// fetch gets what a container left of its workspace at a path, and below it, when it is asked for.
func (a *attempt) fetch(below string) (string, error) {
	f := &a.fetched
	if f.into == "" {
		f.into = filepath.Join(a.Beside(), "result")
		if err := os.Mkdir(f.into, 0o700); err != nil {
			return "", err
		}
	}
	if f.has(below) {
		return f.into, nil
	}
	ctx, done := a.session.alive(context.Background())
	defer done()
	enough, err := a.fetchBelow(ctx, below)
	if err == nil && !enough {
		below, err = ".", a.fetchAll(ctx)
	}
	if err != nil {
		return "", a.session.wrap(ctx, err)
	}
	f.have = append(f.have, below)
	return f.into, nil
}

// fetchAll gets the whole workspace.
func (a *attempt) fetchAll(ctx context.Context) error {
	root, err := os.OpenRoot(a.fetched.into)
	if err != nil {
		return err
	}
	defer root.Close()
	there, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return err
	}
	for _, e := range there {
		if err := clearAt(root, e.Name()); err != nil {
			return err
		}
	}
	_, err = a.receive(ctx, ".", root)
	return err
}

// fetchBelow gets one path, and reports whether that is enough to read it. It is not where a link leads to it, or
// away from it to another part of the workspace.
func (a *attempt) fetchBelow(ctx context.Context, below string) (bool, error) {
	if below == "." {
		return false, nil
	}
	at, found := "", container.PathStat{}
	for part := range strings.SplitSeq(below, "/") {
		var err error
		at = path.Join(at, part)
		found, err = a.session.engine.api.ContainerStatPath(ctx, a.id, path.Join(workspaceAt, at))
		switch {
		case errdefs.IsNotFound(err):
			return true, nil // it is not there, and who reads it says so
		case err != nil:
			return false, err
		case found.Mode&fs.ModeSymlink != 0, at != below && !found.Mode.IsDir():
			return false, nil
		}
	}
	root, err := os.OpenRoot(a.fetched.into)
	if err != nil {
		return false, err
	}
	defer root.Close()
	if err := clearAt(root, below); err != nil { // a part of it
		return false, err
	}
	return a.receive(ctx, below, root)
}

// receive unpacks what is at a path of the workspace at the same path of a folder of this machine, and reports
// whether all links in it stay in it, or lead out of the workspace.
func (a *attempt) receive(ctx context.Context, below string, root *os.Root) (bool, error) {
	body, _, err := a.session.engine.api.CopyFromContainer(ctx, a.id, path.Join(workspaceAt, below))
	if err != nil {
		return false, fmt.Errorf("fetch the workspace from the engine: %w", err)
	}
	defer body.Close()
	if err := root.MkdirAll(path.Dir(below), 0o700); err != nil {
		return false, err
	}
	return unpack(tar.NewReader(body), root, below)
}
