package load

import (
	"io/fs"
	"syscall"
)

// stamp tells a file or folder that was read from one that has changed since, and from another in its place.
type stamp struct {
	device, inode     uint64
	size              int64
	modified, changed int64 // nanoseconds
}

// stampOf is the stamp of what was asked for, and whether there is one.
func stampOf(info fs.FileInfo) (stamp, bool) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return stamp{}, false
	}
	return stamp{uint64(st.Dev), st.Ino, st.Size, st.Mtim.Nano(), st.Ctim.Nano()}, true
}
