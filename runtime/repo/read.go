package repo

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode/utf8"
)

// MaxText is the largest file that ReadText reads, in bytes.
const MaxText = 16 << 20

// ReadText reads a file that Files has, by its path from the root. Links are followed within
// the repository. It reads a file once, and the same text is given from then on; when the
// tree's digest is known, a file that has changed since is an error. Content that is not
// UTF-8 is an error too.
func (r *Repo) ReadText(ctx context.Context, name string) (string, error) {
	name, err := clean(name)
	if err != nil {
		return "", err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if text, ok := r.texts[name]; ok {
		return text, nil
	}
	files, err := r.list(ctx)
	if err != nil {
		return "", err
	}
	if _, found := slices.BinarySearch(files, name); !found {
		return "", r.missing(name)
	}
	text, err := r.load(name)
	if err != nil {
		return "", err
	}
	r.texts[name] = text
	return text, nil
}

// clean makes a slash path from the root canonical, and refuses one that leads out.
func clean(name string) (string, error) {
	if strings.ContainsRune(name, 0) {
		return "", fmt.Errorf("path %q holds a zero byte", name)
	}
	out := path.Clean(strings.TrimLeft(name, "/"))
	if name == "" || out == "." || !fs.ValidPath(out) {
		return "", fmt.Errorf("path %q is no file in the repository", name)
	}
	return out, nil
}

func (r *Repo) missing(name string) error {
	info, err := r.dir.Lstat(name)
	switch {
	case err != nil:
		return fmt.Errorf("file %q does not exist", name)
	case info.IsDir():
		return fmt.Errorf("%q is a folder, not a file", name)
	}
	return fmt.Errorf("file %q is ignored by git, and no part of the repository", name)
}

func (r *Repo) load(name string) (string, error) {
	f, err := r.dir.Open(name)
	if err != nil {
		return "", fmt.Errorf("read %q: %w", name, reason(err))
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxText+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("read %q: %w", name, reason(err))
	case len(data) > MaxText:
		return "", fmt.Errorf("file %q is larger than %d MiB", name, MaxText>>20)
	case !utf8.Valid(data):
		return "", fmt.Errorf("file %q is not UTF-8 text", name)
	}
	if r.tree != nil && !r.unchanged(name, data) {
		return "", fmt.Errorf("file %q has changed since the run started, when it is read", name)
	}
	return string(data), nil
}

func (r *Repo) unchanged(name string, data []byte) bool {
	mode, digest, _ := strings.Cut(r.tree.files[name], " ")
	sum := sha256.Sum256(data)
	return mode == "120000" || digest == hex.EncodeToString(sum[:])
}

// reason is what went wrong, without a path that the message has already.
func reason(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

// gone drops the error of a file that was there a moment ago.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
