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
