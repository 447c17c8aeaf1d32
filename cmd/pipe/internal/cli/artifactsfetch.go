package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/pipelang/pipe/cmd/pipe/internal/summary"
	"github.com/pipelang/pipe/cmd/pipe/internal/ui"
	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/secret"
	"github.com/pipelang/pipe/runtime/store"
)

// fetching is where artifacts go and how.
type fetching struct {
	store     *store.Store
	to, shown string // absolute, and as the person wrote it
	force     bool
	// flat leaves out the folders of the step where only one artifact is fetched.
	flat bool
}

// secretArtifacts are those in results that are sealed. Without the identity that sealed them
// there are none to be found.
func secretArtifacts(run *summary.Run, sealer *secret.Sealer) artifacts {
	var out artifacts
	for i := range run.Steps {
		s := &run.Steps[i]
		if s.Whole || s.Sealed == nil {
			continue
		}
		plain, err := sealer.Open(s.Sealed)
		if err != nil {
			continue
		}
		known := map[string]bool{}
		for _, f := range artifactsIn(s.Result) {
			known[f.Digest] = true
		}
		var own artifacts
		for _, f := range artifactsIn(plain) {
			if !known[f.Digest] {
				f.Step, f.Secret = s.Path, true
				own = append(own, f)
			}
		}
		out = append(out, named(own)...)
	}
	return out
}

// fetchArtifacts writes artifacts into a folder. Everything is checked before anything is written.
func (a *app) fetchArtifacts(ctx context.Context, g fetching, list artifacts) error {
	g.flat = g.flat && len(list) == 1
	if err := os.MkdirAll(g.to, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(g.to)
	if err != nil {
		return err
	}
	defer root.Close()
	var todo artifacts
	var taken []string
	for _, f := range list {
		if f.Kind == "image" {
			fmt.Fprintf(a.Err, "pipe: %s is an image, which is not in the store: %s@%s\n", ui.Line(f.full()), ui.Line(f.Image), ui.Line(f.Digest))
			continue
		}
		if _, err := root.Lstat(g.target(f)); !errors.Is(err, fs.ErrNotExist) && !g.force {
			taken = append(taken, filepath.Join(g.shown, g.target(f)))
		}
		todo = append(todo, f)
	}
	if taken != nil {
		return fmt.Errorf("%s is there already, and nothing was written: --force writes over it", firstOf(taken))
	}
	for _, f := range todo {
		if err := g.fetch(ctx, root, f); err != nil {
			return fmt.Errorf("fetch %s: %w", f.full(), err)
		}
		note := ""
		if f.Secret {
			note = ", which is secret: it lies there in the plain"
		}
		fmt.Fprintf(a.Out, "%s, %s%s\n", ui.Line(filepath.Join(g.shown, g.target(f))), f.sizeText(), note)
	}
	return nil
}

func firstOf(paths []string) string {
	if len(paths) == 1 {
		return paths[0]
	}
	return fmt.Sprintf("%s (and %d more)", paths[0], len(paths)-1)
}

// target is where an artifact goes below the folder.
func (g fetching) target(f artifact) string {
	if g.flat {
		return filepath.Base(filepath.FromSlash(f.Path))
	}
	var parts []string
	for part := range strings.SplitSeq(f.Step, "/") {
		parts = append(parts, segment(part))
	}
	return filepath.Join(append(parts, filepath.FromSlash(f.Path))...)
}

// fetch writes one artifact beside its place and moves it there, so that it is whole or not at
// all. All names are below the folder, whatever links lie in it.
func (g fetching) fetch(ctx context.Context, root *os.Root, f artifact) error {
	staging, err := os.MkdirTemp(g.to, ".pipe-fetch-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(staging)
	if err := g.write(ctx, f, filepath.Join(staging, "new")); err != nil {
		if errors.Is(err, store.ErrMissing) {
			return fmt.Errorf("its content was removed from the store, as by `pipe store prune`: %w", err)
		}
		return err
	}
	target := g.target(f)
	if err := root.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	if g.force {
		if err := root.RemoveAll(target); err != nil {
			return err
		}
	}
	return root.Rename(filepath.Join(filepath.Base(staging), "new"), target)
}

func (g fetching) write(ctx context.Context, f artifact, to string) error {
	switch f.Kind {
	case "dir":
		return g.store.GetDir(ctx, value.Dir{Digest: f.Digest, Size: f.Size, Files: f.Files}, to)
	case "kept":
		return copyKept(f, to)
	}
	return g.store.GetFile(ctx, value.File{Digest: f.Digest, Size: f.Size, Mode: f.mode}, to)
}

func copyKept(f artifact, to string) error {
	from, err := os.Open(f.source)
	if err != nil {
		return err
	}
	defer from.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fs.FileMode(f.mode))
	if err != nil {
		return err
	}
	_, err = io.Copy(out, from)
	return errors.Join(err, out.Close())
}
