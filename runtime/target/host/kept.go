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
)

// Kept copies what the job's keep names into the step's folder, which then holds nothing
// else, and gives the absolute paths, in order. A glob of folders keeps what is in them.
func (a *attempt) Kept(ctx context.Context) ([]string, error) {
	found, err := a.toKeep()
	if err != nil {
		return nil, fmt.Errorf("keep: %w", err)
	}
	folder := a.session.keepFolder(a.job.Step)
	if err := removeAll(folder); err != nil {
		return nil, fmt.Errorf("keep: %w", err)
	}
	var out []string
	for _, p := range found {
		to := filepath.Join(folder, keptPath(p))
		if err := errors.Join(ctx.Err(), a.keep(p, to)); err != nil {
			return nil, fmt.Errorf("keep %q: %w", p, err)
		}
		out = append(out, to)
	}
	return out, nil
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

func (a *attempt) keep(p, to string) error {
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
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Chmod(info.Mode()&fs.ModePerm|0o200), out.Close())
}
