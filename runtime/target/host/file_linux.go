package host

import (
	"io/fs"
	"os"
	"strconv"
	"syscall"
)

// fdPath is a path that leads to an open file, whatever namespace its own path belongs to.
func fdPath(f *os.File) string {
	return "/proc/self/fd/" + strconv.FormatUint(uint64(f.Fd()), 10)
}

// changed is when a file's entry, permissions included, was last changed, in nanoseconds.
func changed(info fs.FileInfo) int64 {
	stat := info.Sys().(*syscall.Stat_t)
	return stat.Ctim.Nano()
}

// inode is a file's number.
func inode(info fs.FileInfo) uint64 { return info.Sys().(*syscall.Stat_t).Ino }
