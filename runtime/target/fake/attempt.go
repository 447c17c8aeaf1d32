package fake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/pipelang/pipe/lang/value"
	"github.com/pipelang/pipe/runtime/target"
)

// attempt answers from the act. Digests are those of the real content, so that a test can
// compute them; what an intake takes in is stored.
type attempt struct {
	act  Act
	exit target.Exit
}

func (a *attempt) Exit() target.Exit { return a.exit }
func (a *attempt) Stdout() string    { return strings.TrimRight(a.act.Stdout, "\n") }
func (a *attempt) Stderr() string    { return strings.TrimRight(a.act.Stderr, "\n") }
func (a *attempt) Truncated() bool   { return false }
func (a *attempt) Close() error      { return nil }

func (a *attempt) Outputs() (map[string]string, error) { return a.act.Outputs, a.act.OutputsErr }

func (a *attempt) Text(name string) (string, error) {
	text, ok := a.act.Files[name]
	if !ok {
		return "", &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return text, nil
}

func (a *attempt) Steady() bool { return !a.act.Unsteady }

func (a *attempt) File(ctx context.Context, name string, to target.Intake) (value.File, error) {
	text, err := a.Text(name)
	if err != nil {
		return value.File{}, err
	}
	if to != nil {
		return takeIn(ctx, name, text, to)
	}
	return value.File{Name: path.Base(name), Digest: digest(text), Size: int64(len(text)), Mode: 0o644}, nil
}

// takeIn goes by a file of the machine: an intake has no other door.
func takeIn(ctx context.Context, name, text string, to target.Intake) (value.File, error) {
	f, err := os.CreateTemp("", "fake-")
	if err != nil {
		return value.File{}, err
	}
	defer os.Remove(f.Name())
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Chmod(0o644), f.Close()); err != nil {
		return value.File{}, err
	}
	v, err := to.PutFile(ctx, f.Name())
	v.Name = path.Base(name)
	return v, err
}

func (a *attempt) Dir(_ context.Context, name string, _ target.Intake) (value.Dir, error) {
	d := value.Dir{Name: path.Base(name)}
	var manifest strings.Builder
	for _, p := range a.names() {
		if strings.HasPrefix(p, strings.TrimSuffix(name, "/")+"/") {
			d.Files++
			d.Size += int64(len(a.act.Files[p]))
			fmt.Fprintln(&manifest, p, digest(a.act.Files[p]))
		}
	}
	if d.Files == 0 {
		return value.Dir{}, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	d.Digest = digest(manifest.String())
	return d, nil
}

func (a *attempt) Files(ctx context.Context, glob string, to target.Intake) ([]value.File, error) {
	var out []value.File
	for _, p := range a.names() {
		if ok, err := path.Match(glob, p); err != nil {
			return nil, err
		} else if ok {
			f, err := a.File(ctx, p, to)
			if err != nil {
				return nil, err
			}
			out = append(out, f)
		}
	}
	return out, nil
}

// Kept gives every file of the act.
func (a *attempt) Kept(_ context.Context, find func() target.Finder) ([]string, error) {
	for _, p := range a.names() {
		if find == nil {
			break
		}
		f := find()
		_, _ = f.Write([]byte(a.act.Files[p]))
		if line, ok := f.Found(); ok {
			return nil, &target.LeakError{Path: p, Line: line}
		}
	}
	return a.names(), nil
}

func (a *attempt) names() []string {
	var out []string
	for p := range a.act.Files {
		out = append(out, p)
	}
	slices.Sort(out)
	return out
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256:" + hex.EncodeToString(sum[:])
}
