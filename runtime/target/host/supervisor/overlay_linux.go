package supervisor

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// isolate gives the calling thread a mount namespace of its own, from which no mount
// reaches any other.
func isolate() error {
	if err := unix.Unshare(unix.CLONE_FS | unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("mount namespace: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("private mounts: %w", err)
	}
	return nil
}

// mount shows a view to the calling thread, which must be isolated, and opens it.
func (v View) mount() (*os.File, error) {
	var held handles
	defer held.close()
	// Sources are opened before the mount that may hide them.
	sources := make([]string, len(v.Binds))
	for i, b := range v.Binds {
		sources[i] = held.open(b.Source)
	}
	options := v.options(&held)
	if held.err != nil {
		return nil, held.err
	}
	if err := unix.Mount("overlay", v.At, "overlay", 0, options); err != nil {
		return nil, fmt.Errorf("mount overlay at %s: %w", v.At, err)
	}
	root, err := os.OpenRoot(v.At)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	for i, b := range v.Binds {
		if err := bindFolder(root, sources[i], b.Path); err != nil {
			return nil, err
		}
	}
	return root.Open(".")
}

// options names layers by descriptor: paths may hold the characters that separate options,
// and all options together must fit a page.
func (v View) options(held *handles) string {
	lower := make([]string, len(v.Lower))
	for i, dir := range v.Lower {
		lower[i] = held.open(dir)
	}
	return "lowerdir=" + strings.Join(lower, ":") + ",upperdir=" + held.open(v.Upper) +
		",workdir=" + held.open(v.Work) + v.Options
}

// bindFolder mounts source at a path below root. The path is resolved by root, so that a
// link in the repository cannot lead the mount elsewhere.
func bindFolder(root *os.Root, source, path string) error {
	if err := root.MkdirAll(path, 0o755); err != nil {
		return fmt.Errorf("mount %q: %w", path, err)
	}
	dir, err := root.Open(path)
	if err != nil {
		return fmt.Errorf("mount %q: %w", path, err)
	}
	defer dir.Close()
	if err := unix.Mount(source, fdPath(dir), "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("mount %q: %w", path, err)
	}
	return nil
}

// handles are descriptors that are held for the time of one call.
type handles struct {
	files []*os.File
	err   error
}

// open gives a path that leads to dir whatever is mounted over it later.
func (h *handles) open(dir string) string {
	f, err := os.OpenFile(dir, unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		h.err = errors.Join(h.err, err)
		return ""
	}
	h.files = append(h.files, f)
	return fdPath(f)
}

func (h *handles) close() {
	for _, f := range h.files {
		f.Close()
	}
}

// fdPath is a path that leads to an open file, whatever namespace its own path belongs to.
func fdPath(f *os.File) string {
	return "/proc/self/fd/" + strconv.FormatUint(uint64(f.Fd()), 10)
}
