package host

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// copyEntry copies a file, a link or an empty folder, with permissions, owner and time of
// change, which build tools go by. Whatever else a path may be, a socket or a device, is left out.
func copyEntry(from, to string, info fs.FileInfo) error {
	switch info.Mode().Type() {
	case fs.ModeDir:
		// Its permissions come by finishFolder, when it is filled.
		return os.Mkdir(to, 0o700)
	case fs.ModeSymlink:
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		return errors.Join(os.Symlink(target, to), keepOwner(to, info))
	case 0:
		return copyFile(from, to, info)
	}
	return nil
}

func copyFile(from, to string, info fs.FileInfo) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	// The kernel shares blocks here where the file system can.
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close(), keepOwner(to, info), os.Chmod(to, info.Mode().Perm()), keepTime(to, info))
}

// finishFolder gives a filled folder the looks of the one that it is a copy of.
func finishFolder(to string, info fs.FileInfo) error {
	return errors.Join(keepOwner(to, info), os.Chmod(to, info.Mode().Perm()), keepTime(to, info))
}

// keepOwner only root can do, and only root needs it.
func keepOwner(to string, info fs.FileInfo) error {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || os.Geteuid() != 0 || stat.Uid == 0 && stat.Gid == 0 {
		return nil
	}
	return os.Lchown(to, int(stat.Uid), int(stat.Gid))
}

func keepTime(to string, info fs.FileInfo) error {
	at := unix.NsecToTimespec(info.ModTime().UnixNano())
	return unix.UtimesNanoAt(unix.AT_FDCWD, to, []unix.Timespec{at, at}, unix.AT_SYMLINK_NOFOLLOW)
}
