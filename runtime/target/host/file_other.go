//go:build !linux

package host

import (
	"io/fs"
	"os"
)

// fdPath is a path that leads to an open file: every file has one of its own here.
func fdPath(f *os.File) string { return f.Name() }

// changed is when a file was last changed, in nanoseconds.
func changed(info fs.FileInfo) int64 { return info.ModTime().UnixNano() }

// inode is a file's number, which this system has no use for.
func inode(fs.FileInfo) uint64 { return 0 }
