package store

import (
	"io/fs"
	"syscall"
)

// identity is a file's number and when its entry last changed, in nanoseconds.
func identity(info fs.FileInfo) (inode, changed int64) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0
	}
	return int64(st.Ino), st.Ctim.Nano()
}

// stampAt is the stamp of the file at path, and whether there is one.
func stampAt(path string) (stamp, bool) {
	var st syscall.Stat_t
	_, err := again(func() (int, error) { return 0, syscall.Stat(path, &st) })
	return stamp{st.Size, int64(st.Ino), st.Mtim.Nano(), st.Ctim.Nano()}, err == nil
}
