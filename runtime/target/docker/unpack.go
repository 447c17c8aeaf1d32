package docker

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"
)

// unpack writes an archive of one folder below root, as files of this user. No entry leads out
// of root. Devices and sockets are left out, as they are nowhere taken for a result.
func unpack(in *tar.Reader, root *os.Root) error {
	folders := map[string]*tar.Header{}
	for {
		head, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("fetch the workspace from the engine: %w", err)
		}
		name := belowFirst(head.Name)
		if name == "." {
			continue
		}
		if err := unpackEntry(in, root, name, head); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if head.Typeflag == tar.TypeDir {
			folders[name] = head
		}
	}
	for name, head := range folders {
		if err := root.Chtimes(name, time.Time{}, head.ModTime); err != nil {
			return err
		}
	}
	return nil
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
		// Whatever a step made of a folder, this user reads it and removes it.
		return root.MkdirAll(name, mode|0o700)
	case tar.TypeSymlink:
		return root.Symlink(head.Linkname, name)
	case tar.TypeLink:
		return root.Link(belowFirst(head.Linkname), name)
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
