package load

import (
	"io/fs"
	"time"
)

// kept is a file or folder as it was when it had a stamp.
type kept struct {
	stamp stamp
	text  string   // of a file
	names []string // of the .pipe files in a folder
	used  int      // by which load
}

// rest is for how long a file must not have been touched when it is read, for its stamp to tell whether it was
// touched again: file systems have coarse clocks, by which two changes may be at the same instant.
const rest = 2 * time.Second

// again gives what a cache keeps of a path, if what stands there now is the same.
func (d *disk) again(path string, info fs.FileInfo, shared bool) (kept, bool) {
	st, ok := stampOf(info)
	if !ok || !d.cache.keeps(shared) {
		return kept{}, false
	}
	return d.cache.again(path, st)
}

// keep keeps what was read of a path after it was asked for, unless that may change and keep its stamp.
func (d *disk) keep(path string, info fs.FileInfo, shared bool, k kept) {
	st, ok := stampOf(info)
	timed := info.Mode().IsRegular() || info.IsDir()
	if !ok || !timed || !d.cache.keeps(shared) || max(st.modified, st.changed) > d.began.Add(-rest).UnixNano() {
		return
	}
	k.stamp = st
	d.cache.keep(path, k)
}

// again is what was kept of a path, if it had this stamp.
func (c *Cache) again(path string, st stamp) (kept, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k, ok := c.kept[path]
	if !ok || k.stamp != st {
		return kept{}, false
	}
	if k.used != c.load {
		k.used = c.load
		c.kept[path] = k
	}
	return k, true
}

func (c *Cache) keep(path string, k kept) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept == nil {
		c.kept = map[string]kept{}
	}
	k.used = c.load
	c.kept[path] = k
}
