package docker

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"time"
)

// unpack writes an archive of what is at a path of the workspace at the same path of root, as files of this user, and
// reports whether no link in it leads to another part of the workspace. No entry leads out of root. Devices and sockets
// are left out, as they are nowhere taken for a result.
func unpack(in *tar.Reader, root *os.Root, at string) (closed bool, err error) {
	closed = true
	folders, leftOut := map[string]*tar.Header{}, map[string]bool{}
	for {
		head, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return false, fmt.Errorf("fetch the workspace from the engine: %w", err)
		}
		name := path.Join(at, belowFirst(head.Name))
		if name == "." {
			continue
		}
		switch head.Typeflag {
		case tar.TypeDir:
			folders[name] = head
		case tar.TypeLink:
			if head.Linkname = path.Join(at, belowFirst(head.Linkname)); leftOut[head.Linkname] {
				continue
			}
		case tar.TypeSymlink:
			closed = closed && !leadsAway(at, name, head.Linkname)
		case tar.TypeChar, tar.TypeBlock:
			leftOut[name] = true
			continue
		}
		if err := unpackEntry(in, root, name, head); err != nil {
			return false, fmt.Errorf("%s: %w", name, err)
		}
	}
	for _, name := range slices.Backward(slices.Sorted(maps.Keys(folders))) { // what lies in one before it is shut
		head := folders[name]
		if err := errors.Join(root.Chtimes(name, time.Time{}, head.ModTime), root.Chmod(name, fs.FileMode(head.Mode).Perm())); err != nil {
			return false, err
		}
	}
	return closed, nil
}

// leadsAway says that a link leads to a part of the workspace that is not below a path.
func leadsAway(at, name, to string) bool {
	if at == "." || path.IsAbs(to) { // which leads out, wherever it ends
		return false
	}
	to = path.Join(path.Dir(name), to)
	return to != ".." && !strings.HasPrefix(to, "../") && to != at && !strings.HasPrefix(to, at+"/")
}

// belowFirst is a path without the name of the folder that was asked for.
func belowFirst(name string) string {
	_, below, _ := strings.Cut(path.Clean(name), "/")
	return path.Clean("./" + below)
}

func unpackEntry(in io.Reader, root *os.Root, name string, head *tar.Header) error {
	mode := fs.FileMode(head.Mode).Perm()
	switch head.Typeflag {
	case tar.TypeDir:
		return root.MkdirAll(name, mode|0o700) // until all that lies in it is there
	case tar.TypeSymlink:
		return root.Symlink(head.Linkname, name)
	case tar.TypeLink:
		return root.Link(head.Linkname, name)
	case tar.TypeFifo:
		return makePipe(root, name, mode)
	case tar.TypeReg:
	default:
		return nil
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, in)
	return errors.Join(err, f.Chmod(mode), f.Close(), root.Chtimes(name, time.Time{}, head.ModTime))
}

// clearAt removes what is at a path of root, whatever a step made of its folders.
func clearAt(root *os.Root, name string) error {
	err := fs.WalkDir(root.FS(), name, func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			err = root.Chmod(p, 0o700)
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return root.RemoveAll(name)
}
