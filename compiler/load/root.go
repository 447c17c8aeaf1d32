package load

import (
	"path/filepath"
	"strings"
)

// Root finds the repository's root for a path: the nearest ancestor with pipe.toml or .git,
// else the path's own folder. The path need not exist; the error is for a relative path
// without a working directory.
func Root(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return newDisk(nil).root(abs), nil
}

func (d *disk) root(abs string) string {
	own := d.folderOf(abs)
	for dir := own; ; dir = filepath.Dir(dir) {
		if d.exists(filepath.Join(dir, "pipe.toml")) || d.exists(filepath.Join(dir, ".git")) {
			return dir
		}
		if dir == filepath.Dir(dir) {
			return own
		}
	}
}

// folderOf is a path itself when it is a folder, else the folder that holds it.
func (d *disk) folderOf(abs string) string {
	info, err := d.stat(abs)
	if err == nil && info.IsDir() || err != nil && !strings.HasSuffix(abs, ".pipe") {
		return abs
	}
	return filepath.Dir(abs)
}

func (d *disk) exists(path string) bool {
	_, err := d.lstat(path)
	return err == nil
}

// resolve follows symbolic links; a path that cannot be resolved stays as it is.
func resolve(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}
