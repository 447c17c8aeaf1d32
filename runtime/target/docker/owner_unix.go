//go:build unix

package docker

import (
	"io/fs"
	"os"
	"syscall"
)

// ownerOfFile gives the numbers of a file's user and group.
func ownerOfFile(info fs.FileInfo) (uid, gid int) {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(stat.Uid), int(stat.Gid)
	}
	return os.Getuid(), os.Getgid()
}
