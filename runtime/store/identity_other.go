//go:build !linux

package store

import "io/fs"

// identity is nothing that this system tells: size and time of change are what is left.
func identity(fs.FileInfo) (inode, changed int64) { return 0, 0 }

// stampAt is none: without a file's number a stamp does not tell it from one in its place.
func stampAt(string) (stamp, bool) { return stamp{}, false }
