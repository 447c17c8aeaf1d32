package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/pipelang/pipe/runtime/target"
)

// Kept copies what the job's keep names into the step's folder, which then holds nothing
// else, and gives the absolute paths, in order. A glob of folders keeps what is in them. Where
// find finds something in one of the files or names, none is kept.
func (a *attempt) Kept(ctx context.Context, find func() target.Finder) ([]string, error) {
	found, err := a.toKeep()
	if err != nil {
		return nil, fmt.Errorf("keep: %w", err)
	}
	folder, fresh := a.session.keepFolder(a.job.Step), a.session.keepFolder(".new-"+a.job.Step)
	if err := errors.Join(removeAll(folder), removeAll(fresh)); err != nil {
		return nil, fmt.Errorf("keep: %w", err)
	}
	var out []string
	for _, p := range found {
		if err := errors.Join(ctx.Err(), a.keep(p, filepath.Join(fresh, keptPath(p)), find)); err != nil {
			return nil, errors.Join(fmt.Errorf("keep %q: %w", p, err), removeAll(fresh))
		}
		out = append(out, filepath.Join(folder, keptPath(p)))
	}
	if len(out) > 0 {
		err = os.Rename(fresh, folder)
	}
	return out, err
}

// keptPath is where a file goes below the step's folder; one from above the working folder
// goes as if the workspace began there.
func keptPath(p string) string { return filepath.FromSlash(path.Clean("/" + p)) }

func (a *attempt) toKeep() ([]string, error) {
	var out []string
	for _, pattern := range a.job.Keep {
		files, err := a.glob(pattern)
		if err != nil {
			return nil, err
		}
		below, err := a.glob(path.Join(pattern, "**"))
		if err != nil {
			return nil, err
		}
		out = append(append(out, files...), below...)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// keep searches a file while it copies it: what is searched is what is kept.
func (a *attempt) keep(p, to string, find func() target.Finder) error {
	search := noFinder
	if find != nil {
		search = find
	}
	name := search()
	io.WriteString(name, p)
	if _, leaks := name.Found(); leaks {
		return &target.LeakError{Path: p}
	}
	in, err := a.openFile(p)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	content := search()
	if find == nil {
		_, err = io.Copy(out, in) // the kernel shares blocks where it can
	} else {
		_, err = io.Copy(out, io.TeeReader(in, content))
	}
	if line, leaks := content.Found(); leaks {
		err = errors.Join(err, &target.LeakError{Path: p, Line: line})
	}
	return errors.Join(err, out.Chmod(info.Mode()&fs.ModePerm|0o200), out.Close())
}

// nothing is a Finder that finds nothing.
type nothing struct{ io.Writer }

func (nothing) Found() (int, bool) { return 0, false }

func noFinder() target.Finder { return nothing{io.Discard} }
