package docker

import (
	"io/fs"
	"os"
	"path"

	"golang.org/x/sys/unix"
)

// makePipe makes a named pipe, so that who reads it as a file is told what it is.
func makePipe(root *os.Root, name string, mode fs.FileMode) error {
	dir, err := root.Open(path.Dir(name))
	if err != nil {
		return err
	}
	defer dir.Close()
	return unix.Mkfifoat(int(dir.Fd()), path.Base(name), uint32(mode))
}
