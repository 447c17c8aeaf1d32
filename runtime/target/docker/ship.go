package docker

import (
	"archive/tar"
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
)

// ship sends the workspace, and what lies beside it, into the container that was made.
func (a *attempt) ship(ctx context.Context) error {
	tree, err := a.Tree()
	if err != nil {
		return err
	}
	defer a.Rest()
	near, err := os.OpenRoot(a.Beside())
	if err != nil {
		return err
	}
	defer near.Close()
	r, w := io.Pipe()
	go func() {
		whole := bufio.NewWriterSize(w, shipAtOnce)
		p := a.packer(whole)
		err := errors.Join(p.tree(near, strings.TrimPrefix(beside, "/")), p.tree(tree, strings.TrimPrefix(workspaceAt, "/")), p.out.Close(), whole.Flush())
		w.CloseWithError(err)
	}()
	defer r.Close()
	if err := a.session.engine.api.CopyToContainer(ctx, a.id, "/", r, container.CopyToContainerOptions{}); err != nil {
		return fmt.Errorf("send the workspace to the engine: %w", err)
	}
	a.ReadFrom(a.fetch)
	return nil
}

// shipAtOnce is how many bytes go to the engine together: files are small, and their headers smaller.
const shipAtOnce = 256 << 10

// packer writes files as belonging to whom they belong where the engine sees them.
type packer struct {
	out      *tar.Writer
	uid, gid int
}

func (a *attempt) packer(w io.Writer) packer {
	uid, gid := numbers(a.session.user)
	return packer{out: tar.NewWriter(w), uid: uid, gid: gid}
}

// tree writes a folder with all that is in it. What is neither file, folder nor link is left out.
func (p packer) tree(root *os.Root, at string) error {
	return fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		return p.entry(root, name, path.Join(at, name), info)
	})
}

func (p packer) entry(root *os.Root, name, at string, info fs.FileInfo) error {
	link := ""
	switch info.Mode().Type() {
	case fs.ModeSymlink:
		target, err := root.Readlink(name)
		if err != nil {
			return err
		}
		link = target
	case 0, fs.ModeDir:
	default:
		return nil
	}
	head, err := tar.FileInfoHeader(info, link)
	if err != nil {
		return err
	}
	head.Name, head.Uid, head.Gid, head.Uname, head.Gname = at, p.uid, p.gid, "", ""
	head.Format = tar.FormatPAX // times of files are exact
	if info.IsDir() {
		head.Name += "/"
	}
	if err := p.out.WriteHeader(head); err != nil {
		return fmt.Errorf("send %q: %w", at, err) // net/http compares errors, which those of tar cannot bear
	}
	if !info.Mode().IsRegular() {
		return nil
	}
	f, err := root.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	// A file that grows meanwhile is cut where it was looked at.
	_, err = io.CopyN(p.out, f, head.Size)
	return err
}

// Outputs reads $PIPE_OUTPUT, which is fetched first where it was written elsewhere.
func (a *attempt) Outputs() (map[string]string, error) {
	if a.sharing.files == filesShip && !a.outputs {
		a.outputs = true
		ctx, done := a.session.alive(context.Background())
		defer done()
		if err := a.fetchOutputs(ctx); err != nil {
			return nil, fmt.Errorf("$PIPE_OUTPUT: %w", a.session.wrap(ctx, err))
		}
	}
	return a.Workspace.Outputs()
}

func (a *attempt) fetchOutputs(ctx context.Context) error {
	body, _, err := a.session.engine.api.CopyFromContainer(ctx, a.id, beside+"/op.outputs")
	if errdefs.IsNotFound(err) {
		return nil // nothing was written
	}
	if err != nil {
		return err
	}
	defer body.Close()
	root, err := os.OpenRoot(a.Beside())
	if err != nil {
		return err
	}
	defer root.Close()
	in := tar.NewReader(body)
	head, err := in.Next()
	if err != nil || head.Typeflag != tar.TypeReg {
		return errors.Join(err, errors.New("it is no regular file any more"))
	}
	return unpackEntry(in, root, "op.outputs", head)
}
