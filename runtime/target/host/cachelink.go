package host

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// rootOf gives the folder to open a path of the workspace in, and the path in it: the
// workspace, or the cache folder that the path leads into where that is a link. done lets go of it.
func (a *attempt) rootOf(at string) (root *os.Root, rest string, done func(), err error) {
	root, err = a.workspace.openAt(at)
	if err != nil {
		return nil, "", nil, err
	}
	source, rest, linked := a.linkedCache(root, at)
	if !linked {
		return root, at, func() {}, nil
	}
	cache, err := os.OpenRoot(source)
	if err != nil {
		return nil, "", nil, errors.Join(errCacheGone, plainError(err))
	}
	return cache, rest, func() { cache.Close() }, nil
}

var errCacheGone = errors.New("the cache folder cannot be opened")

// linkedCache finds the cache folder that a path leads into, and the rest of the path. Where
// caches are mounted, or the script put something else in the link's place, there is none.
func (a *attempt) linkedCache(root *os.Root, at string) (source, rest string, ok bool) {
	if a.workspace.binds {
		return "", "", false
	}
	for _, m := range a.job.Mounts {
		mount, err := localPath("", m.Path)
		below, inside := strings.CutPrefix(at+"/", mount+"/")
		if m.Cache == "" || err != nil || !inside {
			continue
		}
		source := filepath.Join(a.session.run.Cache, filepath.Clean(m.Cache))
		if a.workspace.external {
			return source, filepath.Join(".", below), true
		}
		if link, err := root.Readlink(mount); err == nil && link == source {
			return source, filepath.Join(".", below), true
		}
	}
	return "", "", false
}
