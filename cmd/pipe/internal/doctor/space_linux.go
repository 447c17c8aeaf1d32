package doctor

import "golang.org/x/sys/unix"

// Space is what is free on a folder's disk for this user, and the kind of network file system
// that it is, "" for a local one.
func Space(dir string) (free int64, network string, known bool) {
	var s unix.Statfs_t
	if unix.Statfs(dir, &s) != nil {
		return 0, "", false
	}
	switch s.Type {
	case unix.NFS_SUPER_MAGIC:
		network = "NFS"
	case unix.SMB_SUPER_MAGIC, unix.CIFS_SUPER_MAGIC, unix.SMB2_SUPER_MAGIC:
		network = "SMB"
	}
	return int64(s.Bavail) * int64(s.Bsize), network, true
}
