package docker

import (
	"io/fs"
	"syscall"
	"time"
)

// changed is when a file or its owner was changed last.
func changed(info fs.FileInfo) time.Time {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return time.Unix(stat.Ctim.Unix())
	}
	return info.ModTime()
}
