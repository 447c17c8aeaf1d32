package docker

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// foreign are the topmost files of other users below a folder: slash-separated, relative to it, and sorted.
type foreign []string

// foreigners finds what below a folder belongs to others than uid, and was changed at since or later: folders, and
// unless those are all that is asked for, files and links. What lies in a folder that this user may not look into is
// not looked at.
func foreigners(folder string, uid int, since time.Time, onlyFolders bool) (foreign, error) {
	var out foreign
	err := filepath.WalkDir(folder, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return passOver(err)
		}
		if onlyFolders && !d.IsDir() || !givable(d) {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return passOver(err)
		}
		if owner, _ := ownerOfFile(info); owner == uid || changed(info).Before(since) {
			return nil
		}
		rel, err := filepath.Rel(folder, p)
		if err != nil {
			return err
		}
		if out = append(out, filepath.ToSlash(rel)); d.IsDir() {
			return fs.SkipDir
		}
		return nil
	})
	slices.Sort(out)
	return out, err
}

// givable are folders, files and links. A device must not become this user's.
func givable(d fs.DirEntry) bool {
	return d.IsDir() || d.Type().IsRegular() || d.Type() == fs.ModeSymlink
}

// passOver is no error about what is gone by now, or shut.
func passOver(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return nil
	}
	return err
}

// holds says that a path is one of them, or below one.
func (f foreign) holds(name string) bool {
	for ; name != "."; name = path.Dir(name) {
		if _, found := slices.BinarySearch(f, name); found {
			return true
		}
	}
	_, whole := slices.BinarySearch(f, ".")
	return whole
}

// maxArchives bounds how many archives are asked for instead of one of the whole folder.
const maxArchives = 32

// archives are the paths whose archives have all of them in.
func (f foreign) archives() []string {
	var out []string
	for _, name := range f {
		top, _, _ := strings.Cut(name, "/")
		out = append(out, top)
	}
	slices.Sort(out) // "a-b" comes before "a/b"
	if out = slices.Compact(out); len(out) > maxArchives || slices.Contains(out, ".") {
		return []string{"."}
	}
	return out
}

// own gives them to a user, as root may.
func (f foreign) own(folder string, uid, gid int) error {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, top := range f {
		err = errors.Join(err, fs.WalkDir(root.FS(), top, func(name string, d fs.DirEntry, err error) error {
			if err == nil && givable(d) {
				err = root.Lchown(name, uid, gid)
			}
			return passOver(err) // others may be at work in it
		}))
	}
	return err
}
